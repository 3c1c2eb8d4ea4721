//! How the kit gets real children on Unix, and how it makes certain what state they are in. And how
//! it forks.
//!
//! A child is the test binary itself, started again with its orders in `ANYLOOP_CHILD`. Pipes
//! steer it, never a clock: it says hello once it runs, and it ends when it is told to. What a
//! program leaves to chance on a real system, such as whether a child had ended before somebody
//! looked, is certain here.
//!
//! This file, with `unix/interrupt.rs`, is the only one of the kit that holds `unsafe` code.

mod interrupt;

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, PipeReader, Read, Result, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::string::String;
use std::sync::Once;
use std::time::{Duration, Instant};
use std::vec::Vec;
use std::{env, fs, process, thread};

use anyloop::{
    ChildToken, Exec, ExitStatus, Interest, Pid, Processes, RawChild, RawSource, Readiness, StdioMode,
};
use rustix::io::retry_on_intr;
use rustix::process::{Signal, WaitId, WaitIdOptions, WaitIdStatus, getpid, kill_process, waitid};

use super::{Children, Fork, Interrupter, Thread, World, threads};
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

cfg_if::cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "android"))] {
        /// Where the system lists the descriptors of this process.
        const DESCRIPTORS: &str = "/proc/self/fd";
    } else {
        /// Where the system lists the descriptors of this process.
        const DESCRIPTORS: &str = "/dev/fd";
    }
}

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        /// A pidfd, if this kernel gives one.
        fn raw_child(pid: rustix::process::Pid) -> Option<RawChild> {
            use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};

            unsafe fn close(raw: isize) {
                // SAFETY: only `RawChild` calls this, once, with the number that it was given
                // below: a descriptor that nobody else owns.
                drop(unsafe { OwnedFd::from_raw_fd(raw as i32) });
            }
            let pidfd = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()?;
            // SAFETY: the pidfd refers to the child, is owned by nobody once it is a number, and
            // closing it is right on any thread.
            Some(unsafe { RawChild::from_raw(pidfd.into_raw_fd() as isize, close) })
        }
    } else {
        /// This system has no handles of processes.
        const fn raw_child(_pid: rustix::process::Pid) -> Option<RawChild> {
            None
        }
    }
}

/// The world of this host: threads, and children that are this program once more.
#[must_use]
pub fn real() -> Rc<dyn World> {
    Rc::new(Unix::default())
}

/// How long the system may take for what is certain to happen.
const CERTAIN: Duration = Duration::from_secs(2);

/// Real threads and real children.
#[derive(Debug, Default)]
pub struct Unix {
    kids: RefCell<BTreeMap<Pid, Kid>>,
}

impl Unix {
    /// Does something with a child that was started here and is not forgotten.
    fn with<R>(&self, pid: Pid, section: impl FnOnce(&Kid) -> R) -> Option<R> {
        self.kids.borrow().get(&pid).map(section)
    }
}

impl World for Unix {
    fn thread(&self, job: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        Some(threads::start(job))
    }

    fn children(&self) -> Option<&dyn Children> {
        Some(self)
    }

    fn descriptors(&self, wanted: usize, patience: Duration) -> Option<usize> {
        // Each child is steered by one, and the listing itself takes one.
        let ours = self.kids.borrow().len() + 1;
        let open = || fs::read_dir(DESCRIPTORS).map(|list| list.count().saturating_sub(ours));
        wait_until(patience, || open().is_ok_and(|open| open <= wanted));
        open().ok()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        interrupt::this_thread()
    }

    fn try_source(&self, readiness: &dyn Readiness) -> Option<bool> {
        let (source, _end) = std::io::pipe().ok()?;
        let raw = RawSource(source.as_raw_fd() as isize);
        // SAFETY: the pipe is open until the end of this function, and not watched any more then.
        let added = unsafe { readiness.add(raw, Interest::READABLE, Rc::new(|_| ())) };
        let accepted = added.is_ok();
        if let Ok(handle) = added {
            readiness.remove(handle);
        }
        Some(accepted)
    }

    fn try_program(&self, processes: &dyn Processes) -> Option<bool> {
        let nothing = Exec::new("/bin/sh").arg("-c").arg(":").stdin(StdioMode::Null);
        let Ok(token) = processes.spawn(&nothing) else { return Some(false) };
        let pid = rustix::process::Pid::from_raw(token.pid().get())?;
        let _ = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED));
        Some(true)
    }

    fn fork(&self, patience: Duration, job: &mut dyn FnMut() -> Vec<u8>) -> Option<Fork> {
        fork(patience, job).inspect_err(|error| std::eprintln!("the kit cannot fork: {error}")).ok()
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

/// Asks `done` again and again, and says whether it was answered with yes in time.
///
/// For what no call of the system waits for: that somebody else collects a child.
fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
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

/// Where the standard output leads, for the answers of a driver alone: what is printed from now on
/// goes to the standard error.
pub(crate) fn take_stdout() -> Box<dyn Write + Send> {
    let taken = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3);
    match taken.and_then(|taken| rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map(|()| taken)) {
        Ok(taken) => Box::new(fs::File::from(taken)),
        Err(_) => Box::new(std::io::stdout()),
    }
}

/// Has `command` lead a group of processes, so that [`end_group`] finds all that it starts.
pub(crate) fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    command.process_group(0);
}

/// Ends a process that leads a group, with the group, and leaves it to be collected. It may take
/// `grace` to end by itself.
pub(crate) fn end_group(child: &mut process::Child, grace: Duration) {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) else { return };
    let over = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    wait_until(grace, || !matches!(waitid(WaitId::Pid(pid), over), Ok(None)));
    // Uncollected, it keeps its number, which is the group's.
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}

/// What the system says about a child, without changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has not ended.
    Running,
    /// It has ended, and nobody has collected it.
    Zombie,
    /// It has been collected.
    Gone,
}

/// What [`Children::suspend`] waits for.
const STOPPED: WaitIdOptions =
    WaitIdOptions::STOPPED.union(WaitIdOptions::EXITED).union(WaitIdOptions::NOWAIT);

/// A child of the kit. Dropping it ends and collects it, if nobody has.
#[derive(Debug)]
struct Kid {
    pid: rustix::process::Pid,
    stdin: ChildStdin,
    /// Whether its token has a handle of the system.
    handle: bool,
}

impl Kid {
    /// Starts a child, and waits until it says hello, so that its start is over.
    fn start(plan: Plan, handle: bool) -> Result<Self> {
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

    fn pid(&self) -> Pid {
        Pid::new(self.pid.as_raw_pid()).expect("the system's numbers are positive")
    }

    fn token(&self) -> ChildToken {
        match self.handle.then(|| raw_child(self.pid)).flatten() {
            Some(raw) => ChildToken::new(self.pid(), raw),
            None => ChildToken::from(self.pid()),
        }
    }

    fn order(&self) {
        match (&self.stdin).write_all(b"!") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                std::eprintln!("the kit cannot steer a child: {error}");
            }
            _ => {}
        }
    }

    fn look(&self, options: WaitIdOptions) -> rustix::io::Result<Option<WaitIdStatus>> {
        retry_on_intr(|| waitid(WaitId::Pid(self.pid), options))
    }

    fn state(&self) -> State {
        match self.look(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG) {
            Ok(None) => State::Running,
            Ok(Some(_)) => State::Zombie,
            Err(_) => State::Gone,
        }
    }

    /// Collects it if it has ended and nobody else was first.
    fn collect(&self) -> Option<ExitStatus> {
        let end = self.look(WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok().flatten();
        end.as_ref().map(status_of)
    }

    /// Sends a signal, but never to a process that got the number after this child had gone.
    fn send(&self, signal: Signal) {
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

/// What the system says about an end, in the words of the specification.
pub(crate) fn status_of(end: &WaitIdStatus) -> ExitStatus {
    match (end.exit_status(), end.terminating_signal()) {
        (Some(code), _) => ExitStatus::Exited(code),
        (_, Some(signal)) => ExitStatus::Signaled { signal, core: end.dumped() },
        _ => ExitStatus::Unknown,
    }
}

/// How a forked child ends whose job has told what it had to.
const TOLD: i32 = 0;

/// How one ends whose job has not.
const FAILED: i32 = 1;

/// See [`World::fork`].
fn fork(patience: Duration, job: &mut dyn FnMut() -> Vec<u8>) -> Result<Fork> {
    let (reader, mut writer) = std::io::pipe()?;
    // SAFETY: the child runs `job` and ends below, without unwinding or returning into what called
    // this. The job allocates, which the systems' allocators allow after a fork, and it takes no lock
    // that another thread of the kit may have held.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let told = catch_unwind(AssertUnwindSafe(job));
        let told = told.is_ok_and(|told| writer.write_all(&told).is_ok());
        // SAFETY: it ends the process, without running what the parent has registered for its end.
        unsafe { libc::_exit(if told { TOLD } else { FAILED }) };
    }
    drop(writer);
    let pid = rustix::process::Pid::from_raw(pid).ok_or_else(Error::last_os_error)?;
    let told = read_until(reader, Instant::now() + patience);
    let look = |options| retry_on_intr(|| waitid(WaitId::Pid(pid), options));
    if told.is_none() && matches!(look(PEEK), Ok(None)) {
        // It has not ended, so the number still is its own.
        kill_process(pid, Signal::KILL)?;
    }
    // Its end of the pipe is closed, so it ends now. A watcher that collects whatever it finds may
    // have been faster.
    let end = look(WaitIdOptions::EXITED);
    let failed = matches!(end, Ok(Some(end)) if end.exit_status() != Some(TOLD));
    Ok(match told {
        None => Fork::Hung,
        Some(_) if failed => Fork::Died,
        Some(told) => Fork::Told(told),
    })
}

/// Whether a child has ended, and no more.
const PEEK: WaitIdOptions = WaitIdOptions::EXITED.union(WaitIdOptions::NOWAIT).union(WaitIdOptions::NOHANG);

/// Reads to the end; `None` if that does not come in time.
fn read_until(mut reader: PipeReader, deadline: Instant) -> Option<Vec<u8>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut told = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        let left = Timespec::try_from(left).ok();
        let ready = {
            let mut ends = [PollFd::from_borrowed_fd(reader.as_fd(), PollFlags::IN)];
            retry_on_intr(|| poll(&mut ends, left.as_ref())).is_ok_and(|ready| ready > 0)
        };
        let mut part = [0; 256];
        match if ready { reader.read(&mut part) } else { continue } {
            Ok(0) => return Some(told),
            Ok(length) => told.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Some(told),
        }
    }
}

/// Has forks of this process noticed, for the sake of specimens: an implementation sees to it itself.
pub fn notice_forks() {
    extern "C" fn in_child() {
        anyloop::after_fork_in_child();
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // SAFETY: `in_child` only stores to memory, which is allowed after a fork.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}
