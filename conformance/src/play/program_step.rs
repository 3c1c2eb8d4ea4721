//! How does a loop go through a scene with a program that it starts? A task of it does, and tells what it
//! finds.
//!
//! Every program is a line for `/bin/sh`, so that what is right is known. What it does next it is told by
//! pipes, never by a clock.

use alloc::format;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use anyloop::{Child, Command, Loop, Pid, PipeReader, SignalError, SpawnError, Stdio, Watcher};

use super::Player;
use super::child_steps::close_watcher;
use super::policy_steps::Seat;
use super::task_steps::once;
use crate::history::{Launch, Sending, Stream, What};
use crate::log::{Log, Token};
use crate::platform;
use crate::program::{Label, Plan, Scene, Step, Units};
use crate::root::{Root, Waiting};
use crate::world::{Gate, Programs, World};

/// So many bytes no pipe holds.
const FLOOD: usize = 200_000;

/// So many go into a program that is communicated with, and come out again.
const QUESTION: usize = 300_000;

/// So many of its complaints do.
const COMPLAINTS: usize = 100_000;

/// What ends a program unless its plan says otherwise.
const SIGTERM: i32 = 15;

impl Player {
    /// Takes the step `program`.
    pub(super) fn perform(&self, label: Label, scene: Scene, plan: Plan) {
        let offered = self.lp.capabilities().processes.is_some();
        if !offered || self.world.programs().is_none() {
            return self.log.record(What::lacking(Step::Program { label, scene, plan }.word()));
        }
        let Some(watcher) = self.watcher() else { return };
        let (log, token) = (self.log.clone(), Token::Scene(label));
        self.log.hold(token);
        let actor = Actor {
            log: self.log.clone(),
            root: self.root,
            lp: self.lp.clone(),
            world: self.world.clone(),
            seat: self.booth.seat().clone(),
            watcher,
            patience: self.kids.patience(),
            label,
            scene,
            plan,
            started: RefCell::default(),
        };
        match self.lp.spawn_local(async move {
            if !platform::is_stray() {
                actor.act().await;
            }
        }) {
            Ok(task) => drop(task),
            Err(refused) => {
                drop(refused);
                log.release(token);
            }
        }
    }
}

/// Whoever goes through a scene.
struct Actor {
    log: Log,
    root: &'static dyn Root,
    lp: Loop,
    world: Rc<dyn World>,
    seat: Seat,
    watcher: Watcher,
    /// How long what is certain to come may take.
    patience: Duration,
    label: Label,
    scene: Scene,
    plan: Plan,
    /// What has to be ended if the scene breaks off.
    started: RefCell<Vec<Pid>>,
}

impl Drop for Actor {
    fn drop(&mut self) {
        if let Some(programs) = self.world.programs().filter(|_| !platform::is_fork()) {
            self.started.take().into_iter().for_each(|pid| programs.clear(pid));
        }
        self.log.release(Token::Scene(self.label));
    }
}

impl Actor {
    async fn act(&self) {
        let world = self.world.clone();
        let Some(programs) = world.programs() else { return };
        let performed: Option<()> = match self.scene {
            Scene::Awaited => self.awaited(programs).await,
            Scene::Outlived => self.outlived(programs).await,
            Scene::Line => self.line().await,
            Scene::Flood => self.flood().await,
            Scene::Filter => self.filter(programs).await,
            Scene::Talk => self.talk().await,
            Scene::Deaf => self.deaf(programs).await,
            Scene::Signalled => self.signalled(programs).await,
            Scene::Late => self.late(programs).await,
            Scene::Killed | Scene::Detached => self.dropped(programs).await,
            Scene::Orphaned | Scene::Untold => self.orphaned(programs).await,
            Scene::Inactive => self.inactive(programs),
            Scene::Missing | Scene::Nowhere => self.missing(programs),
            Scene::Given => self.given(programs).await,
            Scene::Merged => self.merged(programs).await,
            Scene::Piped => self.piped().await,
            Scene::Null => self.null(programs).await,
        };
        if performed.is_some() {
            self.tell(What::Performed { label: self.label });
        }
    }

    fn tell(&self, what: What) {
        self.log.record(what);
    }

    /// A program that does what `line` says and ends according to plan. It is given no stream of this process.
    fn shell(&self, line: &str) -> Command {
        let end = match self.plan {
            Plan::Exit(code) => format!("exit {code}"),
            Plan::Signal(signal) => format!("kill -{signal} $$; exit 121"),
        };
        let line = if line.is_empty() { end } else { format!("{line}; {end}") };
        Command::shell(line).stdin(Stdio::Null).stdout(Stdio::Null).stderr(Stdio::Null)
    }

    fn start(&self, command: Command) -> Option<Child> {
        self.start_on(&self.lp, command)
    }

    fn start_on(&self, lp: &Loop, command: Command) -> Option<Child> {
        let (label, scene, plan) = (self.label, self.scene, self.plan);
        self.tell(What::Launching { label, scene, plan });
        let started = self.root.start_program(lp, &self.watcher, &command);
        // It holds the program's ends of the kit's pipes.
        drop(command);
        let result = match &started {
            Ok(_) => Launch::Done,
            Err(SpawnError::Inactive) => Launch::Inactive,
            Err(SpawnError::Os(failure)) => Launch::Os(failure.error()),
            Err(other) => Launch::Failed(format!("{other}")),
        };
        if let Ok(child) = &started {
            self.started.borrow_mut().push(child.pid());
        }
        self.tell(What::Launched { label, result });
        started.ok()
    }

    fn look(&self, child: &Child) {
        let status = self.root.status(child);
        self.tell(What::StatusSaw { label: self.label, status });
    }

    /// Waits for the end, and tells of it.
    async fn end(&self, child: &mut Child, waiter: u32) {
        let status = self.root.wait(child).await;
        self.tell(What::Waited { label: self.label, waiter, status });
    }

    fn release(&self, gate: Gate) {
        self.tell(What::Released { label: self.label });
        gate();
    }

    /// Reads a pipe to its end.
    async fn hear(&self, pipe: Option<PipeReader>, stream: Stream, expected: &[u8]) {
        let mut heard = Vec::new();
        let failed = match pipe {
            Some(mut pipe) => pipe.read_to_end(&mut heard).await.err(),
            None => None,
        };
        let (label, bytes, right) = (self.label, heard.len(), heard == expected);
        self.tell(What::Heard { label, stream, bytes, right, failed });
    }

    /// The same, of what was given to the program.
    fn heard(&self, told: Option<Vec<u8>>, stream: Stream, expected: &[u8]) {
        let right = told.as_deref() == Some(expected);
        let bytes = told.map_or(0, |told| told.len());
        self.tell(What::Heard { label: self.label, stream, bytes, right, failed: None });
    }

    fn send(&self, child: &Child, signal: i32) {
        self.tell(What::Signalling { label: self.label, signal });
        let result = match self.root.send_signal(child, signal) {
            Ok(()) => Sending::Done,
            Err(SignalError::Over) => Sending::Over,
            Err(other) => Sending::Failed(format!("{other}")),
        };
        self.tell(What::Signalled { label: self.label, result });
    }

    /// Lets the loop go on until the child was collected.
    async fn settle(&self, programs: &dyn Programs, pid: Pid) {
        let (moment, mut spent) = (Units(1).duration(), Duration::ZERO);
        while !programs.is_collected(pid) && spent < self.patience {
            // Collecting takes its time even if that of the loop is virtual.
            platform::burn_elsewhere(moment);
            spent += moment;
            let _ = self.lp.sleep(moment).await;
        }
        self.tell(What::Settled { label: self.label, collected: programs.is_collected(pid) });
    }

    async fn awaited(&self, programs: &dyn Programs) -> Option<()> {
        let (stdin, gate) = programs.gate()?;
        let mut child = self.start(self.shell("read _").stdin(stdin))?;
        self.look(&child);
        let mut given_up = self.root.wait(&mut child);
        poll_fn(|cx| Poll::Ready(given_up.as_mut().poll(cx).is_ready())).await;
        let mut tasks = Vec::new();
        for waiter in 1..=2 {
            let ended = self.root.wait(&mut child);
            tasks.extend(self.lp.spawn_local(wait(self.log.clone(), self.label, waiter, ended)));
        }
        pause().await;
        drop(given_up);
        self.tell(What::GaveUp { label: self.label });
        self.look(&child);
        self.release(gate);
        self.end(&mut child, 0).await;
        self.look(&child);
        for task in tasks {
            let _ = task.await;
        }
        self.end(&mut child, 3).await;
        self.look(&child);
        Some(())
    }

    async fn outlived(&self, programs: &dyn Programs) -> Option<()> {
        let (stdin, gate) = programs.gate()?;
        // What runs in the background has another standard input.
        let command = self.shell("exec 3<&0; (read _ <&3) & :");
        let mut child = self.start(command.stdin(stdin).stdout(Stdio::Pipe))?;
        self.end(&mut child, 0).await;
        self.release(gate);
        self.hear(child.stdout.take(), Stream::Out, b"").await;
        Some(())
    }

    async fn line(&self) -> Option<()> {
        let mut child = self.start(self.shell("echo done").stdout(Stdio::Pipe))?;
        self.end(&mut child, 0).await;
        self.hear(child.stdout.take(), Stream::Out, b"done\n").await;
        Some(())
    }

    async fn flood(&self) -> Option<()> {
        let line = format!("head -c {FLOOD} /dev/zero");
        let mut child = self.start(self.shell(&line).stdout(Stdio::Pipe))?;
        self.hear(child.stdout.take(), Stream::Out, &vec![0; FLOOD]).await;
        self.end(&mut child, 0).await;
        Some(())
    }

    async fn filter(&self, programs: &dyn Programs) -> Option<()> {
        let question = b"who is there?\n";
        let mut child = self.start(self.shell("cat").stdin(Stdio::Pipe).stdout(Stdio::Pipe))?;
        let (stdin, gate) = programs.gate()?;
        let bystander = self.shell("read _").stdin(stdin);
        let bystander = self.root.start_program(&self.lp, &self.watcher, &bystander);
        self.started.borrow_mut().extend(bystander.as_ref().map(Child::pid).ok());
        let mut stdin = child.stdin.take()?;
        let _ = stdin.write_all(question).await;
        self.tell(What::Released { label: self.label });
        drop(stdin);
        self.hear(child.stdout.take(), Stream::Out, question).await;
        gate();
        self.end(&mut child, 0).await;
        if let Ok(bystander) = bystander {
            bystander.wait().await;
        }
        Some(())
    }

    /// Communicates with the program, which says that.
    async fn converse(&self, child: &mut Child, stdout: &[u8], stderr: &[u8]) {
        let input = question();
        let label = self.label;
        let talked = self.root.communicate(child, &input).await;
        self.tell(match talked {
            Ok(output) => What::Talked {
                label,
                status: output.status,
                right: [output.stdout == stdout, output.stderr == stderr],
            },
            Err(error) => What::TalkFailed { label, why: format!("{error}") },
        });
    }

    async fn talk(&self) -> Option<()> {
        let command = self.shell(&format!("cat; head -c {COMPLAINTS} /dev/zero >&2"));
        let command = command.stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe);
        let mut child = self.start(command)?;
        self.converse(&mut child, &question(), &vec![0; COMPLAINTS]).await;
        Some(())
    }

    async fn deaf(&self, programs: &dyn Programs) -> Option<()> {
        let mut child = self.start(self.shell("").stdin(Stdio::Pipe).stdout(Stdio::Pipe))?;
        programs.await_over(child.pid(), self.patience);
        self.converse(&mut child, b"", b"").await;
        Some(())
    }

    async fn signalled(&self, programs: &dyn Programs) -> Option<()> {
        let (stdin, gate) = programs.gate()?;
        let mut child = self.start(self.shell("read _").stdin(stdin))?;
        let signal = match self.plan {
            Plan::Exit(_) => SIGTERM,
            Plan::Signal(signal) => signal.into(),
        };
        self.send(&child, signal);
        self.end(&mut child, 0).await;
        self.send(&child, signal);
        drop(gate);
        Some(())
    }

    async fn late(&self, programs: &dyn Programs) -> Option<()> {
        let mut child = self.start(self.shell(""))?;
        if programs.await_over(child.pid(), self.patience) {
            self.tell(What::ProgramEnded { label: self.label });
        }
        self.send(&child, SIGTERM);
        self.end(&mut child, 0).await;
        Some(())
    }

    async fn dropped(&self, programs: &dyn Programs) -> Option<()> {
        let ((stdin, gate), (stdout, tap)) = (programs.gate()?, programs.tap()?);
        let command = self.shell("read _; echo on").stdin(stdin).stdout(stdout);
        let kills = self.scene == Scene::Killed;
        let child = self.start(if kills { command.kill_on_drop() } else { command })?;
        let pid = child.pid();
        self.tell(What::DroppingChild { label: self.label });
        self.root.drop_child(child);
        if !kills {
            gate();
        }
        let told = tap(self.patience);
        let (ended, said) = (told.is_some(), told.is_some_and(|told| !told.is_empty()));
        self.tell(What::WentOn { label: self.label, ended, said });
        if ended {
            self.settle(programs, pid).await;
        }
        Some(())
    }

    async fn orphaned(&self, programs: &dyn Programs) -> Option<()> {
        let (stdin, gate) = programs.gate()?;
        let lp = self.seat.policy().new_event_loop().ok()?;
        let mut child = self.start_on(&lp, self.shell("read _").stdin(stdin))?;
        let (pid, ended) = (child.pid(), self.root.wait(&mut child));
        if self.scene == Scene::Untold {
            gate();
            programs.await_over(pid, self.patience);
            self.tell(What::ProgramEnded { label: self.label });
        }
        let closed = lp.close();
        drop(lp);
        closed.ok()?;
        self.tell(What::LoopLeft { label: self.label });
        if self.scene == Scene::Orphaned {
            self.release(gate);
        }
        let status = ended.await;
        self.tell(What::Waited { label: self.label, waiter: 0, status });
        self.settle(programs, pid).await;
        Some(())
    }

    fn inactive(&self, programs: &dyn Programs) -> Option<()> {
        let (stdout, tap) = programs.tap()?;
        close_watcher(&self.log, &self.watcher);
        let child = self.start(self.shell("echo on").stdout(stdout));
        let told = tap(self.patience);
        let (ended, said) = (told.is_some(), told.is_some_and(|told| !told.is_empty()));
        self.tell(What::WentOn { label: self.label, ended, said });
        drop(child);
        Some(())
    }

    fn missing(&self, programs: &dyn Programs) -> Option<()> {
        let make = || {
            let command = match self.scene {
                Scene::Missing => Command::new("/nowhere/no-program"),
                _ => self.shell("").current_dir("/nowhere"),
            };
            command.stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe)
        };
        // Whatever is opened once and for all.
        let first = self.root.start_program(&self.lp, &self.watcher, &make());
        drop(first);
        let before = self.world.descriptors(usize::MAX, Duration::ZERO);
        let had_children = programs.any_children();
        let child = self.start(make());
        drop(child);
        let after = self.world.descriptors(before.unwrap_or(usize::MAX), self.patience);
        let children = [had_children, programs.any_children()];
        self.tell(What::Spent { label: self.label, before, after, children });
        Some(())
    }

    async fn given(&self, programs: &dyn Programs) -> Option<()> {
        let (stdin, gate) = programs.gate()?;
        let (stdout, out) = programs.tap()?;
        let (stderr, err) = programs.tap()?;
        let command = self.shell("read word; echo out $word; echo err $word >&2");
        let mut child = self.start(command.stdin(stdin).stdout(stdout).stderr(stderr))?;
        self.release(gate);
        self.end(&mut child, 0).await;
        self.heard(out(self.patience), Stream::Out, b"out on\n");
        self.heard(err(self.patience), Stream::Err, b"err on\n");
        Some(())
    }

    async fn merged(&self, programs: &dyn Programs) -> Option<()> {
        let (stdout, tap) = programs.tap()?;
        let command = self.shell("cat; echo out; echo err >&2").stdout(stdout).stderr(Stdio::Merged);
        let mut child = self.start(command)?;
        self.end(&mut child, 0).await;
        self.heard(tap(self.patience), Stream::Out, b"out\nerr\n");
        Some(())
    }

    async fn piped(&self) -> Option<()> {
        let command = self.shell("cat; echo out; echo err >&2").stdout(Stdio::Pipe).stderr(Stdio::Merged);
        let mut child = self.start(command)?;
        self.hear(child.stdout.take(), Stream::Out, b"out\nerr\n").await;
        self.end(&mut child, 0).await;
        Some(())
    }

    async fn null(&self, programs: &dyn Programs) -> Option<()> {
        let (stderr, tap) = programs.tap()?;
        let mut child = self.start(self.shell("cat; echo out; echo err >&2").stderr(stderr))?;
        self.end(&mut child, 0).await;
        self.heard(tap(self.patience), Stream::Err, b"err\n");
        Some(())
    }
}

/// Lets the loop go on.
async fn pause() {
    once(|cx| cx.waker().wake_by_ref()).await;
}

/// Waits for the end of a program, as one of several.
async fn wait(log: Log, label: Label, waiter: u32, ended: Waiting) {
    let status = ended.await;
    log.record(What::Waited { label, waiter, status });
}

/// What is said to a program that is communicated with: nothing that is the same everywhere.
fn question() -> Vec<u8> {
    (0..QUESTION).map(|at| b'a' + u8::try_from(at % 26 + at / 4096 % 26).unwrap_or_default() % 26).collect()
}
