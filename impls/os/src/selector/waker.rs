//! How a loop is woken: by a descriptor that other threads write to.
//!
//! It is made when a loop with a remote half first has to wait, right before anybody may wake it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use anyloop::Trigger;
use anyloop_turn::Wake;
use rustix::io::Errno;

use super::poller::Poller;
use crate::{System, wire};

/// Stands for "there is none".
const NONE: RawFd = -1;

/// Writes to the descriptor, while there is one.
#[derive(Clone, Debug)]
pub(crate) struct Waker {
    fd: Arc<AtomicI32>,
}

/// What a wait ends with: the loop's side of the waker.
#[derive(Debug)]
pub(crate) struct Woken(wire::Ends);

impl AsFd for Woken {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.reader().as_fd()
    }
}

impl Woken {
    pub(crate) fn new() -> Result<Self, Errno> {
        wire::open().map(Self)
    }

    /// What is to be [rung](ring).
    pub(crate) fn writer(&self) -> RawFd {
        self.0.writer().as_raw_fd()
    }

    /// How it is to be watched.
    pub(crate) const TRIGGER: Trigger = if System::TELLS_EDGES { Trigger::Edge } else { Trigger::Level };

    /// Makes it ready to be written again, if it has to be.
    pub(crate) fn quieten(&self) {
        if wire::FILLS_UP || !System::TELLS_EDGES {
            self.0.quieten();
        }
    }
}

/// Makes the other end readable. A signal handler may do it.
pub(crate) fn ring(writer: BorrowedFd<'_>) {
    wire::write(writer);
}

impl Waker {
    pub(crate) fn new() -> Self {
        Self { fd: Arc::new(AtomicI32::new(NONE)) }
    }

    /// Makes the descriptors. They are the caller's, who says so before closing them.
    pub(crate) fn open(&self) -> Result<Woken, Errno> {
        let woken = Woken::new()?;
        self.fd.store(woken.writer(), Ordering::Release);
        Ok(woken)
    }

    /// Forgets the descriptor, which is about to be closed.
    pub(crate) fn forget(&self) {
        self.fd.store(NONE, Ordering::Release);
    }
}

impl Wake for Waker {
    fn wake(&self) {
        let raw = self.fd.load(Ordering::Acquire);
        // Not called in a forked child, which would wake its parent's loop.
        if raw != NONE {
            // SAFETY: wakes come between a `prepare`, which made the descriptor, and the `close` that
            // frees it and waits for them.
            let fd = unsafe { BorrowedFd::borrow_raw(raw) };
            ring(fd);
        }
    }
}
