//! How a loop is woken: through an eventfd that nobody ever reads.
//!
//! It is registered edge-triggered, so each write is one event, and the counter needs 2⁶⁴ writes
//! to fill up. It is made when a loop with a remote half first has to wait, right before anybody may
//! wake it.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use anyloop_turn::Wake;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// Stands for "there is no eventfd".
const NONE: RawFd = -1;

/// Writes to the eventfd, while there is one.
#[derive(Clone, Debug)]
pub(crate) struct EventFdWaker {
    fd: Arc<AtomicI32>,
}

impl EventFdWaker {
    pub(crate) fn new() -> Self {
        Self { fd: Arc::new(AtomicI32::new(NONE)) }
    }

    /// Makes the eventfd. It is the caller's, who says so before closing it.
    pub(crate) fn open(&self) -> Result<OwnedFd, Errno> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        self.fd.store(fd.as_raw_fd(), Ordering::Release);
        Ok(fd)
    }

    /// Forgets the eventfd, which is about to be closed.
    pub(crate) fn forget(&self) {
        self.fd.store(NONE, Ordering::Release);
    }
}

impl Wake for EventFdWaker {
    fn wake(&self) {
        let raw = self.fd.load(Ordering::Acquire);
        // Not called in a forked child, which would wake its parent's loop.
        if raw != NONE {
            // SAFETY: wakes come between a `prepare`, which made the eventfd, and the `close` that
            // frees it and waits for them.
            let fd = unsafe { BorrowedFd::borrow_raw(raw) };
            // It can fail only if the counter is full, and then the loop is awake.
            let _ = rustix::io::write(fd, &1_u64.to_ne_bytes());
        }
    }
}
