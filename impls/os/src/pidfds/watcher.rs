//! The watcher that lets the loop wait for a pidfd for each child.
//!
//! The pidfd becomes readable when the child ends. The loop that was named watches it and collects
//! the child right before it runs the callback. If the loop is closed first, the child is
//! collected at once, or by a thread that waits for its end.

use std::cell::Cell;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use anyloop::{
    ChildToken, ChildWatcher, ExitCallback, Interest, Loop, OsError, Pid, RawSource, RejectReason, Rejected,
    Trigger, WatchError,
};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

use crate::children::collect::{self, by_number};
use crate::children::end::End;
use crate::children::registry::{Added, Registration, Registry};
use crate::here::remove_here;
use crate::os_error;
use crate::spawn::token;

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
            // Whoever had one knows that it is a child, and if it has ended, the loop finds out.
            Ok(Opened::Before) => end.wait_on(lp),
            // Over already, or not ours: there is nothing to wait for.
            _ if end.has_come() => {
                Arc::new(end).post();
                Ok(())
            }
            Ok(Opened::Now) => end.wait_on(lp),
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

/// When a pidfd was opened.
enum Opened {
    Before,
    Now,
}

/// Makes sure that a token has a pidfd, if the kernel gives one.
fn with_pidfd(child: ChildToken) -> (ChildToken, Result<Opened, OsError>) {
    if child.raw().is_some() {
        return (child, Ok(Opened::Before));
    }
    match open(child.pid()) {
        Ok(fd) => (token(child.pid(), Some(fd)), Ok(Opened::Now)),
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
        drop(known.remote.call_soon(move || _ = remove_here(source)));
    }
    known.callback
}

impl End {
    /// Whether the child is over, or is no child of ours.
    fn has_come(&self) -> bool {
        collect::has_ended(&wait_id(&self.child))
    }

    /// Has the loop wait for the pidfd, or gives all back.
    fn wait_on(self, lp: &Loop) -> Result<(), (WatchError, Self)> {
        let Some(readiness) = lp.capabilities().readiness else {
            return Err((WatchError::Unsupported("readiness"), self));
        };
        let handle = self.child.handle().cloned();
        let Some((raw, handle)) = handle.and_then(|handle| Some((handle.raw()?, handle))) else {
            return Err((os_error(Errno::BADF).into(), self));
        };
        let (registry, pid, id) = (self.registry.clone(), self.child.pid(), self.id);
        let waiting = Waiting(Cell::new(Some(self)));
        let ready = Rc::new(move |_| waiting.ready());
        // SAFETY: the descriptor belongs to the `End` in `waiting`, which the registration holds
        // until it is removed or has called back.
        let added = unsafe { readiness.add(RawSource(raw), Interest::READABLE, Trigger::Once, ready) };
        match added {
            Ok(source) => {
                if !registry.set_source(pid, id, source) {
                    // Another thread removed it meanwhile, and knew of no source to stop watching.
                    readiness.remove(source);
                }
                Ok(())
            }
            Err(error) => Err((error.into(), Self { registry, child: ChildToken::new(pid, handle), id })),
        }
    }
}

/// What the loop's registration holds.
struct Waiting(Cell<Option<End>>);

impl Waiting {
    /// The pidfd is readable: the child has ended.
    fn ready(&self) {
        let Some(end) = self.0.take() else { return };
        match end.take_ended() {
            Some((known, status)) => known.callback.call(end.child.pid(), status),
            // It was removed; or it has not ended, which no kernel should say, and is left to a thread.
            None => self.0.set(Some(end)),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Still there: the loop was closed first, or did not want it, or the registration was removed. What is
        // registered, and was waited for, then gets a thread, which finds out whom to tell, if anybody; and if
        // there is no thread to be had, the child stays a zombie until this process ends.
        if let Some(end) = self.0.take() {
            match end.remote_that_waits() {
                Some(_) if end.has_come() => Arc::new(end).post(),
                Some(_) => drop(end.wait_in_thread()),
                None => {}
            }
        }
    }
}
