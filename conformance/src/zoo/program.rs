//! What could be wrong with how the root crate and its loops start programs, and talk with them?

use std::boxed::Box;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::Vec;

use anyloop::rules::{Rule, process as rules};
use anyloop::{
    Child, Command, CommunicateError, ExitStatus, Loop, OsError, Output, Pid, PipeReader, SignalError,
    SpawnError, Watcher,
};
use rustix::process::{Signal, WaitIdOptions, kill_process, waitid};

use super::surroundings::of_loop;
use super::{Bug as Sickness, Disease, loop_, watcher};
use crate::root::{Anyloop, Root, Talking, Waiting};

/// What is wrong with the root crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of diseases says what each is")]
pub enum Bug {
    StartsFirst,
    GuessesStatus,
    ForgetsStatus,
    KillsWhenGivenUp,
    WaitsForStreams,
    WritesFirst,
    ForgetsSignal,
    SignalsTheDead,
    MissesTheDead,
    Forgets,
    KillsAlways,
}

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[
    sick("starts first", "asks the watcher when the program runs", &rules::FIRST, Bug::StartsFirst),
    of_loop(
        "spends on failures",
        "keeps a descriptor of each program that could not be started",
        &rules::NOTHING,
        loop_::Bug::SpendsOnFailures,
    ),
    sick(
        "guesses the status",
        "takes an end for a success until it is told",
        &rules::STATUS,
        Bug::GuessesStatus,
    ),
    sick(
        "forgets the status",
        "gives no status to whoever begins to wait after the end",
        &rules::WAITERS,
        Bug::ForgetsStatus,
    ),
    sick(
        "kills when given up",
        "a wait that is dropped takes the child along",
        &rules::CANCEL,
        Bug::KillsWhenGivenUp,
    ),
    sick(
        "waits for streams",
        "waits until the output is at its end, before it waits for that of the child",
        &rules::ALONE,
        Bug::WaitsForStreams,
    ),
    of_loop(
        "ends with the program",
        "reads no more when the program has ended",
        &rules::BYTES,
        loop_::Bug::EndsWithProgram,
    ),
    of_loop(
        "passes pipes on",
        "every program inherits the pipes of those before",
        &rules::INPUT,
        loop_::Bug::PassesPipesOn,
    ),
    sick("writes first", "writes all of the input, and then reads", &rules::COMMUNICATE, Bug::WritesFirst),
    sick("expects attention", "fails if the input is not read", &rules::DEAF, Bug::WritesFirst),
    sick(
        "forgets the signal",
        "sends no signal, and says that it has",
        &rules::SIGNALLED,
        Bug::ForgetsSignal,
    ),
    sick(
        "signals the dead",
        "sends signals to whoever has the number of a child that was collected",
        &rules::OVER,
        Bug::SignalsTheDead,
    ),
    sick(
        "misses the dead",
        "fails to send a signal to a child that has ended",
        &rules::KEPT,
        Bug::MissesTheDead,
    ),
    sick("forgets to kill", "forgets a child that is to be killed", &rules::KILLED, Bug::Forgets),
    sick("kills always", "kills every child that is dropped", &rules::DETACHED, Bug::KillsAlways),
    Disease {
        name: "leaves orphans",
        what: "does not collect a child whose loop is closed",
        rule: &rules::CLOSED,
        bug: Sickness::Watcher(watcher::Sick::DropsWithLoop),
    },
    of_loop(
        "loses complaints",
        "standard error goes nowhere when it was to go where output does",
        &rules::STREAMS,
        loop_::Bug::LosesComplaints,
    ),
];

const fn sick(name: &'static str, what: &'static str, rule: &'static Rule, bug: Bug) -> Disease {
    Disease { name, what, rule, bug: Sickness::Program(bug) }
}

/// A root crate with such a disease.
pub(super) struct Sick(pub(super) Bug);

impl Sick {
    fn has(&self, bug: Bug) -> bool {
        self.0 == bug
    }
}

/// What `waitid` is to look at.
fn of(pid: Pid) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(pid.get())
}

/// Whether a child has not ended.
fn is_running(pid: Pid) -> bool {
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    of(pid).is_some_and(|pid| matches!(waitid(rustix::process::WaitId::Pid(pid), peek), Ok(None)))
}

fn kill(pid: Pid) {
    if let Some(number) = of(pid).filter(|_| is_running(pid)) {
        let _ = kill_process(number, Signal::KILL);
    }
}

/// A wait that takes the child along.
struct Jealous {
    pid: Pid,
    ended: Waiting,
}

impl Future for Jealous {
    type Output = ExitStatus;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitStatus> {
        self.ended.as_mut().poll(cx)
    }
}

impl Drop for Jealous {
    fn drop(&mut self) {
        kill(self.pid);
    }
}

async fn read(pipe: Option<PipeReader>) -> Vec<u8> {
    let mut read = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut read).await;
    }
    read
}

/// Talks as whoever does one thing after the other.
async fn write_first(child: &mut Child, input: &[u8]) -> Result<Output, CommunicateError> {
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input).await.map_err(CommunicateError::Os)?;
    }
    let (stdout, stderr) = (read(child.stdout.take()).await, read(child.stderr.take()).await);
    Ok(Output { status: child.wait().await, stdout, stderr })
}

impl Root for Sick {
    fn start_program(&self, lp: &Loop, watcher: &Watcher, command: &Command) -> Result<Child, SpawnError> {
        if self.has(Bug::StartsFirst)
            && !watcher.is_active()
            && let Some(processes) = lp.capabilities().processes
        {
            let spawned = processes.spawn(command)?;
            if let Some(pid) = of(spawned.token.pid()) {
                let _ = waitid(rustix::process::WaitId::Pid(pid), WaitIdOptions::EXITED);
            }
        }
        Anyloop.start_program(lp, watcher, command)
    }

    fn wait(&self, child: &mut Child) -> Waiting {
        let (pid, ended) = (child.pid(), Anyloop.wait(child));
        match self.0 {
            Bug::ForgetsStatus if child.status().is_some() => Box::pin(async { ExitStatus::Unknown }),
            Bug::KillsWhenGivenUp => Box::pin(Jealous { pid, ended }),
            Bug::WaitsForStreams => {
                let stdout = child.stdout.take();
                Box::pin(async {
                    read(stdout).await;
                    ended.await
                })
            }
            _ => ended,
        }
    }

    fn status(&self, child: &Child) -> Option<ExitStatus> {
        Anyloop.status(child).or_else(|| self.has(Bug::GuessesStatus).then_some(ExitStatus::Exited(0)))
    }

    fn send_signal(&self, child: &Child, signal: i32) -> Result<(), SignalError> {
        match (self.0, Anyloop.send_signal(child, if self.has(Bug::ForgetsSignal) { 0 } else { signal })) {
            (Bug::ForgetsSignal, _) | (Bug::SignalsTheDead, Err(SignalError::Over)) => Ok(()),
            (Bug::MissesTheDead, Ok(())) if !is_running(child.pid()) => {
                Err(SignalError::Os(OsError::from_raw(3)))
            }
            (_, result) => result,
        }
    }

    fn communicate<'t>(&self, child: &'t mut Child, input: &'t [u8]) -> Talking<'t> {
        if self.has(Bug::WritesFirst) {
            return Box::pin(write_first(child, input));
        }
        Anyloop.communicate(child, input)
    }

    fn drop_child(&self, child: Child) {
        match self.0 {
            Bug::Forgets => mem::forget(child),
            Bug::KillsAlways => {
                let _ = child.kill();
            }
            _ => Anyloop.drop_child(child),
        }
    }
}
