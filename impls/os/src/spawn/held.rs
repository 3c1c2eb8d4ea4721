//! What is a child held by? By a pidfd, or where there is none by its number.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use anyloop::{ChildHandle, ChildToken, OsError, Pid, RawChild};
use rustix::io::retry_on_intr;
use rustix::process::{WaitId, WaitIdOptions, waitid};

use crate::children::collect::by_number;

/// A pidfd.
struct ByPidfd(OwnedFd);

// SAFETY: the pidfd is owned, and stands for one process for ever.
unsafe impl ChildHandle for ByPidfd {
    fn raw(&self) -> Option<isize> {
        Some(self.0.as_raw_fd() as isize)
    }

    fn send_signal(&self, signal: i32) -> Result<(), OsError> {
        let fd = self.0.as_raw_fd();
        // SAFETY: the descriptor is open, and without further information the kernel reads no memory.
        sent(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, 0, 0) } == 0)
    }

    fn discard(&self) {
        discard(self, &WaitId::PidFd(self.0.as_fd()));
    }
}

/// A number, which is the child's own until it is collected.
struct ByNumber(Pid);

// SAFETY: it gives no handle of the system.
unsafe impl ChildHandle for ByNumber {
    fn raw(&self) -> Option<isize> {
        None
    }

    fn send_signal(&self, signal: i32) -> Result<(), OsError> {
        // SAFETY: the number is positive, so it means one process.
        sent(unsafe { libc::kill(self.0.get(), signal) } == 0)
    }

    fn discard(&self) {
        discard(self, &by_number(self.0));
    }
}

fn sent(done: bool) -> Result<(), OsError> {
    match std::io::Error::last_os_error().raw_os_error() {
        // One that is over does not notice.
        Some(error) if !done && error != libc::ESRCH => Err(OsError::from_raw(error)),
        _ => Ok(()),
    }
}

fn discard(child: &dyn ChildHandle, wait_id: &WaitId<'_>) {
    // If it may not be killed, it is waited for all the same: it is ours.
    let _ = child.send_signal(libc::SIGKILL);
    let _ = retry_on_intr(|| waitid(wait_id.clone(), WaitIdOptions::EXITED));
}

/// The child `pid`, held by a pidfd if there is one.
pub(crate) fn token(pid: Pid, pidfd: Option<OwnedFd>) -> ChildToken {
    let handle = match pidfd {
        Some(fd) => RawChild::new(ByPidfd(fd)),
        None => RawChild::new(ByNumber(pid)),
    };
    ChildToken::new(pid, handle)
}
