//! How did a child end that somebody else has collected? Its pidfd still knows, where the kernel says so.

use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::ExitStatusExt;

use anyloop::{ChildToken, ExitStatus};
use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

/// What `PIDFD_GET_INFO` is asked, and answers: the first version of the kernel's `struct pidfd_info`.
#[repr(C)]
#[derive(Default)]
struct Info {
    /// What is wanted; then what there is.
    mask: u64,
    cgroup: u64,
    /// The numbers of the process, and of its users and groups.
    numbers: [u32; 11],
    /// As `wait` gives it.
    status: i32,
}

/// `PIDFD_INFO_EXIT`: known once the process is collected, since Linux 6.15.
const EXIT: u64 = 1 << 3;

const GET_INFO: Opcode = opcode::read_write::<Info>(0xff, 11);

/// How a child ended that is not there any more; unknown, if nobody tells.
pub(crate) fn lost_status(child: &ChildToken) -> ExitStatus {
    let known = child.raw().and_then(|raw| RawFd::try_from(raw).ok()).and_then(|fd| {
        // SAFETY: the token owns the descriptor, and is borrowed for as long.
        ask(unsafe { BorrowedFd::borrow_raw(fd) })
    });
    known.unwrap_or(ExitStatus::Unknown)
}

fn ask(pidfd: BorrowedFd<'_>) -> Option<ExitStatus> {
    let mut info = Info { mask: EXIT, ..Info::default() };
    // SAFETY: the number of the request carries the size of `Info`, so a kernel that knows the request writes
    // no more than that; one that does not know it answers with an error.
    unsafe { ioctl(pidfd, Updater::<GET_INFO, Info>::new(&mut info)) }.ok()?;
    if info.mask & EXIT == 0 {
        return None;
    }
    let status = std::process::ExitStatus::from_raw(info.status);
    let exited = status.code().map(ExitStatus::Exited);
    exited.or(status.signal().map(|signal| ExitStatus::Signaled { signal, core: status.core_dumped() }))
}
