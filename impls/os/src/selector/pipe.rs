//! How is a loop woken on any Unix? Through a pipe, which is emptied each time.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::pipe::pipe;

/// Whether it has to be read now and then.
pub(crate) const FILLS_UP: bool = true;

/// The two ends.
#[derive(Debug)]
pub(crate) struct Ends {
    reader: OwnedFd,
    writer: OwnedFd,
}

pub(crate) fn open() -> Result<Ends, Errno> {
    // Not every system makes it so in one call.
    let (reader, writer) = pipe()?;
    for end in [&reader, &writer] {
        fcntl_setfd(end, FdFlags::CLOEXEC)?;
        fcntl_setfl(end, OFlags::NONBLOCK)?;
    }
    Ok(Ends { reader, writer })
}

impl Ends {
    /// The end that becomes readable.
    pub(crate) const fn reader(&self) -> &OwnedFd {
        &self.reader
    }

    /// The end that is written.
    pub(crate) const fn writer(&self) -> &OwnedFd {
        &self.writer
    }

    /// Has it not be readable any more.
    pub(crate) fn quieten(&self) {
        let mut bytes = [0; 1024];
        while matches!(rustix::io::read(&self.reader, &mut bytes), Ok(1..) | Err(Errno::INTR)) {}
    }
}

/// Makes the other end readable. A signal handler may do it.
pub(crate) fn write(fd: BorrowedFd<'_>) {
    // It fails if the pipe is full, and then the other end is readable.
    let _ = rustix::io::write(fd, &[1]);
}
