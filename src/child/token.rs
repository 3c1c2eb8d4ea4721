//! Which child is meant: by a handle of the system where there is one, else by number.
//!
//! A number can be given to another process once the child has been collected; a pidfd, or a
//! process handle on Windows, cannot. So a token owns one if its maker had one.

use core::fmt;

use super::Pid;

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
    raw: Option<RawChild>,
}

impl ChildToken {
    /// The child `pid`, held by `raw`.
    #[must_use]
    pub const fn new(pid: Pid, raw: RawChild) -> Self {
        Self { pid, raw: Some(raw) }
    }

    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// The system's handle, if the token has one: a pidfd or a process handle.
    #[must_use]
    pub fn raw(&self) -> Option<isize> {
        self.raw.as_ref().map(|raw| raw.raw)
    }

    /// Takes the handle out, if there is one.
    #[must_use]
    pub const fn take_raw(&mut self) -> Option<RawChild> {
        self.raw.take()
    }
}

impl From<Pid> for ChildToken {
    /// By number alone: right as long as nobody else collects the child.
    fn from(pid: Pid) -> Self {
        Self { pid, raw: None }
    }
}

/// An owned handle of the system to a process.
pub struct RawChild {
    raw: isize,
    close: unsafe fn(isize),
}

impl RawChild {
    /// Owns `raw` and closes it with `close`.
    ///
    /// # Safety
    ///
    /// `raw` refers to a child, is owned by nobody else, and `close` may be called with it once,
    /// on any thread.
    #[must_use]
    pub const unsafe fn from_raw(raw: isize, close: unsafe fn(isize)) -> Self {
        Self { raw, close }
    }

    /// Gives up the ownership.
    #[must_use]
    pub const fn into_raw(self) -> isize {
        let raw = self.raw;
        core::mem::forget(self);
        raw
    }
}

impl Drop for RawChild {
    fn drop(&mut self) {
        // SAFETY: `from_raw` was promised that `close` may be called with it, and this is the once.
        unsafe { (self.close)(self.raw) }
    }
}

impl fmt::Debug for RawChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawChild({})", self.raw)
    }
}
