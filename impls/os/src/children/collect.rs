//! How a child's end is seen, and how its status is collected.
//!
//! Seeing leaves the child a zombie, so that its number stays its own; collecting frees both.

use anyloop::{ChildToken, ExitStatus, Pid};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, WaitStatus, waitid, waitpid};

use crate::processes::{lost_status, wait_id};

/// The child of that number.
pub(crate) fn by_number(pid: Pid) -> WaitId<'static> {
    // A `Pid` is positive, which is all that rustix asks for.
    rustix::process::Pid::from_raw(pid.get()).map_or(WaitId::All, WaitId::Pid)
}

fn decode_id(status: &WaitIdStatus) -> ExitStatus {
    if let Some(code) = status.exit_status() {
        ExitStatus::Exited(code)
    } else if let Some(signal) = status.terminating_signal() {
        ExitStatus::Signaled { signal, core: status.dumped() }
    } else {
        ExitStatus::Unknown
    }
}

/// How a child has ended, of whom `waitpid` says something; `None` if it has not, since whoever traces a
/// child is told also when it stops.
pub(crate) fn decode(status: WaitStatus) -> Option<ExitStatus> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Some(ExitStatus::Exited(code)),
        (_, Some(signal)) => Some(ExitStatus::Signaled { signal, core: libc::WCOREDUMP(status.as_raw()) }),
        _ => None,
    }
}

/// Waits with `options`: `Ok(None)` if the child has not ended.
fn wait(child: &WaitId<'_>, options: WaitIdOptions) -> Result<Option<ExitStatus>, Errno> {
    loop {
        match waitid(child.clone(), WaitIdOptions::EXITED | options) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
            Ok(status) => return Ok(status.as_ref().map(decode_id)),
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
    let collected = match wait_id(child) {
        // Of the two calls, this one writes less.
        WaitId::Pid(pid) => retry_on_intr(|| waitpid(Some(pid), WaitOptions::NOHANG))
            .map(|ended| ended.and_then(|(_, status)| decode(status))),
        other => wait(&other, WaitIdOptions::NOHANG),
    };
    collected.unwrap_or_else(|_| Some(lost_status(child)))
}
