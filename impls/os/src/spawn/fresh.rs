//! How is a process made by `clone3`, and what becomes of it if its program cannot be run?
//!
//! Its pidfd comes from the very call that makes it, so there is no moment in which its number could be taken for
//! another's. Until it runs its program it sends no signal when it ends, and is found by nobody who asks for any child:
//! one that fails is seen only here.

use std::cell::Cell;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::ptr;

use anyloop::{ChildToken, Command, OsError, Pid, SpawnFailure, SpawnStep};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::inside::{self, Shared, Step};
use super::plan::Plan;
use super::stack::Stack;
use super::streams::Streams;
use super::{Failed, held};
use crate::arch::clone3;
use crate::os_error;

/// The kernel's `struct clone_args`, as of Linux 5.7.
#[derive(Default)]
#[repr(C)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Puts the handlers of all signals back (Linux 5.5); `libc` has no name for it.
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;

/// What the process shares, and that this thread waits until it does not any more.
const FLAGS: u64 = (libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES | libc::CLONE_PIDFD) as u64;

/// Waits also for those that send no signal when they end.
const WALL: WaitIdOptions = WaitIdOptions::from_bits_retain(libc::__WALL as u32);

/// Starts a program.
pub(super) fn start(command: &Command, streams: &Streams) -> Result<ChildToken, Failed> {
    let plan = Plan::new(command, streams).map_err(Failed::Failure)?;
    let failed = |step, error| Failed::Failure(SpawnFailure::new(command, step, os_error(error)));
    let stack = Stack::take().map_err(|error| failed(SpawnStep::Process, error))?;
    let shared = Shared { plan: &plan, report: Cell::new(None) };
    let made = make(&shared, &stack);
    stack.give_back();
    let (pid, pidfd) = match made {
        Ok(made) => made,
        Err(error @ (Errno::NOSYS | Errno::PERM | Errno::INVAL)) => {
            return Err(Failed::Refused(os_error(error)));
        }
        Err(error) => return Err(failed(SpawnStep::Process, error)),
    };
    let Some((step, error)) = shared.report.get() else { return Ok(held::token(pid, Some(pidfd))) };
    // It has ended, or is about to.
    let _ = retry_on_intr(|| waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED | WALL));
    match step {
        Step::Table if matches!(error, libc::ENOSYS | libc::EPERM | libc::EINVAL) => {
            Err(Failed::Refused(OsError::from_raw(error)))
        }
        Step::Table => Err(failed(SpawnStep::Setting, Errno::from_raw_os_error(error))),
        Step::Known(step) => Err(failed(step, Errno::from_raw_os_error(error))),
    }
}

/// Makes the process, and waits until it runs its program or has failed to.
fn make(shared: &Shared<'_>, stack: &Stack) -> Result<(Pid, OwnedFd), Errno> {
    let (base, size) = stack.range();
    let mut pidfd = -1;
    let args = CloneArgs {
        flags: FLAGS | CLONE_CLEAR_SIGHAND,
        pidfd: (&raw mut pidfd).expose_provenance() as u64,
        stack: base.expose_provenance() as u64,
        stack_size: size as u64,
        ..CloneArgs::default()
    };
    // SAFETY: the arguments are whole, the stack is not in use, and this thread, which has `shared`, waits until the
    // process needs neither any more.
    let result = unsafe { clone3(&raw const args, inside::run, ptr::from_ref(shared).cast_mut().cast()) };
    match i32::try_from(result).ok().and_then(Pid::new) {
        // SAFETY: the kernel has opened it, close-on-exec, for this process.
        Some(pid) => Ok((pid, unsafe { OwnedFd::from_raw_fd(pidfd) })),
        None => Err(Errno::from_raw_os_error(-result as i32)),
    }
}
