//! What does a loop wait with? What each system has to offer, behind one trait.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use anyloop::{Interest, Trigger};
use rustix::io::Errno;

/// One way of waiting for many descriptors.
///
/// A descriptor is watched under a key, which whoever watches has chosen and never uses again: what the
/// system reports under a key is about what was watched under it, whatever has the descriptor's number by then.
pub(crate) trait Poller: Sized {
    /// What it is called in reports.
    const NAME: &str;

    /// Whether it knows [`Trigger::Edge`]. Otherwise it answers `EOPNOTSUPP`, and a waker has to be emptied.
    const TELLS_EDGES: bool;

    fn new() -> Result<Self, Errno>;

    /// Watches a descriptor that is not watched yet, or has reported what it was to report once.
    fn add(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, trigger: Trigger) -> Result<(), Errno>;

    /// Watches it for something else from now on. If this fails, nothing has changed.
    fn modify(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, trigger: Trigger)
    -> Result<(), Errno>;

    /// Watches it no more. It can fail only if it was closed before, and then it may still be reported.
    fn remove(&self, fd: BorrowedFd<'_>, key: u64) -> Result<(), Errno>;

    /// Has what comes from a waker reported under `key`: by edges, if it can.
    fn listen(&self, waker: BorrowedFd<'_>, key: u64) -> Result<(), Errno>;

    /// Waits until something is ready, or until about the time is up; `None` is for ever. A signal or the
    /// system's slack may end the wait early, with nothing.
    fn wait(&self, timeout: Option<Duration>, see: impl FnMut(Report)) -> Result<(), Errno>;
}

/// What the system says about one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) key: u64,
    /// For what it is ready, asked for or not. An end or a failure is both.
    pub(crate) seen: Interest,
}
