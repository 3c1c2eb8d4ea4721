//! How is a child started and steered? By pipes: it says hello once it runs, and carries out its plan
//! when it is told to.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::string::String;
use std::time::{Duration, Instant};
use std::{env, process, thread};

use anyloop::{ChildToken, ExitStatus, Pid};
use rustix::io::retry_on_intr;
use rustix::process::{Signal, WaitId, WaitIdOptions, WaitIdStatus, getpid, kill_process, waitid};

use super::{Children, Unix, raw_child};
use crate::program::Plan;
use crate::protocol;

/// The variable that makes a process one of the kit's children.
const ORDERS: &str = "ANYLOOP_CHILD";

/// What a child says first. A binary that does not call [`enter_if_child`] says something else.
const HELLO: &[u8; 8] = b"anyloop\n";

/// The exit code of a child that nobody gave an order.
const ABANDONED: i32 = 120;

/// The exit code of a child that its own signal did not end.
const SPARED: i32 = 121;

/// How long the system may take for what is certain to happen.
pub(super) const CERTAIN: Duration = Duration::from_secs(2);

/// What a child is told to do, in words.
fn to_orders(plan: Plan) -> String {
    std::format!("{plan}")
}

/// The plan that those words stand for.
fn from_orders(orders: &str) -> Option<Plan> {
    match orders.split_once(' ')? {
        ("exit", code) => code.parse().ok().map(Plan::Exit),
        ("signal", signal) => signal.parse().ok().map(Plan::Signal),
        _ => None,
    }
}

fn carry_out(plan: Plan) -> ! {
    match plan {
        Plan::Exit(code) => process::exit(code.into()),
        Plan::Signal(number) => {
            if let Some(signal) = Signal::from_named_raw(number.into()) {
                // What it answers is of no interest: whoever comes back was spared.
                let _ = kill_process(getpid(), signal);
            }
            process::exit(SPARED)
        }
    }
}

/// Makes this process a child of the kit, if that is what it was started for.
///
/// It must be the first thing that `main` does. It returns only in a process that is no child.
pub fn enter_if_child() {
    protocol::serve_if_asked();
    let Some(orders) = env::var_os(ORDERS) else { return };
    let mut order = [0];
    let said = std::io::stdout().write_all(HELLO).and_then(|()| std::io::stdout().flush());
    let heard = said.and_then(|()| std::io::stdin().read(&mut order)).unwrap_or(0);
    // At the end of the pipe there is nobody left who could give an order.
    match orders.to_str().and_then(from_orders) {
        Some(plan) if heard == 1 => carry_out(plan),
        _ => process::exit(ABANDONED),
    }
}

/// What the system says about a child, without changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It has not ended.
    Running,
    /// It has ended, and nobody has collected it.
    Zombie,
    /// It has been collected.
    Gone,
}

/// What [`Children::suspend`] waits for.
pub(super) const STOPPED: WaitIdOptions =
    WaitIdOptions::STOPPED.union(WaitIdOptions::EXITED).union(WaitIdOptions::NOWAIT);

/// A child of the kit. Dropping it ends and collects it, if nobody has.
#[derive(Debug)]
pub(super) struct Kid {
    pid: rustix::process::Pid,
    stdin: ChildStdin,
    /// Whether its token has a handle of the system.
    handle: bool,
}

impl Kid {
    /// Starts a child, and waits until it says hello, so that its start is over.
    pub(super) fn start(plan: Plan, handle: bool) -> Result<Self> {
        const ADVICE: &str = "main() must call enter_if_child() before anything else";
        if env::var_os(ORDERS).is_some() {
            // Without this, a binary that does not know that it is a child would start children.
            return Err(Error::other(ADVICE));
        }
        let mut child = Command::new(env::current_exe()?)
            .env(ORDERS, to_orders(plan))
            .env_remove(protocol::DRIVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let (Some(pid), Some(stdin), Some(mut stdout)) = (pid, child.stdin.take(), child.stdout.take())
        else {
            return Err(Error::other("the system started a child without number or pipes"));
        };
        let kid = Self { pid, stdin, handle };
        let mut hello = [0; HELLO.len()];
        stdout.read_exact(&mut hello)?;
        if hello == *HELLO { Ok(kid) } else { Err(Error::other(ADVICE)) }
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::new(self.pid.as_raw_pid()).expect("the system's numbers are positive")
    }

    pub(super) fn token(&self) -> ChildToken {
        match self.handle.then(|| raw_child(self.pid)).flatten() {
            Some(raw) => ChildToken::new(self.pid(), raw),
            None => ChildToken::from(self.pid()),
        }
    }

    pub(super) fn order(&self) {
        match (&self.stdin).write_all(b"!") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                std::eprintln!("the kit cannot steer a child: {error}");
            }
            _ => {}
        }
    }

    pub(super) fn look(&self, options: WaitIdOptions) -> rustix::io::Result<Option<WaitIdStatus>> {
        retry_on_intr(|| waitid(WaitId::Pid(self.pid), options))
    }

    pub(super) fn state(&self) -> State {
        match self.look(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG) {
            Ok(None) => State::Running,
            Ok(Some(_)) => State::Zombie,
            Err(_) => State::Gone,
        }
    }

    /// Collects it if it has ended and nobody else was first.
    pub(super) fn collect(&self) -> Option<ExitStatus> {
        let end = self.look(WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok().flatten();
        end.as_ref().map(status_of)
    }

    /// Sends a signal, but never to a process that got the number after this child had gone.
    pub(super) fn send(&self, signal: Signal) {
        if self.state() == State::Running {
            // It fails only if the child has ended meanwhile.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Kid {
    fn drop(&mut self) {
        self.send(Signal::KILL);
        let _ = self.look(WaitIdOptions::EXITED);
    }
}

impl Children for Unix {
    fn start(&self, plan: Plan) -> Option<Pid> {
        let mut kids = self.kids.borrow_mut();
        // Both kinds of token come up, and always for the same children of a program.
        let handle = kids.len().is_multiple_of(2);
        match Kid::start(plan, handle) {
            Ok(kid) => {
                let pid = kid.pid();
                kids.insert(pid, kid);
                Some(pid)
            }
            Err(error) => {
                std::eprintln!("the kit cannot start children: {error}");
                None
            }
        }
    }

    fn token(&self, pid: Pid) -> ChildToken {
        self.with(pid, Kid::token).unwrap_or_else(|| ChildToken::from(pid))
    }

    fn order(&self, pid: Pid) {
        self.with(pid, Kid::order);
    }

    fn suspend(&self, pid: Pid) {
        self.with(pid, |kid| {
            kid.send(Signal::STOP);
            // A watcher that is wrongly interested in stops may take the news.
            wait_until(CERTAIN / 20, || !matches!(kid.look(STOPPED | WaitIdOptions::NOHANG), Ok(None)));
        });
    }

    fn resume(&self, pid: Pid) {
        self.with(pid, |kid| kid.send(Signal::CONT));
    }

    fn await_end(&self, pid: Pid) -> bool {
        self.with(pid, |kid| wait_until(CERTAIN, || kid.state() != State::Running)).unwrap_or(true)
    }

    fn is_zombie(&self, pid: Pid) -> bool {
        self.with(pid, |kid| kid.state() == State::Zombie).unwrap_or(false)
    }

    fn collect(&self, pid: Pid) -> Option<ExitStatus> {
        self.await_end(pid);
        self.with(pid, Kid::collect)?
    }

    fn await_collected(&self, pid: Pid, patience: Duration) -> bool {
        self.with(pid, |kid| wait_until(patience, || kid.state() == State::Gone)).unwrap_or(true)
    }

    fn forget(&self, pid: Pid) {
        self.kids.borrow_mut().remove(&pid);
    }
}

/// What the system says about an end, in the words of the specification.
pub(crate) fn status_of(end: &WaitIdStatus) -> ExitStatus {
    match (end.exit_status(), end.terminating_signal()) {
        (Some(code), _) => ExitStatus::Exited(code),
        (_, Some(signal)) => ExitStatus::Signaled { signal, core: end.dumped() },
        _ => ExitStatus::Unknown,
    }
}

/// Asks `done` again and again, and says whether it was answered with yes in time.
///
/// For what no call of the system waits for: that somebody else collects a child.
pub(super) fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    let nap = rustix::event::Timespec { tv_sec: 0, tv_nsec: 200_000 };
    for tries in 0_u32.. {
        if done() {
            return true;
        }
        if start.elapsed() >= patience {
            break;
        }
        if tries < 20 {
            thread::yield_now();
        } else {
            let _ = rustix::event::poll(&mut [], Some(&nap));
        }
    }
    false
}
