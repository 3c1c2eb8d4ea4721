//! How is a driver set apart from the kit? Its answers go where nothing else is printed, and all that
//! it starts can be ended with it.

use std::boxed::Box;
use std::fs;
use std::io::Write;
use std::process::{self, Command};
use std::time::Duration;

use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};

use super::wait_until;

/// Where the standard output leads, for the answers of a driver alone: what is printed from now on
/// goes to the standard error.
pub(crate) fn take_stdout() -> Box<dyn Write + Send> {
    let taken = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3);
    match taken.and_then(|taken| rustix::stdio::dup2_stdout(rustix::stdio::stderr()).map(|()| taken)) {
        Ok(taken) => Box::new(fs::File::from(taken)),
        Err(_) => Box::new(std::io::stdout()),
    }
}

/// Has `command` lead a group of processes, so that [`end_group`] finds all that it starts.
pub(crate) fn lead_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    command.process_group(0);
}

/// Ends a process that leads a group, with the group, and leaves it to be collected. It may take
/// `grace` to end by itself.
pub(crate) fn end_group(child: &mut process::Child, grace: Duration) {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) else { return };
    let over = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    wait_until(grace, || !matches!(waitid(WaitId::Pid(pid), over), Ok(None)));
    // Uncollected, it keeps its number, which is the group's.
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}
