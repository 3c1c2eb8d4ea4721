//! The watcher that lets the loop wait for a pidfd for each child.
//!
//! The pidfd becomes readable when the child ends. The loop that was named watches it and collects
//! the child right before it runs the callback. If the loop is closed first, the child is
//! collected at once, or by a thread that waits for its end.

use std::cell::Cell;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use anyloop::{
    ChildToken, ChildWatcher, ExitCallback, Handle, Interest, Loop, OsError, Pid, RawChild, RawSource,
    RejectReason, Rejected, WatchError, get_running_loop,
};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

use crate::children::collect::{self, by_number};
use crate::children::end::End;
use crate::children::registry::{Added, Registration, Registry};
use crate::linux::os_error;

/// Whether pidfds can be opened and waited for: kernels before 5.4 lack one or both, and sandboxes
/// refuse them with various errors.
fn supported() -> Result<(), Errno> {
    static KNOWN: OnceLock<Result<(), Errno>> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return *known;
    }
    let tried = try_this_process();
    // A lack of descriptors or memory passes, and says nothing about the kernel.
    if matches!(tried, Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM)) {
        return tried;
    }
    *KNOWN.get_or_init(|| tried)
}

fn try_this_process() -> Result<(), Errno> {
    let fd = pidfd_open(rustix::process::getpid(), PidfdFlags::empty())?;
    // This process is no child of its own, and a kernel that says so understood the question.
    match waitid(WaitId::PidFd(fd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
        Ok(_) | Err(Errno::CHILD) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens a pidfd, if there are any.
pub(crate) fn open(pid: Pid) -> Result<OwnedFd, Errno> {
    supported()?;
    let pid = rustix::process::Pid::from_raw(pid.get()).ok_or(Errno::SRCH)?;
    pidfd_open(pid, PidfdFlags::empty())
}

/// Closes what [`token`] put into a token.
///
/// # Safety
///
/// `raw` is an open descriptor that nobody else owns.
unsafe fn close(raw: isize) {
    if let Ok(fd) = RawFd::try_from(raw) {
        // SAFETY: the caller gives the descriptor up.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    }
}

/// The child `pid`, held by `fd`.
pub(crate) fn token(pid: Pid, fd: OwnedFd) -> ChildToken {
    let raw = fd.into_raw_fd() as isize;
    // SAFETY: the descriptor is a pidfd, owned by nobody else any more, and `close` frees it.
    ChildToken::new(pid, unsafe { RawChild::from_raw(raw, close) })
}

/// Waits for children with a descriptor each: no thread, no signal, O(1) for each end. If somebody else
/// collects a child, its status is known nevertheless from Linux 6.15 on, by `PIDFD_GET_INFO`.
///
/// *Needs:* Linux 5.4, and a loop with the capability
/// [`readiness`](anyloop::Capabilities::readiness). [`probe`](Self::probe) tells whether the kernel
/// allows pidfds.
#[derive(Clone, Default)]
pub struct PidfdChildWatcher {
    registry: Arc<Registry>,
}

impl PidfdChildWatcher {
    /// A watcher without children.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the kernel has pidfds and allows them here, tried on this very process.
    ///
    /// # Errors
    ///
    /// What the kernel answered: `ENOSYS` if it is too old, `EPERM` and others under confinement.
    pub fn probe() -> Result<(), OsError> {
        supported().map_err(os_error)
    }

    /// Makes the loop watch the pidfd, or hands the end back.
    fn register(&self, lp: &Loop, end: End) -> Result<(), (WatchError, End)> {
        let Some(readiness) = lp.capabilities().readiness else {
            return Err((WatchError::Unsupported("readiness"), end));
        };
        let Some(raw) = end.child.raw() else {
            return Err((os_error(Errno::BADF).into(), end));
        };
        let (pid, id) = (end.child.pid(), end.id);
        let waiting = Rc::new(Waiting { end: Cell::new(Some(end)), source: Cell::new(None) });
        let told = waiting.clone();
        // SAFETY: the descriptor belongs to the `End` in `waiting`, which the registration holds
        // until it is removed.
        let added =
            unsafe { readiness.add(RawSource(raw), Interest::READABLE, Rc::new(move |_| told.ready())) };
        match added {
            Ok(source) => {
                waiting.source.set(Some(source));
                if !self.registry.set_source(pid, id, source) {
                    // Another thread removed it meanwhile, and knew of no source to stop watching.
                    readiness.remove(source);
                }
                Ok(())
            }
            // Nobody else has seen the `End` yet, so it is still there, and whole.
            Err(error) => match waiting.end.take() {
                Some(end) => Err((error.into(), end)),
                None => Ok(()),
            },
        }
    }
}

impl ChildWatcher for PidfdChildWatcher {
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        if lp.is_closed() {
            return Err(Rejected::new(RejectReason::Closed.into(), (token, callback)));
        }
        let pid = token.pid();
        let (id, former) = match self.registry.add(pid, lp.remote(), callback, &mut None) {
            Added::New(id, former) => (id, former),
            Added::Replaced(former) => return Ok(Some(former)),
            Added::Closed(callback) => return Err(Rejected::new(WatchError::Closed, (token, callback))),
        };
        let (child, opened) = with_pidfd(token);
        let end = End { registry: self.registry.clone(), child, id };
        let failed = match opened {
            // Over already, or not ours: there is nothing to wait for.
            _ if end.has_come() => {
                Arc::new(end).post();
                Ok(())
            }
            Ok(()) => self.register(lp, end),
            Err(error) => Err((error.into(), end)),
        };
        let Err((error, end)) = failed else { return Ok(former.map(stop_waiting)) };
        match End::give_back(&self.registry, pid, id, former) {
            Ok(callback) => Err(Rejected::new(error, (end.child, callback))),
            Err(former) => Ok(former),
        }
    }

    fn remove_child_handler(&self, pid: Pid) -> bool {
        // The callback is dropped here, outside of the lock.
        self.registry.remove(pid).map(stop_waiting).is_some()
    }

    fn attach_loop(&self, _: Option<&Loop>) -> Result<(), WatchError> {
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.registry.is_open()
    }

    fn close(&self) {
        self.registry.close();
    }
}

impl fmt::Debug for PidfdChildWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PidfdChildWatcher").field("active", &self.is_active()).finish_non_exhaustive()
    }
}

/// Makes sure that a token has a pidfd, if the kernel gives one.
fn with_pidfd(child: ChildToken) -> (ChildToken, Result<(), OsError>) {
    if child.raw().is_some() {
        return (child, Ok(()));
    }
    match open(child.pid()) {
        Ok(fd) => (token(child.pid(), fd), Ok(())),
        Err(error) => (child, Err(os_error(error))),
    }
}

/// How to wait for a child: by its pidfd if it has one.
pub(crate) fn wait_id(child: &ChildToken) -> WaitId<'_> {
    match child.raw().map(RawFd::try_from) {
        // SAFETY: the token owns the descriptor, and is borrowed for as long.
        Some(Ok(fd)) => WaitId::PidFd(unsafe { BorrowedFd::borrow_raw(fd) }),
        _ => by_number(child.pid()),
    }
}

/// Has a loop wait no more for what is not registered any more, and gives the callback.
fn stop_waiting(known: Registration) -> ExitCallback {
    if let Some(source) = known.source {
        // Only the loop can stop watching. If it is closed, it has stopped.
        drop(known.remote.call_soon(move || stop_watching(source)));
    }
    known.callback
}

/// Takes a pidfd out of the running loop.
fn stop_watching(source: Handle) {
    if let Ok(lp) = get_running_loop() {
        if let Some(readiness) = lp.capabilities().readiness {
            readiness.remove(source);
        }
    }
}

impl End {
    /// Whether the child is over, or is no child of ours.
    fn has_come(&self) -> bool {
        collect::has_ended(&wait_id(&self.child))
    }
}

/// What the loop's registration holds.
struct Waiting {
    end: Cell<Option<End>>,
    source: Cell<Option<Handle>>,
}

impl Waiting {
    /// The pidfd is readable: the child has ended, or the event was spurious.
    fn ready(&self) {
        let Some(end) = self.end.take() else { return };
        let told = end.take_ended();
        if told.is_none() && !end.has_come() {
            self.end.set(Some(end));
            return;
        }
        if let Some(source) = self.source.get() {
            stop_watching(source);
        }
        if let Some((known, status)) = told {
            (known.callback)(end.child.pid(), status);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Still there: the loop was closed first, or the registration was removed. What is
        // registered then gets a thread, which finds out whom to tell, if anybody; and if there
        // is no thread to be had, the child stays a zombie until this process ends.
        if let Some(end) = self.end.take() {
            match end.remote() {
                Some(_) if end.has_come() => Arc::new(end).post(),
                Some(_) => drop(end.wait_in_thread()),
                None => {}
            }
        }
    }
}
