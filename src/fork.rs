//! Which process is this? A forked child inherits the loops of its parent, and must leave them alone.
//!
//! Asking the system for the process's number costs a system call each time. Here a number is
//! advanced when a fork is noticed, and comparing with it costs a load.
//!
//! # For authors of loops
//!
//! Keep a [`ProcessStamp`] in both halves of a loop, and refuse when it is not current, before you
//! take a lock: in the child, a lock that another thread held stays locked for ever. Somebody
//! has to notice forks: `anyloop-os` does, with `pthread_atfork`, as soon as it has made a loop. A
//! loop that is used without it does the same, and calls [`after_fork_in_child`].

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::context;

/// The number of this process, among those that forked from one another. Zero is nobody's.
///
/// Only a child that has no other thread yet writes to it, so loads and stores are enough, and every
/// target has those.
static PROCESS: AtomicUsize = AtomicUsize::new(1);

/// The process in which something was made, told apart from those that it forked.
///
/// ```
/// use anyloop::ProcessStamp;
///
/// let made_in = ProcessStamp::current();
/// assert!(made_in.is_current()); // and in a forked child it is not
/// assert!(!ProcessStamp::NONE.is_current());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessStamp(usize);

impl ProcessStamp {
    /// No process: it is never current. For what is over.
    pub const NONE: Self = Self(0);

    /// This process.
    #[inline]
    #[must_use]
    pub fn current() -> Self {
        Self(PROCESS.load(Ordering::Relaxed))
    }

    /// Whether it is this process.
    #[inline]
    #[must_use]
    pub fn is_current(self) -> bool {
        self == Self::current()
    }
}

/// Tells this crate that the process is a forked child, on the thread that has forked.
///
/// Called by whoever notices forks, usually in the child's handler of `pthread_atfork`. It stores to
/// memory, tells the [running loop](crate::EventLoop::after_fork_in_child), and does nothing else,
/// so a signal handler may call it, too; a second call at once does no harm. It is for children that go
/// on with this program. One that replaces it at once, as
/// [`subprocess_exec`](crate::Loop::subprocess_exec) does, needs nothing.
///
/// Afterwards [stamps](ProcessStamp) of the parent are not current, no loop is running in the
/// calling context, and nothing is stored there: every [`PerContext`](crate::PerContext) is empty,
/// that of a policy with the current loop included. What the parent had stored is leaked rather
/// than dropped, since dropping may reach what both processes share, a file or a socket. A run that
/// was under way ends once the callback that forked returns. The context has another
/// [`ContextId`](crate::ContextId), so tasks of the parent are neither polled nor dropped. The
/// policy of the process stays.
///
/// *Keeps* [`fork.running`](crate::rules::fork::RUNNING),
/// [`fork.current`](crate::rules::fork::CURRENT).
///
/// A fork that nobody tells of, such as a bare `clone`, goes unnoticed. A lock of this crate that
/// another thread held during the fork stays locked in the child, as with those of std; they are held
/// for the copy of a pointer.
pub fn after_fork_in_child() {
    let next = PROCESS.load(Ordering::Relaxed).wrapping_add(1);
    PROCESS.store(if next == 0 { 1 } else { next }, Ordering::Relaxed);
    context::leave_parent();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_of_this_process_and_no_stamp_is_of_none() {
        let stamp = ProcessStamp::current();
        assert!(stamp.is_current());
        assert!(!ProcessStamp::NONE.is_current());
        assert_ne!(stamp, ProcessStamp::NONE);
    }
}
