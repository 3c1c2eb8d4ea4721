//! What there is on Unix systems other than Linux, so far: threads are known, and loops refused.

use anyloop::{Loop, PolicyError};

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Err(PolicyError::Unsupported("event loops on this system yet"))
}

pub(crate) fn is_main_thread() -> bool {
    // SAFETY: it takes nothing and only looks at the calling thread.
    unsafe { libc::pthread_main_np() != 0 }
}
