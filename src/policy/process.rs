//! Which policy is in force in this process: the free functions and the guard, on the one slot.

use core::fmt;
use core::marker::PhantomData;

use super::Policy;
use super::slot::{Content, Slot};
use crate::PolicyError;
use crate::platform::ReadLock;

/// A default policy, as an implementation crate registers it.
#[derive(Debug)]
pub struct DefaultPolicy {
    /// The crate that registers it: errors name it.
    pub name: &'static str,
    /// Makes the policy, when it is first needed and after each
    /// [`set_event_loop_policy(None)`](set_event_loop_policy). It is called outside of every lock
    /// and must not look up the policy itself. If several threads need the default first, it may
    /// be called by each; all of them get one and the same policy, and the others are dropped.
    pub make: fn() -> Policy,
}

static SLOT: Slot<ReadLock<Content>> = Slot::new(ReadLock::new(Content::EMPTY));

/// Registers the default policy of an implementation crate. From any context, also before `main`.
///
/// For authors of implementation crates: call it when the crate is loaded, so that its users need
/// not. Registering the same `default` again does nothing; a second, different one makes
/// [`get_event_loop_policy`] answer [`PolicyError::TwoDefaults`] until a policy is set.
pub fn register_default_policy(default: &'static DefaultPolicy) {
    SLOT.register(default);
}

/// The policy in force in this process. From any context.
///
/// The default is made when it is first needed.
///
/// *Keeps* [`policy.same`](crate::rules::policy::SAME), [`policy.set`](crate::rules::policy::SET).
///
/// # Errors
///
/// [`PolicyError::NoPolicy`] if none was set and no crate registered a default;
/// [`PolicyError::TwoDefaults`] if more than one did.
///
/// ```
/// use anyloop_os as _; // links a crate that registers a default
///
/// let policy = anyloop::get_event_loop_policy()?;
/// assert!(policy.is_same(&anyloop::get_event_loop_policy()?));
/// # Ok::<(), anyloop::PolicyError>(())
/// ```
#[inline]
pub fn get_event_loop_policy() -> Result<Policy, PolicyError> {
    SLOT.get()
}

/// Sets the policy of this process, and returns the one that was set. From any context.
///
/// `None` restores the default: the next look-up makes a new one. Inside the scope of a
/// [`PolicyGuard`] this lasts until the guard is dropped. The former policy keeps its loops and
/// its watcher, and running loops go on.
///
/// *Keeps* [`policy.set`](crate::rules::policy::SET), [`policy.reset`](crate::rules::policy::RESET),
/// [`policy.apart`](crate::rules::policy::APART),
/// [`policy.former`](crate::rules::policy::FORMER).
pub fn set_event_loop_policy(policy: Option<Policy>) -> Option<Policy> {
    SLOT.set(policy)
}

/// Overrides the policy of the process for a scope, and restores it at its end, also on a panic.
///
/// Guards nest. One that is dropped out of order takes out its own entry only. The override is
/// seen by the whole process; only the guard itself stays in its context.
///
/// *Keeps* [`policy.guard`](crate::rules::policy::GUARD).
///
/// ```
/// # use anyloop_os as _;
/// use anyloop::{PolicyGuard, get_event_loop_policy};
///
/// let before = get_event_loop_policy()?;
/// # struct Mine;
/// # impl anyloop::PolicyLayer for Mine {}
/// # let mine = anyloop::Policy::layered(before.clone(), Mine);
/// {
///     let _guard = PolicyGuard::new(mine.clone());
///     assert!(get_event_loop_policy()?.is_same(&mine));
/// }
/// assert!(get_event_loop_policy()?.is_same(&before));
/// # Ok::<(), anyloop::PolicyError>(())
/// ```
#[must_use = "the policy is restored as soon as the guard is dropped"]
pub struct PolicyGuard {
    id: u64,
    local: PhantomData<*mut ()>,
}

impl PolicyGuard {
    /// Puts `policy` in force until the guard is dropped.
    pub fn new(policy: Policy) -> Self {
        Self { id: SLOT.enter(policy), local: PhantomData }
    }
}

impl Drop for PolicyGuard {
    fn drop(&mut self) {
        SLOT.leave(self.id);
    }
}

impl fmt::Debug for PolicyGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyGuard({})", self.id)
    }
}
