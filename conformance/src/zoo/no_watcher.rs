//! What can be wrong with a child watcher where the kit has no children: nothing.

use anyloop::Watcher;

use super::Disease;

/// No disease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sick {}

/// No disease.
pub static DISEASES: &[Disease] = &[];

/// A watcher that refuses every child.
#[must_use]
pub fn watcher(_: Option<Sick>) -> Watcher {
    Watcher::new(crate::idle::Idle::new(crate::log::Log::new(), 0))
}
