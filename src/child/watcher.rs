//! What a watcher promises: each registered child is reported once, with the truth.

use core::any::Any;
use core::fmt;

use super::{ChildToken, ExitStatus, Pid, Reaper};
use crate::callback::Raw;
use crate::platform::{Arc, share};
use crate::{Loop, Rejected, WatchError, get_running_loop};

/// What is told that a child ended. It runs as a callback of the loop that was named.
///
/// It is two words big, one of them payload: a closure of one word is stored inline, others are boxed.
///
/// ```
/// use anyloop::{ExitCallback, ExitStatus, Pid};
///
/// let callback = ExitCallback::new(|pid, status| println!("child {pid} {status}"));
/// callback.call(Pid::new(7).unwrap(), ExitStatus::Exited(0));
/// ```
pub struct ExitCallback(Raw<1, (Pid, ExitStatus)>);

impl ExitCallback {
    /// Stores `function`.
    pub fn new(function: impl FnOnce(Pid, ExitStatus) + Send + 'static) -> Self {
        Self(Raw::new(move |(pid, status)| function(pid, status)))
    }

    /// Tells it.
    ///
    /// # Panics
    ///
    /// If the closure panics.
    pub fn call(self, pid: Pid, status: ExitStatus) {
        self.0.call((pid, status));
    }
}

impl fmt::Debug for ExitCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExitCallback(..)")
    }
}

/// Notices that children end, and tells a loop.
///
/// # For authors of watchers
///
/// Collect first and notify later: callbacks run on the loop, never from inside a method here
/// ([`child.later`](crate::rules::child::LATER)), and none of your locks is held while one runs or is
/// dropped. Keep a loop's [`Remote`](crate::Remote), never the [`Loop`]: methods are called on any
/// thread. If the loop is closed by the time a child ends, collect the child all the same
/// ([`child.closed`](crate::rules::child::CLOSED)).
///
/// In a forked child, a watcher of the parent is closed: it refuses
/// ([`fork.watcher`](crate::rules::fork::WATCHER)), and neither tells
/// ([`fork.calls`](crate::rules::fork::CALLS)) nor touches what the parent watches
/// ([`fork.child`](crate::rules::fork::CHILD)). Compare a [`ProcessStamp`](crate::ProcessStamp) before
/// you take a lock ([`fork.returns`](crate::rules::fork::RETURNS)).
pub trait ChildWatcher: Any + Send + Sync {
    /// Arranges for `callback` to run on `lp` when the child has ended, or soon if it has ended
    /// already or is not a child of this process ([`ExitStatus::Unknown`]).
    ///
    /// Another registration for the same pid takes the place of the former one, whose callback is
    /// returned. Called on the context of `lp`.
    ///
    /// *Keeps* [`child.once`](crate::rules::child::ONCE), [`child.busy`](crate::rules::child::BUSY),
    /// [`child.code`](crate::rules::child::CODE),
    /// [`child.signal`](crate::rules::child::SIGNAL), [`child.before`](crate::rules::child::BEFORE),
    /// [`child.stopped`](crate::rules::child::STOPPED), [`child.stranger`](crate::rules::child::STRANGER),
    /// [`child.unknown`](crate::rules::child::UNKNOWN), [`child.replace`](crate::rules::child::REPLACE),
    /// [`child.later`](crate::rules::child::LATER), [`child.owner`](crate::rules::child::OWNER),
    /// [`child.reaped`](crate::rules::child::REAPED),
    /// [`child.descriptors`](crate::rules::child::DESCRIPTORS),
    /// [`child.pid`](crate::rules::child::PID),
    /// [`child.gone`](crate::rules::child::GONE),
    /// [`child.takeover`](crate::rules::child::TAKEOVER),
    /// [`child.panic`](crate::rules::child::PANIC),
    /// [`child.interrupted`](crate::rules::child::INTERRUPTED),
    /// [`child.restored`](crate::rules::child::RESTORED),
    /// [`child.chained`](crate::rules::child::CHAINED),
    /// [`child.ignored`](crate::rules::child::IGNORED),
    /// [`child.blocked`](crate::rules::child::BLOCKED),
    /// [`child.unseen`](crate::rules::child::UNSEEN).
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the child and the callback back; the child is still collectable then
    /// ([`child.refused`](crate::rules::child::REFUSED)).
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>>;

    /// Forgets the registration for `pid` and says whether there was one. After `true` the
    /// callback does not run, and collecting the child is up to the caller. On any context.
    ///
    /// *Keeps* [`child.remove`](crate::rules::child::REMOVE), [`child.caller`](crate::rules::child::CALLER),
    /// [`child.race`](crate::rules::child::RACE).
    fn remove_child_handler(&self, pid: Pid) -> bool;

    /// Attaches to a loop, after detaching from the former one; `None` only detaches.
    ///
    /// Called by the policy when a loop is stored in its main context, on that context. Watchers
    /// that need no loop of their own accept and ignore it.
    ///
    /// *Keeps* [`child.attached`](crate::rules::child::ATTACHED),
    /// [`child.unchanged`](crate::rules::child::UNCHANGED).
    ///
    /// # Errors
    ///
    /// [`WatchError`], and the watcher is attached as it was.
    fn attach_loop(&self, lp: Option<&Loop>) -> Result<(), WatchError>;

    /// Whether a child spawned now would be reported.
    ///
    /// *Keeps* [`child.active`](crate::rules::child::ACTIVE).
    fn is_active(&self) -> bool;

    /// Accepts no more registrations. Those that are pending are still reported.
    ///
    /// *Keeps* [`child.close`](crate::rules::child::CLOSE),
    /// [`child.final`](crate::rules::child::FINAL).
    fn close(&self);

    /// What it offers if it collects every child of the process; `None` for those that leave strangers
    /// alone ([`child.stranger`](crate::rules::child::STRANGER)), as most do.
    fn reaper(&self) -> Option<&dyn Reaper> {
        None
    }
}

/// A handle to a watcher: `Send`, `Sync` and cheap to clone.
#[derive(Clone)]
pub struct Watcher(Arc<dyn ChildWatcher>);

impl Watcher {
    /// Wraps a watcher.
    pub fn new(watcher: impl ChildWatcher) -> Self {
        Self(share!(watcher, dyn ChildWatcher))
    }

    /// Arranges for `callback` to run on the running loop when the child has ended, and returns
    /// the callback that it displaces.
    ///
    /// # Errors
    ///
    /// [`WatchError::NoRunningLoop`] outside of a run, and as [`watch_on`](Self::watch_on).
    pub fn watch(
        &self,
        token: ChildToken,
        callback: impl FnOnce(Pid, ExitStatus) + Send + 'static,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        match get_running_loop() {
            Ok(lp) => self.watch_on(&lp, token, callback),
            Err(_) => Err(Rejected::new(WatchError::NoRunningLoop, (token, ExitCallback::new(callback)))),
        }
    }

    /// As [`watch`](Self::watch), on the loop `lp`.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the child and the callback back.
    pub fn watch_on(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: impl FnOnce(Pid, ExitStatus) + Send + 'static,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        self.0.watch(lp, token, ExitCallback::new(callback))
    }

    /// asyncio's form: the child by number, on the running loop.
    ///
    /// # Errors
    ///
    /// As [`watch`](Self::watch).
    pub fn add_child_handler(
        &self,
        pid: Pid,
        callback: impl FnOnce(Pid, ExitStatus) + Send + 'static,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        self.watch(ChildToken::from(pid), callback)
    }

    /// Forgets the registration for `pid` and says whether there was one.
    pub fn remove_child_handler(&self, pid: Pid) -> bool {
        self.0.remove_child_handler(pid)
    }

    /// Attaches to a loop; `None` detaches.
    ///
    /// # Errors
    ///
    /// [`WatchError`], and the watcher is attached as it was.
    pub fn attach_loop(&self, lp: Option<&Loop>) -> Result<(), WatchError> {
        self.0.attach_loop(lp)
    }

    /// Whether a child spawned now would be reported.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.0.is_active()
    }

    /// Accepts no more registrations. Those that are pending are still reported.
    pub fn close(&self) {
        self.0.close();
    }

    /// What it offers if it collects every child of the process; `None` if it leaves strangers alone.
    #[must_use]
    pub fn reaper(&self) -> Option<&dyn Reaper> {
        self.0.reaper()
    }

    /// Whether both are handles of one watcher.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        core::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0))
    }

    /// The implementation itself, for those who know what it is.
    #[must_use]
    pub fn as_any(&self) -> &dyn Any {
        &*self.0
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("active", &self.is_active()).finish_non_exhaustive()
    }
}
