//! Who has ended, whoever started it?

use anyloop::{ExitStatus, Pid};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{WaitId, WaitIdOptions, WaitOptions, wait, waitid};

use crate::children::collect::decode;

/// Collects a child that has ended; `None` if there is none.
pub(super) fn collect() -> Option<(Pid, ExitStatus)> {
    let (pid, status) = retry_on_intr(|| wait(WaitOptions::NOHANG)).ok()??;
    Some((Pid::new(pid.as_raw_pid())?, decode(status)?))
}

/// Whether it is a child of this process, ended or not, that nobody has collected.
pub(super) fn is_there(child: &WaitId<'_>) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    !matches!(retry_on_intr(|| waitid(child.clone(), look)), Err(Errno::CHILD))
}
