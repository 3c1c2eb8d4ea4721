//! How is a pipe written that nobody may read any more? So that the error says it, and not a signal, which ends a
//! process that has not arranged itself with it.
//!
//! Rust's runtime ignores SIGPIPE, but a loop also runs in programs of other languages. The signal is the writing
//! thread's, and comes at once: it is blocked for that long, and taken away if it came.

use std::mem;
use std::os::fd::OwnedFd;
use std::ptr;

use rustix::io::{Errno, write};

/// Writes some of the bytes.
pub(super) fn write_quietly(fd: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
    let blocked = Blocked::new();
    let written = write(fd, bytes);
    if written == Err(Errno::PIPE) {
        blocked.take_away();
    }
    written
}

/// Keeps the signal from this thread until it is dropped.
struct Blocked {
    signal: libc::sigset_t,
    former: libc::sigset_t,
    /// Whether it had come before, so that it is not ours.
    had_come: bool,
}

impl Blocked {
    fn new() -> Self {
        // SAFETY: all of a signal set may be zero, and the calls only write to what they are given. They can fail only for
        // a number that is no signal.
        unsafe {
            let (mut signal, mut former, mut pending): (libc::sigset_t, libc::sigset_t, libc::sigset_t) =
                mem::zeroed();
            libc::sigemptyset(&raw mut signal);
            libc::sigaddset(&raw mut signal, libc::SIGPIPE);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signal, &raw mut former);
            // It can wait only where it was blocked already.
            let had_come = libc::sigismember(&raw const former, libc::SIGPIPE) == 1
                && libc::sigpending(&raw mut pending) == 0
                && libc::sigismember(&raw const pending, libc::SIGPIPE) == 1;
            Self { signal, former, had_come }
        }
    }

    /// Takes a signal away that has come since.
    fn take_away(&self) {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        if !self.had_come {
            // SAFETY: it reads what it is given, and does not wait.
            unsafe { libc::sigtimedwait(&raw const self.signal, ptr::null_mut(), &raw const at_once) };
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is the one that was in force.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.former, ptr::null_mut()) };
    }
}
