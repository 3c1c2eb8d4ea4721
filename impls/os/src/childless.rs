//! What there is for children where there is nothing: honest refusals.

use anyloop::{PolicyError, Watcher};

use crate::WatcherKind;

/// What a policy uses that is told to use `kind`.
pub(crate) fn in_use(_: WatcherKind) -> Result<WatcherKind, PolicyError> {
    Err(none_here())
}

pub(crate) fn new_child_watcher(_: WatcherKind) -> Result<Watcher, PolicyError> {
    Err(none_here())
}

fn none_here() -> PolicyError {
    PolicyError::Unsupported("child watchers on this system, or without the feature `process`")
}
