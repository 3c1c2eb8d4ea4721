//! What has to be ready before there is a process? Everything that takes memory: the process has none of its own.

use std::env;
use std::ffi::{CString, OsString, c_char};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr;

use anyloop::{Command, SpawnFailure, SpawnStep};
use rustix::io::Errno;

use super::streams::{Source, Streams};
use crate::linux::os_error;

/// Where programs are looked for if nothing says where.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// What the new process reads. It is complete, and is not changed while the process uses it.
pub(super) struct Plan {
    /// Where the program may be, in order.
    pub(super) candidates: Vec<CString>,
    pub(super) argv: Pointers,
    pub(super) envp: Pointers,
    pub(super) directory: Option<CString>,
    /// From where to which standard stream.
    pub(super) streams: [Move; 3],
    /// Nothing above is to be kept.
    pub(super) last: RawFd,
    pub(super) new_session: bool,
    pub(super) process_group: Option<i32>,
    pub(super) umask: Option<u32>,
    /// Resources, and soft and hard limits.
    pub(super) limits: Vec<(i32, [u64; 2])>,
}

/// How a standard stream is made.
#[derive(Clone, Copy)]
pub(super) enum Move {
    Keep,
    Null,
    From(RawFd),
}

/// C strings, as `execve` takes them.
pub(super) struct Pointers {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

impl Pointers {
    fn new(strings: Vec<CString>) -> Self {
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }

    pub(super) fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

fn c_string(bytes: &[u8]) -> Result<CString, Errno> {
    CString::new(bytes).map_err(|_| Errno::INVAL)
}

impl Plan {
    pub(super) fn new(command: &Command, streams: &Streams) -> Result<Self, SpawnFailure> {
        Self::make(command, streams)
            .map_err(|error| SpawnFailure::new(command, SpawnStep::Command, os_error(error)))
    }

    fn make(command: &Command, streams: &Streams) -> Result<Self, Errno> {
        let setting = command.setting();
        let (envp, path) = environment(command)?;
        let argv = [command.get_program()].into_iter().chain(command.get_args().iter().map(Vec::as_slice));
        let moved = |source: &Source| match source {
            Source::Inherited => Move::Keep,
            Source::Null => Move::Null,
            Source::Open(raw) => Move::From(*raw),
            Source::Merged => Move::From(1),
        };
        Ok(Self {
            candidates: candidates(command.get_program(), path.as_deref().unwrap_or(DEFAULT_PATH))?,
            argv: Pointers::new(argv.map(c_string).collect::<Result<_, _>>()?),
            envp: Pointers::new(envp),
            directory: setting.current_dir.as_deref().map(c_string).transpose()?,
            streams: streams.sources.each_ref().map(moved),
            last: streams.last(),
            new_session: setting.new_session,
            process_group: setting.process_group,
            umask: setting.umask,
            limits: setting.limits.iter().map(|it| (it.resource, [it.soft, it.hard])).collect(),
        })
    }
}

/// The paths under which a program may be found.
fn candidates(program: &[u8], path: &[u8]) -> Result<Vec<CString>, Errno> {
    if program.is_empty() || program.contains(&b'/') {
        return Ok(vec![c_string(program)?]);
    }
    let in_directory = |directory: &[u8]| match directory {
        // By tradition this is the working directory.
        b"" => c_string(program),
        _ => c_string(&[directory, b"/", program].concat()),
    };
    path.split(|byte| *byte == b':').map(in_directory).collect()
}

/// The program's environment, and the search path that is in it.
fn environment(command: &Command) -> Result<(Vec<CString>, Option<Vec<u8>>), Errno> {
    let setting = command.setting();
    let changes = &setting.env;
    let inherited = if setting.env_clear { None } else { Some(env::vars_os()) };
    let is_kept = |name: &OsString| !changes.iter().any(|(changed, _)| *changed == name.as_bytes());
    let mut variables: Vec<(Vec<u8>, Vec<u8>)> = inherited
        .into_iter()
        .flatten()
        .filter(|(name, _)| is_kept(name))
        .map(|(name, value)| (name.into_vec(), value.into_vec()))
        .collect();
    for (at, (name, value)) in changes.iter().enumerate() {
        // The last word counts.
        let is_last = !changes[at + 1..].iter().any(|(later, _)| later == name);
        if let (Some(value), true) = (value, is_last) {
            variables.push((name.clone(), value.clone()));
        }
    }
    let path = variables.iter().find(|(name, _)| name == b"PATH").map(|(_, value)| value.clone());
    let text = |(mut name, value): (Vec<u8>, Vec<u8>)| {
        // One that std would not give is not passed on either.
        name.reserve_exact(value.len() + 2);
        name.push(b'=');
        name.extend(value);
        CString::new(name).map_err(|_| Errno::INVAL)
    };
    Ok((variables.into_iter().map(text).collect::<Result<_, _>>()?, path))
}
