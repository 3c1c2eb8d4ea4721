//! How the kit speaks to a driver, and what it makes of one that dies or hangs.
//!
//! A driver that dies or hangs in the middle of a play has shown what its subject does: that is the
//! end of the history, and the next play gets a new process.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::format;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::string::{String, ToString};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::listen::{Ear, Fault, Greeting, Heard, cut_by, fault};
use super::word;
use crate::check::Source;
use crate::history::{History, What};
use crate::program::Program;
use crate::subject::Lack;
use crate::world;

/// How long a driver may take to greet, and how much longer than its subject's patience to answer.
const GENEROUS: Duration = Duration::from_secs(20);

/// How long a process takes to end at most that has closed its end of the pipe.
const DYING: Duration = Duration::from_secs(2);

/// The least patience that is left after many hangs.
const HURRIED: Duration = Duration::from_secs(1);

/// A [`Source`] at the other end of a pipe: a process that is started anew when it has died.
pub struct Driver {
    command: RefCell<Command>,
    process: RefCell<Option<Process>>,
    greeting: Greeting,
    /// How often a play hung.
    hangs: Cell<u32>,
}

impl Driver {
    /// Starts a driver, and listens to its greeting. Its standard streams are the pipe.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it cannot be started, or does not greet as the [protocol](super) says.
    pub fn start(mut command: Command) -> Result<Self, Fault> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        world::lead_group(&mut command);
        let mut process = Process::start(&mut command)?;
        let greeting = process.greet()?;
        Ok(Self {
            command: RefCell::new(command),
            process: RefCell::new(Some(process)),
            greeting,
            hangs: Cell::new(0),
        })
    }

    /// The name and version that it gives itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.greeting.name
    }

    /// How long the next play may take to come back: half as long after each hang, down to what a
    /// healthy one may need on a busy machine.
    fn patience(&self) -> Duration {
        let full = self.greeting.patience;
        (full / (1 << self.hangs.get().min(16))).max(HURRIED.min(full))
    }

    /// Asks, and listens to the answer.
    fn ask(&self, how: &str, program: &Program) -> Result<History, Fault> {
        let mut place = self.process.borrow_mut();
        if place.is_none() {
            let mut process = Process::start(&mut self.command.borrow_mut())?;
            process.greet()?;
            if self.hangs.get() > 0 {
                process.say(&format!("{} {}", word::PATIENCE, self.patience().as_millis()));
            }
            *place = Some(process);
        }
        let Some(process) = place.as_mut() else { return fault("could not be started") };
        let answer = process.ask(how, program, self.patience() * 4 + GENEROUS);
        // Whatever else it says would be the answer to something else.
        if !matches!(&answer, Ok(history) if !history.is_cut()) {
            *place = None;
        }
        answer
    }
}

impl Source for Driver {
    fn play(&self, program: &Program) -> Result<History, Fault> {
        self.ask(word::PLAY, program)
    }

    fn trace(&self, program: &Program) -> Result<History, Fault> {
        self.ask(word::TRACE, program)
    }

    fn hurry(&self) {
        self.hangs.set(self.hangs.get().saturating_add(1));
        if let Some(process) = self.process.borrow_mut().as_mut() {
            process.say(&format!("{} {}", word::PATIENCE, self.patience().as_millis()));
        }
    }

    fn lacks(&self) -> &[Lack] {
        &self.greeting.lacks
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("name", &self.greeting.name).finish_non_exhaustive()
    }
}

/// One process of a driver. It is ended when this is dropped, and all that it has started.
struct Process {
    child: Child,
    stdin: ChildStdin,
    ear: Ear<Receiver<Vec<u8>>>,
    /// What it said last on its standard error, once that has come to its end.
    complaints: Receiver<Vec<u8>>,
    /// Whether it was ended.
    ended: bool,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self, Fault> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return fault(format!("`{program}` cannot be started: {error}")),
        };
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return fault(format!("`{program}` was started without pipes"));
        };
        // Bounded: a driver that floods has to wait, and is found out by what was heard.
        let (send, receive) = sync_channel(16);
        thread::spawn(move || forward(stdout, &send));
        let (tell, complaints) = sync_channel(1);
        thread::spawn(move || tell.send(tail_of(stderr)));
        Ok(Self { child, stdin, ear: Ear::new(receive), complaints, ended: false })
    }

    fn say(&mut self, line: &str) {
        // If it has died, that is heard when it should answer.
        let _ = writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush());
    }

    fn greet(&mut self) -> Result<Greeting, Fault> {
        match self.ear.greeting(Instant::now() + GENEROUS)? {
            Heard::Whole(greeting) => Ok(greeting),
            Heard::End(_) => fault(format!("ended before it was ready: {}", self.last_words())),
            Heard::Silence(_) => fault(format!("did not say `{}` within {GENEROUS:?}", word::READY)),
        }
    }

    fn ask(&mut self, how: &str, program: &Program, patience: Duration) -> Result<History, Fault> {
        let deadline = Instant::now() + patience;
        self.say(&format!("{how} {program:#}"));
        let answer = self.ear.history(deadline).map_err(|Fault { why }| Fault {
            why: format!("{why}, when it was asked to `{how} {program:#}`"),
        })?;
        Ok(match answer {
            Heard::Whole(history) => history,
            Heard::End(history) => cut_by(history, What::Died { how: self.last_words() }),
            Heard::Silence(history) => cut_by(history, What::Hung),
        })
    }

    /// How it ended, and what it said last.
    fn last_words(&mut self) -> String {
        // It has closed its end of the pipe, which is what a dying process does.
        self.end(DYING);
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => format!("an end that cannot be told: {error}"),
        };
        let complaints = self.complaints.recv_timeout(DYING).unwrap_or_default();
        let complaints = String::from_utf8_lossy(&complaints);
        match complaints.lines().rev().find(|line| !line.trim().is_empty()) {
            Some(line) => format!("{status}, saying {:?}", line.trim()),
            None => status,
        }
    }

    /// Ends it, and all that it has started, unless that was done before.
    fn end(&mut self, grace: Duration) {
        if !std::mem::replace(&mut self.ended, true) {
            world::end_group(&mut self.child, grace);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
        // Its end is certain, so this does not wait for long.
        let _ = self.child.wait();
    }
}

/// Sends on what a driver says, until there is nothing more or nobody listens.
fn forward(mut from: impl Read, to: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.send(buffer[..count].to_vec()).is_err() {
            return;
        }
    }
}

/// The last that a driver says for people.
fn tail_of(mut from: impl Read) -> Vec<u8> {
    const MOST: usize = 4096;
    let mut buffer = [0; MOST];
    let mut tail = Vec::new();
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        tail.extend_from_slice(&buffer[..count]);
        let excess = tail.len().saturating_sub(MOST);
        tail.drain(..excess);
    }
    tail
}
