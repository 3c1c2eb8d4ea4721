//! How the kit gets real children on Unix, and how it makes certain what state they are in. And how
//! it forks.
//!
//! A child is the test binary itself, started again with its orders in `ANYLOOP_CHILD`. Pipes
//! steer it, never a clock: it says hello once it runs, and it ends when it is told to. What a
//! program leaves to chance on a real system, such as whether a child had ended before somebody
//! looked, is certain here.
//!
//! A thread is interrupted by a signal that is sent to it alone, and whose handler does nothing but
//! count, installed so that no system call is restarted by the kernel. It is SIGURG: unless
//! somebody asked for it, it is ignored, and so is a stray one.
//!
//! | file | answers |
//! | --- | --- |
//! | `unix.rs` | what is asked of the system that takes `unsafe` code? It and the files below are the only such files of the kit |
//! | `unix/kid.rs` | how is a child started and steered? |
//! | `unix/program.rs` | how is a program steered that a loop starts? |
//! | `unix/wire.rs` | what is a pair of connected sockets? |
//! | `unix/end_signal.rs` | what handles the signal of a child's end, and how is that found out? |
//! | `unix/signals.rs` | how are signals raised, and how does a specimen hear them? |
//! | `unix/group.rs` | how is a driver set apart from the kit? |

mod end_signal;
mod group;
mod kid;
mod program;
pub(crate) mod signals;
mod wire;

pub(crate) use end_signal::{be_careless, hear_no_ends, hears_no_ends};
pub(crate) use group::{end_group, lead_group, take_stdout};
pub use kid::enter_if_child;
pub(crate) use kid::status_of;
pub(crate) use wire::look_at;

use kid::{Kid, wait_until};
use program::read_until;

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, PipeWriter, Result, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use anyloop::{
    AnySource, ChildToken, Command, Given, Interest, Pid, Processes, RawChild, RawSource, Readiness, Stdio,
    Trigger,
};
use rustix::io::retry_on_intr;
use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::{
    Children, EndSignal, Ending, Ends, Fork, Interrupter, Programs, Signals, Thread, World, threads,
};

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
            use anyloop::{ChildHandle, OsError};
            use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
            use std::os::fd::{AsFd, OwnedFd};

            struct Pidfd(OwnedFd);

            // SAFETY: the pidfd is owned, and stands for one process for ever.
            unsafe impl ChildHandle for Pidfd {
                fn raw(&self) -> Option<isize> {
                    Some(self.0.as_raw_fd() as isize)
                }

                fn send_signal(&self, signal: i32) -> core::result::Result<(), OsError> {
                    let signal = Signal::from_named_raw(signal).ok_or(OsError::from_raw(22))?;
                    match pidfd_send_signal(&self.0, signal) {
                        // One that has ended does not notice.
                        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
                        Err(error) => Err(OsError::from_raw(error.raw_os_error())),
                    }
                }

                fn discard(&self) {
                    let _ = pidfd_send_signal(&self.0, Signal::KILL);
                    let _ = retry_on_intr(|| waitid(WaitId::PidFd(self.0.as_fd()), WaitIdOptions::EXITED));
                }
            }
            Some(RawChild::new(Pidfd(pidfd_open(pid, PidfdFlags::empty()).ok()?)))
        }

        /// Has this process, a forked child, end with its parent, however that ends.
        fn end_with_parent() {
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
        }
    } else {
        /// Nothing ends a forked child of this system whose parent was killed.
        const fn end_with_parent() {}

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

/// What identifies a child for a watcher: by a handle of the system, if there is one.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for specimens that start programs"))]
pub(crate) fn token_of(pid: Pid) -> ChildToken {
    let raw = rustix::process::Pid::from_raw(pid.get()).and_then(raw_child);
    raw.map_or_else(|| ChildToken::from(pid), |raw| ChildToken::new(pid, raw))
}

/// A copy of what a program is to be given.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for specimens that start programs"))]
pub(crate) fn opened(given: &Given) -> Result<OwnedFd> {
    let raw = i32::try_from(given.raw().0).map_err(Error::other)?;
    // SAFETY: it is open for as long as `given` lives, which is until after the copy was made.
    unsafe { BorrowedFd::borrow_raw(raw) }.try_clone_to_owned()
}

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

    fn scarce(&self, section: &mut dyn FnMut()) -> bool {
        scarce(section)
    }

    fn descriptors(&self, wanted: usize, patience: Duration) -> Option<usize> {
        // Each child is steered by one, and the listing itself takes one.
        let ours = self.kids.borrow().len() + 1;
        let open = || fs::read_dir(DESCRIPTORS).map(|list| list.count().saturating_sub(ours));
        wait_until(patience, || open().is_ok_and(|open| open <= wanted));
        open().ok()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        interrupter()
    }

    fn try_source(&self, readiness: &dyn Readiness) -> Option<bool> {
        let (source, _end) = std::io::pipe().ok()?;
        let raw = RawSource(source.as_raw_fd() as isize);
        // SAFETY: the pipe is open until the end of this function, and not watched any more then.
        let added = unsafe { readiness.add(raw, Interest::READABLE, Trigger::Level, Rc::new(|_| ())) };
        let accepted = added.is_ok();
        if let Ok(handle) = added {
            readiness.remove(handle);
        }
        Some(accepted)
    }

    fn wire(&self) -> Option<(AnySource, Box<dyn Ends>)> {
        wire::connect().inspect_err(|error| std::eprintln!("the kit cannot make sockets: {error}")).ok()
    }

    fn try_program(&self, processes: &dyn Processes) -> Option<bool> {
        let nothing = Command::shell(":").stdin(Stdio::Null);
        let Ok(spawned) = processes.spawn(&nothing) else { return Some(false) };
        let pid = rustix::process::Pid::from_raw(spawned.token.pid().get())?;
        let _ = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED));
        Some(true)
    }

    fn programs(&self) -> Option<&dyn Programs> {
        Some(self)
    }

    fn end_signal(&self) -> Option<&dyn EndSignal> {
        Some(self)
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Some(&signals::Real)
    }

    fn fork(&self, patience: Duration) -> Option<Fork> {
        fork(patience).inspect_err(|error| std::eprintln!("the kit cannot fork: {error}")).ok()
    }
}

/// How a forked child ends that has told what it had to.
const TOLD: i32 = 0;

/// How one ends that has not.
const FAILED: i32 = 1;

/// See [`World::fork`].
fn fork(patience: Duration) -> Result<Fork> {
    let (reader, mut writer) = std::io::pipe()?;
    // SAFETY: the child allocates, which the systems' allocators allow after a fork, and takes no lock
    // that another thread of the kit may have held. It never comes back to what called the play: the
    // `Ending` that it gets ends it.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        end_with_parent();
        drop(reader);
        return Ok(Fork::Child(Ending::new(move |told| end(&mut writer, told))));
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

/// The end of a forked child, which tells its parent something if it can.
fn end(writer: &mut PipeWriter, told: Option<&[u8]>) {
    let told = told.is_some_and(|told| writer.write_all(told).is_ok());
    // SAFETY: it ends the process, without running what the parent has registered for its end.
    unsafe { libc::_exit(if told { TOLD } else { FAILED }) };
}

/// Whether a child has ended, and no more.
const PEEK: WaitIdOptions = WaitIdOptions::EXITED.union(WaitIdOptions::NOWAIT).union(WaitIdOptions::NOHANG);

/// Has forks of this process noticed, for specimens and for engines that know no system. An
/// implementation for a system that forks sees to it itself.
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

/// A thread, for as long as it has not ended.
#[derive(Default)]
struct Target(Mutex<Option<libc::pthread_t>>);

impl Target {
    fn with<R>(&self, section: impl FnOnce(&mut Option<libc::pthread_t>) -> R) -> R {
        section(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn interrupt(&self) {
        self.with(|thread| {
            if let Some(thread) = *thread {
                // SAFETY: the thread has not ended, since `Here` takes it out of the lock, which is
                // held here, before it does.
                unsafe { libc::pthread_kill(thread, libc::SIGURG) };
            }
        });
    }
}

/// A thread's own mark, which takes the thread out of its target when it ends.
struct Here(Arc<Target>);

impl Drop for Here {
    fn drop(&mut self) {
        self.0.with(|thread| *thread = None);
    }
}

std::thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

extern "C" fn count(_: libc::c_int) {
    threads::interrupted();
}

/// Has a signal handled like that; false if the system refuses.
fn handle(signal: libc::c_int, handler: libc::sighandler_t, flags: libc::c_int) -> bool {
    // SAFETY: all of a `sigaction` may be zero: no SA_RESTART above all, and an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: the pointers are valid, and the handlers that the kit installs do one atomic addition, which
    // a signal handler may do, and take what the flags have the system give.
    unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) == 0 }
}

/// How a signal is handled.
fn handler(signal: libc::c_int) -> libc::sighandler_t {
    // SAFETY: all of a `sigaction` may be zero, and the call only writes to it.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action);
        action.sa_sigaction
    }
}

fn address(handler: extern "C" fn(libc::c_int)) -> libc::sighandler_t {
    handler as libc::sighandler_t
}

/// A child that has ended and waits to be collected, whoever started it. For specimens.
pub(crate) fn any_zombie() -> Option<Pid> {
    // SAFETY: all of a `siginfo_t` may be zero, and the call only writes to it. It has a number if a child was
    // found, and only then.
    unsafe {
        let mut found: libc::siginfo_t = std::mem::zeroed();
        let how = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
        (libc::waitid(libc::P_ALL, 0, &raw mut found, how) == 0).then(|| found.si_pid()).and_then(Pid::new)
    }
}

/// See [`World::scarce`].
fn scarce(section: &mut dyn FnMut()) -> bool {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let before = getrlimit(Resource::Nofile);
    let none = Rlimit { current: Some(0), maximum: before.maximum };
    let is_scarce = setrlimit(Resource::Nofile, none).is_ok();
    if is_scarce {
        section();
        let _ = setrlimit(Resource::Nofile, before);
    }
    is_scarce
}

/// What interrupts the calling thread.
fn interrupter() -> Option<Interrupter> {
    if !handle(libc::SIGURG, address(count), 0) {
        return None;
    }
    let target = HERE.with_borrow_mut(|here| here.get_or_insert_with(|| Here(Arc::default())).0.clone());
    // SAFETY: it has no precondition.
    let this = unsafe { libc::pthread_self() };
    target.with(|thread| *thread = Some(this));
    Some(Box::new(move || target.interrupt()))
}
