//! How a loop starts programs: with std's `Command`, and a pidfd for the child.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use anyloop::{ChildToken, Exec, OsError, Pid, Processes, StdioMode};
use rustix::io::Errno;

use super::watcher;
use crate::linux::os_error;

/// Starts programs, on any loop.
pub(crate) struct Spawner;

fn stdio(mode: StdioMode) -> Stdio {
    match mode {
        StdioMode::Null => Stdio::null(),
        _ => Stdio::inherit(),
    }
}

impl Processes for Spawner {
    fn spawn(&self, program: &Exec) -> Result<ChildToken, OsError> {
        let [stdin, stdout, stderr] = program.stdio().map(stdio);
        let spawned = Command::new(OsStr::from_bytes(program.program()))
            .args(program.args().iter().map(|arg| OsStr::from_bytes(arg)))
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn();
        let child = spawned.map_err(|error| {
            // Without a number it is std that refused: a NUL byte in a name or an argument.
            OsError::from_raw(error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()))
        })?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::new).ok_or(os_error(Errno::RANGE))?;
        // Nobody else knows of the child yet, so the number is still its own. Without a pidfd the
        // number has to do.
        Ok(watcher::open(pid).map_or_else(|_| ChildToken::from(pid), |fd| watcher::token(pid, fd)))
    }
}
