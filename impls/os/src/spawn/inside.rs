//! What does a new process do before it runs its program?
//!
//! It shares the memory of the one that made it, whose calling thread waits meanwhile; the other threads go on. So it
//! does nothing that any of them could notice, or wait for:
//!
//! | step | why it is safe in shared memory |
//! | --- | --- |
//! | it runs on a stack that nobody else uses | `stack.rs` |
//! | it allocates nothing, takes no lock, calls no function of the C library | a thread that holds the lock may be in the middle of a change, and `errno` is the waiting thread's |
//! | it reads the plan, and writes the report | both belong to the waiting thread, which does not touch them meanwhile |
//! | no handler of a signal runs | `CLONE_CLEAR_SIGHAND` has put all of them back in this process alone |
//! | `close_range` comes first | the table of descriptors is shared until `CLOSE_RANGE_UNSHARE` gives this process one of its own; what is not for it is not even copied |
//! | `dup3`, `openat`, `setsid`, `setpgid`, `chdir`, `umask`, `prlimit64`, `rt_sigaction`, `rt_sigprocmask` | each changes what belongs to this process alone: neither `CLONE_FS` nor `CLONE_SIGHAND` nor `CLONE_THREAD` is set |
//! | `execve` ends the sharing, and lets the waiting thread go on | the kernel does that in this order |
//! | if it fails, the report says where and why, and `exit` ends this process | without the C library's handlers, and without flushing anything |

use std::cell::Cell;
use std::ffi::c_void;

use anyloop::SpawnStep;

use super::plan::{Move, Plan};
use crate::arch::call;

/// What the process and the one that made it share.
pub(super) struct Shared<'a> {
    pub(super) plan: &'a Plan,
    /// What failed; untouched if the program runs.
    pub(super) report: Cell<Option<(Step, i32)>>,
}

/// What can fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Getting a table of descriptors of its own.
    Table,
    /// Whatever users know.
    Known(SpawnStep),
}

/// For the kernel to read.
fn address<T>(pointer: *const T) -> usize {
    pointer.expose_provenance()
}

/// A failed call.
struct Failed(Step, i32);

/// Makes a system call, which belongs to that step.
fn try_call(step: SpawnStep, number: libc::c_long, args: [usize; 4]) -> Result<usize, Failed> {
    // SAFETY: each call below is given numbers, or pointers into the plan, whose strings end with a zero.
    let result = unsafe { call(number, args) };
    usize::try_from(result).map_err(|_| Failed(Step::Known(step), -result as i32))
}

/// The new process, from its first to its last instruction of ours.
///
/// # Safety
///
/// `shared` is a [`Shared`] that the waiting thread does not touch.
pub(super) unsafe extern "C" fn run(shared: *mut c_void) -> ! {
    // SAFETY: as the caller promises.
    let shared = unsafe { &*shared.cast::<Shared<'_>>() };
    let Failed(step, error) = prepare(shared.plan).err().unwrap_or_else(|| execute(shared.plan));
    shared.report.set(Some((step, error)));
    loop {
        let _ = try_call(SpawnStep::Process, libc::SYS_exit_group, [127, 0, 0, 0]);
    }
}

fn prepare(plan: &Plan) -> Result<(), Failed> {
    let above = plan.last as usize + 1;
    let unshare = libc::CLOSE_RANGE_UNSHARE as usize;
    try_call(SpawnStep::Setting, libc::SYS_close_range, [above, u32::MAX as usize, unshare, 0])
        .map_err(|Failed(_, error)| Failed(Step::Table, error))?;
    for (place, source) in plan.streams.iter().enumerate() {
        connect(place, *source)?;
    }
    if above > 3 {
        // The program does not get them. Marked here, they are closed when the waiting thread goes on already, which
        // costs it less; before Linux 5.11 nothing can be marked so.
        let close = |flags| try_call(SpawnStep::Setting, libc::SYS_close_range, [3, above - 1, flags, 0]);
        close(libc::CLOSE_RANGE_CLOEXEC as usize).or_else(|_| close(0))?;
    }
    if plan.new_session {
        try_call(SpawnStep::Setting, libc::SYS_setsid, [0; 4])?;
    }
    if let Some(group) = plan.process_group {
        try_call(SpawnStep::Setting, libc::SYS_setpgid, [0, group as usize, 0, 0])?;
    }
    if let Some(directory) = &plan.directory {
        try_call(SpawnStep::Directory, libc::SYS_chdir, [address(directory.as_ptr()), 0, 0, 0])?;
    }
    if let Some(mask) = plan.umask {
        try_call(SpawnStep::Setting, libc::SYS_umask, [mask as usize, 0, 0, 0])?;
    }
    for (resource, limit) in &plan.limits {
        let limit = address(limit.as_ptr());
        try_call(SpawnStep::Setting, libc::SYS_prlimit64, [0, *resource as usize, limit, 0])?;
    }
    // Rust's runtime ignores this one, and programs rely on it. All zeros is the default action, and no signal.
    let nothing = [0_u64; 4];
    let zeros = address(nothing.as_ptr());
    try_call(SpawnStep::Setting, libc::SYS_rt_sigaction, [libc::SIGPIPE as usize, zeros, 0, 8])?;
    try_call(SpawnStep::Setting, libc::SYS_rt_sigprocmask, [libc::SIG_SETMASK as usize, zeros, 0, 8])?;
    Ok(())
}

fn connect(place: usize, source: Move) -> Result<(), Failed> {
    let from = match source {
        Move::Keep => return Ok(()),
        Move::From(from) => from as usize,
        Move::Null => {
            let (here, null) = (libc::AT_FDCWD as usize, address(c"/dev/null".as_ptr()));
            try_call(SpawnStep::Stream, libc::SYS_openat, [here, null, libc::O_RDWR as usize, 0])?
        }
    };
    if from == place {
        // The place was free, so the null device is there already.
        return Ok(());
    }
    try_call(SpawnStep::Stream, libc::SYS_dup3, [from, place, 0, 0])?;
    if let Move::Null = source {
        try_call(SpawnStep::Stream, libc::SYS_close, [from, 0, 0, 0])?;
    }
    Ok(())
}

/// Runs the program, from the first place where it is. Returns only if there is none.
fn execute(plan: &Plan) -> Failed {
    let mut worst = libc::ENOENT;
    for candidate in plan.candidates() {
        let args = [address(*candidate), address(plan.argv.as_ptr()), address(plan.environment.as_ptr()), 0];
        match try_call(SpawnStep::Program, libc::SYS_execve, args) {
            // It may be in another place.
            Err(Failed(_, libc::ENOENT | libc::ENOTDIR)) | Ok(_) => {}
            Err(Failed(_, libc::EACCES)) => worst = libc::EACCES,
            Err(failed) => return failed,
        }
    }
    Failed(Step::Known(SpawnStep::Program), worst)
}
