//! How is a program started by std's means? With `posix_spawn`, or after a fork where more has to be set up than that
//! can do.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process;

use anyloop::{ChildToken, Command, OsError, Pid, ResourceLimit, Setting, SpawnFailure, SpawnStep};
use rustix::io::Errno;

use super::held;
use super::streams::Streams;
use crate::os_error;
use crate::pidfds::watcher;

/// Starts a program.
pub(super) fn start(command: &Command, streams: &Streams) -> Result<ChildToken, SpawnFailure> {
    let failed = |step, error| SpawnFailure::new(command, step, error);
    let setting = command.setting();
    let mut program = process::Command::new(OsStr::from_bytes(command.get_program()));
    program.args(command.get_args().iter().map(|arg| OsStr::from_bytes(arg)));
    let stream = |place| streams.for_std(place).map_err(|error| failed(SpawnStep::Stream, error));
    program.stdin(stream(0)?).stdout(stream(1)?).stderr(stream(2)?);
    set_up(&mut program, setting);
    // Nobody else knows of the child yet, so the number is still its own.
    match program.spawn() {
        Ok(child) => {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::new);
            let pid = pid.ok_or_else(|| failed(SpawnStep::Process, os_error(Errno::RANGE)))?;
            Ok(held::token(pid, watcher::open(pid).ok()))
        }
        Err(error) => Err(failed(step(setting, &error), number(&error))),
    }
}

/// Without a number it is std that refused: a NUL byte.
fn number(error: &io::Error) -> OsError {
    OsError::from_raw(error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()))
}

/// What has failed, as far as can be told.
fn step(setting: &Setting, error: &io::Error) -> SpawnStep {
    let directory = setting.current_dir.as_ref().map(|directory| OsStr::from_bytes(directory));
    match error.raw_os_error() {
        None => SpawnStep::Command,
        Some(libc::EAGAIN | libc::EMFILE | libc::ENFILE | libc::ENOMEM) => SpawnStep::Process,
        _ if directory.is_some_and(|directory| !std::path::Path::new(directory).is_dir()) => {
            SpawnStep::Directory
        }
        Some(libc::EPERM) => SpawnStep::Setting,
        _ => SpawnStep::Program,
    }
}

fn set_up(program: &mut process::Command, setting: &Setting) {
    if setting.env_clear {
        program.env_clear();
    }
    for (name, value) in &setting.env {
        let name = OsStr::from_bytes(name);
        match value {
            Some(value) => program.env(name, OsStr::from_bytes(value)),
            None => program.env_remove(name),
        };
    }
    if let Some(directory) = &setting.current_dir {
        program.current_dir(OsStr::from_bytes(directory));
    }
    if let Some(group) = setting.process_group {
        program.process_group(group);
    }
    if let Some(user) = setting.uid {
        program.uid(user);
    }
    if let Some(group) = setting.gid {
        program.gid(group);
    }
    let (new_session, umask, limits) = (setting.new_session, setting.umask, setting.limits.clone());
    if new_session || umask.is_some() || !limits.is_empty() {
        let set_up = move || before_exec(new_session, umask, &limits);
        // SAFETY: it only makes system calls, which is allowed after a fork.
        unsafe { program.pre_exec(set_up) };
    }
}

fn before_exec(new_session: bool, umask: Option<u32>, limits: &[ResourceLimit]) -> io::Result<()> {
    let check = |result: i32| if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    if new_session {
        // SAFETY: it takes nothing.
        check(unsafe { libc::setsid() })?;
    }
    if let Some(mask) = umask {
        // SAFETY: it cannot fail.
        unsafe { libc::umask(mask) };
    }
    for limit in limits {
        let values = libc::rlimit { rlim_cur: limit.soft, rlim_max: limit.hard };
        // SAFETY: it reads what it is given.
        check(unsafe { libc::setrlimit(limit.resource as _, &raw const values) })?;
    }
    Ok(())
}
