//! How a child's end is seen, and how its status is collected.
//!
//! Seeing leaves the child a zombie, so that its number stays its own; collecting frees both.

use anyloop::{ChildToken, ExitStatus, Pid};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, waitid};

use crate::processes::{lost_status, wait_id};

/// The child of that number.
pub(crate) fn by_number(pid: Pid) -> WaitId<'static> {
    // A `Pid` is positive, which is all that rustix asks for.
    rustix::process::Pid::from_raw(pid.get()).map_or(WaitId::All, WaitId::Pid)
}

fn decode(status: &WaitIdStatus) -> ExitStatus {
    if let Some(code) = status.exit_status() {
        ExitStatus::Exited(code)
    } else if let Some(signal) = status.terminating_signal() {
        ExitStatus::Signaled { signal, core: status.dumped() }
    } else {
        ExitStatus::Unknown
    }
}

/// Waits with `options`: `Ok(None)` if the child has not ended.
fn wait(child: &WaitId<'_>, options: WaitIdOptions) -> Result<Option<ExitStatus>, Errno> {
    loop {
        match waitid(child.clone(), WaitIdOptions::EXITED | options) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
            Ok(status) => return Ok(status.as_ref().map(decode)),
        }
    }
}

/// Blocks until the child has ended, without collecting it. Also returns if it is no child.
pub(crate) fn wait_for_end(child: &WaitId<'_>) {
    // The only other error is that it is no child, which `collect` will find as well.
    let _ = wait(child, WaitIdOptions::NOWAIT);
}

/// Whether the child has ended, or is no child of this process. Collects nothing.
pub(crate) fn has_ended(child: &WaitId<'_>) -> bool {
    wait(child, WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG) != Ok(None)
}

/// Collects the child; `None` if it has not ended. Of a child that is not there, because it never
/// was or because somebody else collected it, its token may know; else it is [`ExitStatus::Unknown`].
pub(crate) fn collect(child: &ChildToken) -> Option<ExitStatus> {
    wait(&wait_id(child), WaitIdOptions::NOHANG).unwrap_or_else(|_| Some(lost_status(child)))
}
