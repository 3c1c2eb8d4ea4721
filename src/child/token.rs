//! Which child is meant: by a handle of the system where there is one, else by number.
//!
//! A number can be given to another process once the child has been collected; a pidfd, or a
//! process handle on Windows, cannot. So a token shares one if its maker had one.

use core::fmt;

use super::Pid;
use crate::OsError;
use crate::platform::{Arc, share};

/// A child process, identified for a watcher.
///
/// ```
/// use anyloop::{ChildToken, Pid};
/// let token = ChildToken::from(Pid::new(42).unwrap());
/// assert_eq!(token.pid().get(), 42);
/// assert!(token.raw().is_none());
/// ```
#[derive(Debug)]
pub struct ChildToken {
    pid: Pid,
    handle: Option<RawChild>,
}

impl ChildToken {
    /// The child `pid`, held by `handle`.
    #[must_use]
    pub const fn new(pid: Pid, handle: RawChild) -> Self {
        Self { pid, handle: Some(handle) }
    }

    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// The system's number of its handle, if it has one: a pidfd or a process handle.
    #[must_use]
    pub fn raw(&self) -> Option<isize> {
        self.handle.as_ref().and_then(RawChild::raw)
    }

    /// What it is held by, if its maker had something.
    #[must_use]
    pub const fn handle(&self) -> Option<&RawChild> {
        self.handle.as_ref()
    }
}

impl From<Pid> for ChildToken {
    /// By number alone: right as long as nobody else collects the child.
    fn from(pid: Pid) -> Self {
        Self { pid, handle: None }
    }
}

/// What a spawner holds a child by.
///
/// # Safety
///
/// While it lives, what [`raw`](Self::raw) gives is open and stands for this child of this process, and for no
/// other that may get its number.
pub unsafe trait ChildHandle: Send + Sync {
    /// The system's handle, if there is one: a pidfd or a process handle.
    fn raw(&self) -> Option<isize>;

    /// Sends it a signal: never to another process, and to a child that has ended without effect.
    ///
    /// # Errors
    ///
    /// What the system answered: no such signal, or it may not be sent.
    fn send_signal(&self, signal: i32) -> Result<(), OsError>;

    /// Ends a child that nobody watches, and collects it. Waits until that is done.
    fn discard(&self);
}

/// A handle of the system to a child, shared by whoever needs it.
#[derive(Clone)]
pub struct RawChild(Arc<dyn ChildHandle>);

impl RawChild {
    /// Shares `handle`.
    #[must_use]
    pub fn new(handle: impl ChildHandle + 'static) -> Self {
        Self(share!(handle, dyn ChildHandle))
    }

    /// The system's number of it, if it has one.
    #[must_use]
    pub fn raw(&self) -> Option<isize> {
        self.0.raw()
    }

    /// See [`ChildHandle::send_signal`].
    ///
    /// # Errors
    ///
    /// The same.
    pub fn send_signal(&self, signal: i32) -> Result<(), OsError> {
        self.0.send_signal(signal)
    }

    /// See [`ChildHandle::discard`].
    pub fn discard(&self) {
        self.0.discard();
    }
}

impl fmt::Debug for RawChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawChild").field(&self.raw()).finish()
    }
}
