//! How it is noticed that the process forked.
//!
//! `fork` itself calls a hook in the child, which tells `anyloop`. A forked child shares the kernel
//! objects of its parent's loops: it would take events from the same epoll and wake the parent.

use std::sync::Once;

use anyloop::{ProcessStamp, after_fork_in_child};

use crate::leave_to_parent;

extern "C" fn in_child() {
    after_fork_in_child();
    leave_to_parent();
}

/// This process, whose forks are noticed from now on.
pub(crate) fn this_process() -> ProcessStamp {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // SAFETY: `in_child` only stores to memory, which is allowed after a fork. If the hook
        // cannot be set, for lack of memory, forks go unnoticed and nothing else changes.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    ProcessStamp::current()
}
