//! What does a watcher offer that collects every child of the process, whoever started it?

use alloc::boxed::Box;
use core::any::Any;
use core::fmt;

use super::{ExitStatus, Pid};
use crate::platform::{Arc, share};

/// Collects the children that nobody has registered: for a program that adopts orphans, as the first
/// process of a container does.
///
/// A capability of some watchers: [`Watcher::reaper`](crate::Watcher::reaper) gives it. Other code of the
/// process that waits for a child of its own may find it gone, and asks here how it ended.
///
/// All methods may be called on any context, and hold no lock of the watcher's while the handler runs.
pub trait Reaper {
    /// Has `handler` told of each child that ended and that nobody had registered, and returns the handler
    /// there was. `None` has nobody told.
    ///
    /// *Keeps* [`reaper.told`](crate::rules::reaper::TOLD).
    fn set_stranger_handler(&self, handler: Option<StrangerHandler>) -> Option<StrangerHandler>;

    /// How a child has ended that nobody had registered, unless a handler was told of it; `None` if it has not
    /// ended, is not known, or was asked for before. How many are remembered is the watcher's affair.
    ///
    /// *Keeps* [`reaper.kept`](crate::rules::reaper::KEPT).
    fn take_status(&self, pid: Pid) -> Option<ExitStatus>;

    /// Says that a child is about to be started and registered, until the guard is dropped: whoever ends
    /// meanwhile may be registered still, and is a stranger only then.
    ///
    /// *Keeps* [`reaper.late`](crate::rules::reaper::LATE).
    fn begin_spawn(&self) -> SpawnGuard;
}

/// What is told of a child that nobody had registered: its number, and how it ended. It runs as a callback
/// of the loop that the watcher is attached to.
#[derive(Clone)]
pub struct StrangerHandler(Arc<dyn Fn(Pid, ExitStatus) + Send + Sync>);

impl StrangerHandler {
    /// A handler that calls `handler`.
    ///
    /// ```
    /// use anyloop::{ExitStatus, Pid, StrangerHandler};
    ///
    /// let handler = StrangerHandler::new(|pid, status| println!("orphan {pid} {status}"));
    /// handler.call(Pid::new(7).unwrap(), ExitStatus::Exited(0));
    /// ```
    pub fn new(handler: impl Fn(Pid, ExitStatus) + Send + Sync + 'static) -> Self {
        Self(share!(handler, dyn Fn(Pid, ExitStatus) + Send + Sync))
    }

    /// Tells it.
    pub fn call(&self, pid: Pid, status: ExitStatus) {
        (self.0)(pid, status);
    }
}

impl fmt::Debug for StrangerHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StrangerHandler")
    }
}

/// Says that a child is about to be started and registered, until it is dropped.
pub struct SpawnGuard(#[expect(dead_code, reason = "it is there to be dropped")] Box<dyn Any + Send>);

impl SpawnGuard {
    /// A guard that drops `guard` when it is dropped.
    pub fn new(guard: impl Any + Send) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for SpawnGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpawnGuard")
    }
}
