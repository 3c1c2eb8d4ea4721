//! What there is for children on Unix systems other than Linux: their numbers.

use anyloop::{ChildToken, ExitStatus, PolicyError, Watcher};
use rustix::process::WaitId;

use crate::children::chosen;
use crate::children::collect::by_number;
use crate::{ThreadedChildWatcher, WatcherKind};

/// What a policy uses that is told to use `kind`.
pub(crate) fn in_use(kind: WatcherKind) -> Result<WatcherKind, PolicyError> {
    // There is one kind here, and names that mean nothing are refused all the same.
    chosen(kind).map(|_| WatcherKind::Threaded)
}

pub(crate) fn new_child_watcher(kind: WatcherKind) -> Result<Watcher, PolicyError> {
    in_use(kind)?;
    Ok(Watcher::new(ThreadedChildWatcher::new()))
}

/// By number: there is nothing better here.
pub(crate) fn wait_id(child: &ChildToken) -> WaitId<'_> {
    by_number(child.pid())
}

/// A child that somebody else has collected: nobody tells how it ended.
pub(crate) const fn lost_status(_: &ChildToken) -> ExitStatus {
    ExitStatus::Unknown
}
