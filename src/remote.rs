//! What other threads, interrupts and wakers hold of a loop.

use core::any::Any;
use core::fmt;

use crate::platform::{Arc, share};
use crate::{Rejected, Runnable, SendCallback};

/// The half of a loop that may be used from everywhere.
///
/// # For authors of loops
///
/// Each method is one atomic try, so that callers need no check of their own: the work is
/// accepted, or it comes back. It takes no lock that the loop's context can hold while it runs
/// user code. Work that was accepted and is never run is dropped on the loop's context. The
/// methods may be called from an interrupt or a signal handler unless your documentation says
/// otherwise.
pub trait RemoteLoop: Any + Send + Sync {
    /// Arranges for `callback` to run on the loop's context, and wakes the loop if it sleeps.
    ///
    /// *Keeps* [`wake.once`](crate::rules::wake::ONCE), [`wake.fifo`](crate::rules::wake::FIFO),
    /// [`wake.local`](crate::rules::wake::LOCAL), [`wake.sleep`](crate::rules::wake::SLEEP),
    /// [`wake.early`](crate::rules::wake::EARLY), [`wake.closed`](crate::rules::wake::CLOSED).
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the callback back: [`Closed`](crate::RejectReason::Closed),
    /// [`Full`](crate::RejectReason::Full) on a loop of fixed capacity, or
    /// [`WrongProcess`](crate::RejectReason::WrongProcess)
    /// ([`fork.refuses`](crate::rules::fork::REFUSES)).
    fn call_soon(&self, callback: SendCallback) -> Result<(), Rejected<SendCallback>>;

    /// Arranges for a task that was woken to run, in one order with `call_soon`.
    ///
    /// A runnable carries the link of an intrusive queue ([`Runnable::into_link`]), so this
    /// needs no capacity and allocates nothing; it is never refused as
    /// [`Full`](crate::RejectReason::Full).
    ///
    /// *Keeps* [`future.wakes`](crate::rules::future::WAKES),
    /// [`future.fifo`](crate::rules::future::FIFO),
    /// [`future.later`](crate::rules::future::LATER).
    ///
    /// # Errors
    ///
    /// [`Rejected`] with [`Closed`](crate::RejectReason::Closed) or
    /// [`WrongProcess`](crate::RejectReason::WrongProcess).
    fn schedule(&self, task: Runnable) -> Result<(), Rejected<Runnable>>;

    /// Asks the loop to stop, and wakes it if it sleeps.
    ///
    /// It takes its place among the work: what the same caller had scheduled before runs first
    /// ([`wake.stop`](crate::rules::wake::STOP)), and the run returns at the end of the turn in which
    /// the loop comes to it. What is scheduled after it may still be in that turn, or be left to the
    /// next run; and if the run ends for another reason first, so may the stop. Harmless on a closed loop, and in a forked child
    /// ([`fork.parent`](crate::rules::fork::PARENT)).
    fn stop(&self);

    /// Whether the loop has been closed.
    ///
    /// *Keeps* [`wake.state`](crate::rules::wake::STATE).
    fn is_closed(&self) -> bool;

    /// Whether the caller is on the loop's own context.
    ///
    /// *Keeps* [`wake.owner`](crate::rules::wake::OWNER).
    fn is_owner(&self) -> bool;
}

/// A handle to the remote half of a loop: `Send`, `Sync` and cheap to clone.
///
/// It keeps the loop's queue alive but not the loop: on a closed or dropped loop everything is
/// rejected, and handed back.
///
/// ```
/// # use anyloop_os as _;
/// let lp = anyloop::new_event_loop()?;
/// let remote = lp.remote();
/// let thread = std::thread::spawn(move || {
///     remote.call_soon(|| println!("on the loop's thread")).unwrap();
///     remote.stop();
/// });
/// lp.run_forever()?;
/// # thread.join().unwrap();
/// lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Remote(Arc<dyn RemoteLoop>);

impl Remote {
    /// Wraps the remote half of a loop.
    pub fn new(remote: impl RemoteLoop) -> Self {
        Self(share!(remote, dyn RemoteLoop))
    }

    /// Arranges for `callback` to run on the loop's context. From any context.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the callback back.
    #[doc(alias = "call_soon_threadsafe")]
    #[inline]
    pub fn call_soon(&self, callback: impl Into<SendCallback>) -> Result<(), Rejected<SendCallback>> {
        self.0.call_soon(callback.into())
    }

    /// Arranges for a task that was woken to run. From any context; for authors of runtimes.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the task back.
    pub fn schedule(&self, task: Runnable) -> Result<(), Rejected<Runnable>> {
        self.0.schedule(task)
    }

    /// Asks the loop to stop, after what this caller has scheduled. From any context.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Whether the loop has been closed. From any context; it may be so a moment later.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Whether the caller is on the loop's own context.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.0.is_owner()
    }

    /// Whether both are remotes of one loop.
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

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
