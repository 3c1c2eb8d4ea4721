//! What there is on systems that are not done yet: honest refusals.

use anyloop::{Loop, PolicyError};

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Err(PolicyError::Unsupported("event loops on this system yet"))
}

pub(crate) fn is_main_thread() -> bool {
    false
}
