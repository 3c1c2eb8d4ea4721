//! What there is on systems that are not done yet: honest refusals.

use anyloop::{Loop, PolicyError, Watcher};

use crate::WatcherKind;

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Err(PolicyError::Unsupported("event loops on this system yet"))
}

pub(crate) fn new_child_watcher(_: WatcherKind) -> Result<Watcher, PolicyError> {
    Err(PolicyError::Unsupported("child watchers on this system"))
}

pub(crate) fn is_main_thread() -> bool {
    false
}
