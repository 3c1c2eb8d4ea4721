//! Which policy is in force in this process.
//!
//! One slot, behind a lock that is held for a pointer's copy and never while anybody's code runs:
//! policies are made, cloned out, called and dropped outside of it. Below the slot stands the
//! default, which an implementation crate registers when it is linked.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::Policy;
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

/// One scope: what was set in it, and whose it is.
struct Scope {
    /// Zero for the process itself, else a guard's.
    id: u64,
    policy: Option<Policy>,
}

struct Slot {
    defaults: [Option<&'static DefaultPolicy>; 2],
    /// The scopes of the guards, the innermost last, above the process's own.
    guarded: Vec<Scope>,
    process: Scope,
    last_id: u64,
}

impl Slot {
    fn top(&mut self) -> &mut Scope {
        self.guarded.last_mut().unwrap_or(&mut self.process)
    }

    fn current(&self) -> Option<&Policy> {
        self.guarded.last().unwrap_or(&self.process).policy.as_ref()
    }
}

static SLOT: ReadLock<Slot> = ReadLock::new(Slot {
    defaults: [None; 2],
    guarded: Vec::new(),
    process: Scope { id: 0, policy: None },
    last_id: 0,
});

/// Registers the default policy of an implementation crate. From any context, also before `main`.
///
/// For authors of implementation crates: call it when the crate is loaded, so that its users need
/// not. Registering the same `default` again does nothing; a second, different one makes
/// [`get_event_loop_policy`] answer [`PolicyError::TwoDefaults`] until a policy is set.
pub fn register_default_policy(default: &'static DefaultPolicy) {
    SLOT.write(|slot| {
        for place in &mut slot.defaults {
            match place {
                Some(known) if core::ptr::eq(*known, default) => return,
                Some(_) => {}
                None => {
                    *place = Some(default);
                    return;
                }
            }
        }
    });
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
    match SLOT.read(|slot| slot.current().cloned()) {
        Some(policy) => Ok(policy),
        None => make_default(),
    }
}

#[cold]
fn make_default() -> Result<Policy, PolicyError> {
    let made = match SLOT.read(|slot| slot.defaults) {
        [Some(default), None] => (default.make)(),
        [Some(first), Some(second)] => {
            return Err(PolicyError::TwoDefaults { first: first.name, second: second.name });
        }
        _ => return Err(PolicyError::NoPolicy),
    };
    // Another thread may have been faster; then its policy counts, and `made` is dropped out here.
    Ok(SLOT.write(|slot| slot.top().policy.get_or_insert_with(|| made.clone()).clone()))
}

/// Sets the policy of this process, and returns the one that was set. From any context.
///
/// `None` restores the default: the next look-up makes a new one. Inside the scope of a
/// [`PolicyGuard`] this lasts until the guard is dropped. The former policy keeps its loops and
/// its watcher, and running loops go on.
///
/// *Keeps* [`policy.set`](crate::rules::policy::SET), [`policy.reset`](crate::rules::policy::RESET),
/// [`policy.apart`](crate::rules::policy::APART).
pub fn set_event_loop_policy(policy: Option<Policy>) -> Option<Policy> {
    SLOT.write(|slot| core::mem::replace(&mut slot.top().policy, policy))
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
        let id = SLOT.write(|slot| {
            slot.last_id += 1;
            let id = slot.last_id;
            slot.guarded.push(Scope { id, policy: Some(policy) });
            id
        });
        Self { id, local: PhantomData }
    }
}

impl Drop for PolicyGuard {
    fn drop(&mut self) {
        let left = SLOT.write(|slot| {
            let at = slot.guarded.iter().position(|scope| scope.id == self.id)?;
            Some(slot.guarded.remove(at))
        });
        drop(left);
    }
}

impl fmt::Debug for PolicyGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyGuard({})", self.id)
    }
}
