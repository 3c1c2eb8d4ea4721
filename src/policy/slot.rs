//! Where is the policy kept? In one slot, behind a lock that is held for a pointer's copy and never
//! while anybody's code runs: policies are made, cloned out, called and dropped outside of it.
//!
//! Which lock that is says the platform; `models.rs` takes loom's, which plays every interleaving.

use alloc::vec::Vec;

use super::{DefaultPolicy, Policy};
use crate::PolicyError;

#[cfg(all(test, loom))]
mod models;

/// A lock for what is read much and written hardly ever.
pub(crate) trait ReadWrite<T> {
    fn read<R>(&self, section: impl FnOnce(&T) -> R) -> R;
    fn write<R>(&self, section: impl FnOnce(&mut T) -> R) -> R;
}

/// One scope: what was set in it, and whose it is.
struct Scope {
    /// Zero for the process itself, else a guard's.
    id: u64,
    policy: Option<Policy>,
}

/// What is in a slot.
pub(super) struct Content {
    defaults: [Option<&'static DefaultPolicy>; 2],
    /// The scopes of the guards, the innermost last, above the process's own.
    guarded: Vec<Scope>,
    process: Scope,
    last_id: u64,
}

impl Content {
    pub(super) const EMPTY: Self =
        Self { defaults: [None; 2], guarded: Vec::new(), process: Scope { id: 0, policy: None }, last_id: 0 };

    fn top(&mut self) -> &mut Scope {
        self.guarded.last_mut().unwrap_or(&mut self.process)
    }

    fn current(&self) -> Option<&Policy> {
        self.guarded.last().unwrap_or(&self.process).policy.as_ref()
    }
}

/// A slot for a policy. Below what is set in it stands the default, which an implementation crate
/// registers when it is linked.
pub(super) struct Slot<L>(L);

impl<L: ReadWrite<Content>> Slot<L> {
    /// A slot behind `lock`, which holds [`Content::EMPTY`].
    pub(super) const fn new(lock: L) -> Self {
        Self(lock)
    }

    /// Adds a default, unless it is there already. Of those that differ, two are enough to complain.
    pub(super) fn register(&self, default: &'static DefaultPolicy) {
        self.0.write(|content| {
            for place in &mut content.defaults {
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

    /// The policy in force, made if it is the default's turn.
    #[inline]
    pub(super) fn get(&self) -> Result<Policy, PolicyError> {
        match self.0.read(|content| content.current().cloned()) {
            Some(policy) => Ok(policy),
            None => self.make_default(),
        }
    }

    #[cold]
    fn make_default(&self) -> Result<Policy, PolicyError> {
        let made = match self.0.read(|content| content.defaults) {
            [Some(default), None] => (default.make)(),
            [Some(first), Some(second)] => {
                return Err(PolicyError::TwoDefaults { first: first.name, second: second.name });
            }
            _ => return Err(PolicyError::NoPolicy),
        };
        // Another thread may have been faster; then its policy counts, and `made` is dropped out here.
        Ok(self.0.write(|content| content.top().policy.get_or_insert_with(|| made.clone()).clone()))
    }

    /// Sets what the innermost scope has, and gives what it had.
    pub(super) fn set(&self, policy: Option<Policy>) -> Option<Policy> {
        self.0.write(|content| core::mem::replace(&mut content.top().policy, policy))
    }

    /// Begins a scope, and names it.
    pub(super) fn enter(&self, policy: Policy) -> u64 {
        self.0.write(|content| {
            content.last_id += 1;
            content.guarded.push(Scope { id: content.last_id, policy: Some(policy) });
            content.last_id
        })
    }

    /// Ends the scope of that name, wherever it stands.
    pub(super) fn leave(&self, id: u64) {
        let left = self.0.write(|content| {
            let at = content.guarded.iter().position(|scope| scope.id == id)?;
            Some(content.guarded.remove(at))
        });
        drop(left);
    }
}
