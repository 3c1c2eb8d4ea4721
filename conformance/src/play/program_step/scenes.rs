//! What happens in each scene with a program?

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use anyloop::{Child, Command, Stdio};

use super::Actor;
use crate::history::{Stream, What};
use crate::log::Log;
use crate::play::child_steps::close_watcher;
use crate::play::task_steps::once;
use crate::program::{Label, Plan, Scene};
use crate::root::Waiting;
use crate::world::Programs;

/// So many bytes no pipe holds.
const FLOOD: usize = 200_000;

/// So many go into a program that is communicated with, and come out again.
const QUESTION: usize = 300_000;

/// So many of its complaints do.
const COMPLAINTS: usize = 100_000;

/// What ends a program unless its plan says otherwise.
const SIGTERM: i32 = 15;

/// Each is over, or could not begin.
impl Actor {
    pub(super) async fn awaited(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) async fn outlived(&self, programs: &dyn Programs) -> Option<()> {
        let (stdin, gate) = programs.gate()?;
        // What runs in the background has another standard input.
        let command = self.shell("exec 3<&0; (read _ <&3) & :");
        let mut child = self.start(command.stdin(stdin).stdout(Stdio::Pipe))?;
        self.end(&mut child, 0).await;
        self.release(gate);
        self.hear(child.stdout.take(), Stream::Out, b"").await;
        Some(())
    }

    pub(super) async fn line(&self) -> Option<()> {
        let mut child = self.start(self.shell("echo done").stdout(Stdio::Pipe))?;
        self.end(&mut child, 0).await;
        self.hear(child.stdout.take(), Stream::Out, b"done\n").await;
        Some(())
    }

    pub(super) async fn flood(&self) -> Option<()> {
        let line = format!("head -c {FLOOD} /dev/zero");
        let mut child = self.start(self.shell(&line).stdout(Stdio::Pipe))?;
        self.hear(child.stdout.take(), Stream::Out, &vec![0; FLOOD]).await;
        self.end(&mut child, 0).await;
        Some(())
    }

    pub(super) async fn filter(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) async fn talk(&self) -> Option<()> {
        let command = self.shell(&format!("cat; head -c {COMPLAINTS} /dev/zero >&2"));
        let command = command.stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe);
        let mut child = self.start(command)?;
        self.converse(&mut child, &question(), &vec![0; COMPLAINTS]).await;
        Some(())
    }

    pub(super) async fn deaf(&self, programs: &dyn Programs) -> Option<()> {
        let mut child = self.start(self.shell("").stdin(Stdio::Pipe).stdout(Stdio::Pipe))?;
        programs.await_over(child.pid(), self.patience);
        self.converse(&mut child, b"", b"").await;
        Some(())
    }

    pub(super) async fn signalled(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) async fn late(&self, programs: &dyn Programs) -> Option<()> {
        let mut child = self.start(self.shell(""))?;
        if programs.await_over(child.pid(), self.patience) {
            self.tell(What::ProgramEnded { label: self.label });
        }
        self.send(&child, SIGTERM);
        self.end(&mut child, 0).await;
        Some(())
    }

    pub(super) async fn dropped(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) async fn orphaned(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) fn inactive(&self, programs: &dyn Programs) -> Option<()> {
        let (stdout, tap) = programs.tap()?;
        close_watcher(&self.log, &self.watcher);
        let child = self.start(self.shell("echo on").stdout(stdout));
        let told = tap(self.patience);
        let (ended, said) = (told.is_some(), told.is_some_and(|told| !told.is_empty()));
        self.tell(What::WentOn { label: self.label, ended, said });
        drop(child);
        Some(())
    }

    pub(super) fn missing(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) async fn given(&self, programs: &dyn Programs) -> Option<()> {
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

    pub(super) async fn merged(&self, programs: &dyn Programs) -> Option<()> {
        let (stdout, tap) = programs.tap()?;
        let command = self.shell("cat; echo out; echo err >&2").stdout(stdout).stderr(Stdio::Merged);
        let mut child = self.start(command)?;
        self.end(&mut child, 0).await;
        self.heard(tap(self.patience), Stream::Out, b"out\nerr\n");
        Some(())
    }

    pub(super) async fn piped(&self) -> Option<()> {
        let command = self.shell("cat; echo out; echo err >&2").stdout(Stdio::Pipe).stderr(Stdio::Merged);
        let mut child = self.start(command)?;
        self.hear(child.stdout.take(), Stream::Out, b"out\nerr\n").await;
        self.end(&mut child, 0).await;
        Some(())
    }

    pub(super) async fn null(&self, programs: &dyn Programs) -> Option<()> {
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
