//! What does a loop do in a forked child, and what does a child do to it?

use std::mem;

use anyloop::{CloseError, RunError};

use super::{Bug, Specimen};
use crate::zoo::fork::Wire;

impl Specimen {
    /// Whether it belongs to the process that forked this one.
    pub(super) fn is_inherited(&self) -> bool {
        !self.process.is_current()
    }

    /// What the children of a loop do to it that shares something with them; true if that stops it.
    pub(super) fn hear_children(&self) -> bool {
        if !self.wire.as_ref().is_some_and(Wire::rang) {
            return false;
        }
        if self.has(Bug::EmptiesParent) {
            drop((self.ready.take(), self.timers.take()));
        }
        self.has(Bug::StopsParent)
    }

    /// Lets the loop of the parent, if it has such a bug, know of what is done in a child.
    pub(super) fn reach_parent(&self, bug: Bug) {
        if let Some(wire) = self.wire.as_ref().filter(|_| self.is_inherited() && self.has(bug)) {
            wire.ring();
        }
    }

    /// Whether the callback that just ended has forked, and this is the child.
    pub(super) fn leaves_as_child(&self) -> bool {
        self.is_inherited() && !self.has(Bug::RunsOnInChild)
    }

    /// The end of a run, also in a forked child.
    pub(super) fn stay(&self) -> Result<(), RunError> {
        if self.leaves_as_child() { Err(RunError::WrongProcess) } else { Ok(()) }
    }

    /// Forgets what it holds: it is the parent's.
    pub(super) fn leave_to_parent(&self) {
        mem::forget((self.ready.take(), self.timers.take(), self.shared.clone()));
    }

    /// A run in a forked child.
    pub(super) fn run_in_child(&self) -> Result<(), RunError> {
        if self.has(Bug::FinishesInChild) {
            self.run_batch();
        }
        if self.has(Bug::RunsInChild) { Ok(()) } else { Err(RunError::WrongProcess) }
    }

    /// Closing in a forked child.
    pub(super) fn close_in_child(&self) -> Result<(), CloseError> {
        self.reach_parent(Bug::EmptiesParent);
        while self.has(Bug::WaitsInChild) {
            std::thread::park();
        }
        if self.has(Bug::ClosesInChild) { Ok(()) } else { Err(CloseError::WrongProcess) }
    }
}
