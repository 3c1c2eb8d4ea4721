//! What there is on Unix systems other than Linux, so far: the threaded child watcher.

use anyloop::{ChildToken, Loop, PolicyError, Watcher};
use rustix::process::WaitId;

use crate::unix::collect::by_number;
use crate::{ThreadedChildWatcher, WatcherKind};

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Err(PolicyError::Unsupported("event loops on this system yet"))
}

pub(crate) fn new_child_watcher(_: WatcherKind) -> Result<Watcher, PolicyError> {
    Ok(Watcher::new(ThreadedChildWatcher::new()))
}

pub(crate) fn is_main_thread() -> bool {
    // SAFETY: it takes nothing and only looks at the calling thread.
    unsafe { libc::pthread_main_np() != 0 }
}

/// By number: there is nothing better here.
pub(crate) fn wait_id(child: &ChildToken) -> WaitId<'_> {
    by_number(child.pid())
}
