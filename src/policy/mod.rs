//! Which loop runs here: the policy, and the process-wide place that holds it.
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | what does a policy decide? |
//! | `layer.rs` | how does a custom policy build on another? |
//! | `process.rs` | which policy is in force in this process? |
//! | `slot.rs` | where is it kept? |
//! | `ambient.rs` | what do the functions with asyncio's names do? |
//!
//! # For users
//!
//! Hand a [`Loop`] around where you can. The policy is for the rest: code that cannot be handed
//! one, and programs that choose a loop for libraries that they do not control.

mod ambient;
mod layer;
mod process;
mod slot;

use core::any::Any;
use core::fmt;

pub use ambient::{
    get_child_watcher, get_event_loop, new_event_loop, run, set_child_watcher, set_event_loop,
};
pub use layer::{Base, PolicyLayer};
pub use process::{
    DefaultPolicy, PolicyGuard, get_event_loop_policy, register_default_policy, set_event_loop_policy,
};

pub(crate) use slot::ReadWrite;

use crate::platform::{self, Arc, share};
use crate::{Loop, PolicyError, Watcher};

/// Decides which loop belongs to a context, how loops are made, and who watches children.
///
/// # For authors of policies
///
/// Most policies change one thing of another: write a [`PolicyLayer`] for that, and see
/// [`Policy::layered`]. Implement this trait for a policy from scratch.
///
/// Every method gets the outermost policy as `outer`: `self`, or a layer around it. Where one of
/// your methods needs another, call it on `outer`, so that what a layer overrides is used
/// ([`policy.outer`](crate::rules::policy::OUTER)); asyncio's base class does the same by virtual calls.
/// Keep what belongs to a context in a [`PerContext`](crate::PerContext), which is empty in a
/// forked child. Methods are called on any context and hold no lock of this crate.
///
/// One context is the *main* one: the process's main thread, or whichever your documentation says.
/// No function of this crate tells which. The one in which the policy is made is known by its
/// [`ContextId`](crate::ContextId), which the policy keeps and compares.
/// Loops are made by themselves there at most ([`policy.elsewhere`](crate::rules::policy::ELSEWHERE)),
/// and the child watcher follows the loop that is stored there.
pub trait EventLoopPolicy: Any + Send + Sync {
    /// The loop of the calling context, made first if this policy does so here.
    ///
    /// Called by [`get_event_loop`] when no loop is running in the context.
    ///
    /// *Keeps* [`policy.stored`](crate::rules::policy::STORED), [`policy.cleared`](crate::rules::policy::CLEARED),
    /// [`policy.context`](crate::rules::policy::CONTEXT), [`policy.outer`](crate::rules::policy::OUTER),
    /// [`policy.elsewhere`](crate::rules::policy::ELSEWHERE),
    /// [`policy.error`](crate::rules::policy::ERROR),
    /// [`policy.retry`](crate::rules::policy::RETRY), [`fork.current`](crate::rules::fork::CURRENT).
    ///
    /// # Errors
    ///
    /// [`PolicyError::NoCurrentLoop`] where there is none and none is made; what
    /// [`new_event_loop`](Self::new_event_loop) reports.
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError>;

    /// Makes `lp` the loop of the calling context; `None` leaves it without one.
    ///
    /// Neither starts, stops nor closes anything, the displaced loop included. In the main context
    /// it first attaches the child watcher that the policy has, and makes none for that: see
    /// [`ChildWatcher::attach_loop`](crate::ChildWatcher::attach_loop).
    ///
    /// *Keeps* [`policy.stored`](crate::rules::policy::STORED), [`policy.cleared`](crate::rules::policy::CLEARED),
    /// [`policy.idle`](crate::rules::policy::IDLE),
    /// [`policy.attach`](crate::rules::policy::ATTACH),
    /// [`policy.aloof`](crate::rules::policy::ALOOF),
    /// [`policy.both`](crate::rules::policy::BOTH).
    ///
    /// # Errors
    ///
    /// Whatever the policy or its watcher refuses; then nothing has changed.
    fn set_event_loop(&self, outer: &dyn EventLoopPolicy, lp: Option<Loop>) -> Result<(), PolicyError>;

    /// Makes a loop: open, idle, like no other, and not stored anywhere.
    ///
    /// *Keeps* [`policy.new`](crate::rules::policy::NEW), [`fork.fresh`](crate::rules::fork::FRESH).
    ///
    /// # Errors
    ///
    /// [`PolicyError::Os`] where the system refuses a resource; then nothing has changed.
    fn new_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError>;

    /// The watcher that notices the end of children, the same one every time.
    ///
    /// *Keeps* [`policy.watcher`](crate::rules::policy::WATCHER),
    /// [`fork.reports`](crate::rules::fork::REPORTS).
    ///
    /// # Errors
    ///
    /// [`PolicyError::Unsupported`] is the default.
    fn get_child_watcher(&self, outer: &dyn EventLoopPolicy) -> Result<Watcher, PolicyError> {
        let _ = outer;
        Err(PolicyError::Unsupported("child watchers"))
    }

    /// Sets the watcher; `None` restores the policy's own. The former one is closed, unless it is
    /// the same. The new one is attached to nothing.
    ///
    /// *Keeps* [`policy.loose`](crate::rules::policy::LOOSE),
    /// [`policy.rewatch`](crate::rules::policy::REWATCH),
    /// [`policy.unwatch`](crate::rules::policy::UNWATCH).
    ///
    /// # Errors
    ///
    /// [`PolicyError::Unsupported`] is the default.
    fn set_child_watcher(
        &self,
        outer: &dyn EventLoopPolicy,
        watcher: Option<Watcher>,
    ) -> Result<(), PolicyError> {
        let _ = (outer, watcher);
        Err(PolicyError::Unsupported("child watchers"))
    }
}

/// A handle to a policy: `Send`, `Sync` and cheap to clone.
///
/// Its methods pass the policy itself as the outermost one.
#[derive(Clone)]
pub struct Policy(Arc<dyn EventLoopPolicy>);

impl Policy {
    /// Wraps a policy.
    pub fn new(policy: impl EventLoopPolicy) -> Self {
        Self(share!(policy, dyn EventLoopPolicy))
    }

    /// A policy that is `base` but for what `layer` overrides.
    ///
    /// ```
    /// # use anyloop_os as _;
    /// use anyloop::{Base, Loop, Policy, PolicyError, PolicyLayer};
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// /// Counts the loops that are made.
    /// struct Counting(AtomicU32);
    ///
    /// impl PolicyLayer for Counting {
    ///     fn new_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
    ///         self.0.fetch_add(1, Ordering::Relaxed);
    ///         base.new_event_loop()
    ///     }
    /// }
    ///
    /// let policy = Policy::layered(anyloop::get_event_loop_policy()?, Counting(AtomicU32::new(0)));
    /// let lp = policy.new_event_loop()?;
    /// # lp.close().unwrap();
    /// # Ok::<(), PolicyError>(())
    /// ```
    pub fn layered(base: Self, layer: impl PolicyLayer) -> Self {
        Self::new(layer::Layered::new(base, layer))
    }

    /// The loop of the calling context. See [`EventLoopPolicy::get_event_loop`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    pub fn get_event_loop(&self) -> Result<Loop, PolicyError> {
        self.0.get_event_loop(&*self.0)
    }

    /// Sets the loop of the calling context. See [`EventLoopPolicy::set_event_loop`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    pub fn set_event_loop(&self, lp: Option<Loop>) -> Result<(), PolicyError> {
        self.0.set_event_loop(&*self.0, lp)
    }

    /// Makes a loop. See [`EventLoopPolicy::new_event_loop`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    pub fn new_event_loop(&self) -> Result<Loop, PolicyError> {
        self.0.new_event_loop(&*self.0)
    }

    /// The policy's watcher. See [`EventLoopPolicy::get_child_watcher`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    pub fn get_child_watcher(&self) -> Result<Watcher, PolicyError> {
        self.0.get_child_watcher(&*self.0)
    }

    /// Sets the policy's watcher. See [`EventLoopPolicy::set_child_watcher`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    pub fn set_child_watcher(&self, watcher: Option<Watcher>) -> Result<(), PolicyError> {
        self.0.set_child_watcher(&*self.0, watcher)
    }

    /// Whether both are handles of one policy.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        core::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0))
    }

    /// The implementation itself, for those who know what it is.
    #[must_use]
    pub fn as_any(&self) -> &dyn Any {
        &*self.0
    }

    fn as_dyn(&self) -> &dyn EventLoopPolicy {
        &*self.0
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({:p})", Arc::as_ptr(&self.0))
    }
}

impl PolicyError {
    /// There is no loop in the calling context: for authors of policies.
    #[must_use]
    pub fn no_current_loop() -> Self {
        Self::NoCurrentLoop { context: platform::context_name() }
    }
}
