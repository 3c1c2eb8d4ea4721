//! How is a loop woken on Linux? Through an eventfd, whose counter needs 2⁶⁴ writes to fill up.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// Whether it has to be read now and then: not if each write is told of.
pub(crate) const FILLS_UP: bool = false;

/// Both ends, which are one.
#[derive(Debug)]
pub(crate) struct Ends(OwnedFd);

pub(crate) fn open() -> Result<Ends, Errno> {
    eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Ends)
}

impl Ends {
    /// The end that becomes readable.
    pub(crate) const fn reader(&self) -> &OwnedFd {
        &self.0
    }

    /// The end that is written.
    pub(crate) const fn writer(&self) -> &OwnedFd {
        &self.0
    }

    /// Has it not be readable any more.
    pub(crate) fn quieten(&self) {
        // It fails if there is nothing to be read.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

/// Makes the other end readable. A signal handler may do it.
pub(crate) fn write(fd: BorrowedFd<'_>) {
    // It can fail only if the counter is full, and then the loop is awake.
    let _ = rustix::io::write(fd, &1_u64.to_ne_bytes());
}
