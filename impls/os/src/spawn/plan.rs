//! What has to be ready before there is a process? Everything that takes memory: the process has none of its own.

use std::env;
use std::ffi::{CString, OsString, c_char};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::{iter, ptr};

use anyloop::{Command, Setting, SpawnFailure, SpawnStep};
use rustix::io::Errno;

use super::streams::{Source, Streams};
use crate::os_error;

/// Where programs are looked for if nothing says where.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// What the new process reads. It is complete, and is not changed while the process uses it.
pub(super) struct Plan {
    /// Where the program may be, in order, unless it is its own path.
    found: Option<Pointers>,
    pub(super) argv: Pointers,
    pub(super) environment: Environment,
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
    /// All of them, one behind the other.
    _bytes: Vec<u8>,
}

impl Pointers {
    fn new<'a>(strings: impl Iterator<Item = &'a [u8]> + Clone) -> Result<Self, Errno> {
        let mut bytes = Vec::with_capacity(strings.clone().map(|string| string.len() + 1).sum());
        let mut count = 0;
        for string in strings {
            if string.contains(&0) {
                return Err(Errno::INVAL);
            }
            bytes.extend_from_slice(string);
            bytes.push(0);
            count += 1;
        }
        let mut pointers = Vec::with_capacity(count + 1);
        pointers.extend(bytes.split_inclusive(|byte| *byte == 0).map(|string| string.as_ptr().cast()));
        pointers.push(ptr::null());
        Ok(Self { pointers, _bytes: bytes })
    }

    fn of(strings: &[Vec<u8>]) -> Result<Self, Errno> {
        Self::new(strings.iter().map(Vec::as_slice))
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
        let argv = iter::once(command.get_program()).chain(command.get_args().iter().map(Vec::as_slice));
        let moved = |source: &Source| match source {
            Source::Inherited => Move::Keep,
            Source::Null => Move::Null,
            Source::Open(raw) => Move::From(*raw),
            Source::Merged => Move::From(1),
        };
        Ok(Self {
            found: candidates(command.get_program(), setting)?,
            argv: Pointers::new(argv)?,
            environment: Environment::new(setting)?,
            directory: setting.current_dir.as_deref().map(c_string).transpose()?,
            streams: streams.sources.each_ref().map(moved),
            last: streams.last(),
            new_session: setting.new_session,
            process_group: setting.process_group,
            umask: setting.umask,
            limits: setting.limits.iter().map(|it| (it.resource, [it.soft, it.hard])).collect(),
        })
    }

    /// The paths under which the program is looked for.
    pub(super) fn candidates(&self) -> &[*const c_char] {
        match &self.found {
            Some(Pointers { pointers, .. }) => &pointers[..pointers.len() - 1],
            None => &self.argv.pointers[..1],
        }
    }
}

/// The paths under which a program may be found that does not say where it is.
fn candidates(program: &[u8], setting: &Setting) -> Result<Option<Pointers>, Errno> {
    if program.is_empty() || program.contains(&b'/') {
        return Ok(None);
    }
    let changed = setting.env.iter().rfind(|(name, _)| name == b"PATH").map(|(_, value)| value.clone());
    let inherited = || env::var_os("PATH").filter(|_| !setting.env_clear).map(OsString::into_vec);
    let path = changed.unwrap_or_else(inherited).unwrap_or_else(|| DEFAULT_PATH.to_vec());
    let in_directory = |directory: &[u8]| match directory {
        // By tradition this is the working directory.
        b"" => program.to_vec(),
        _ => [directory, b"/", program].concat(),
    };
    let paths: Vec<_> = path.split(|byte| *byte == b':').map(in_directory).collect();
    Pointers::of(&paths).map(Some)
}

/// What the program finds in its environment.
pub(super) enum Environment {
    /// What is in this process's when the program is run. The kernel reads it, as it does for `posix_spawn`: whoever
    /// changes it on another thread meanwhile, which `set_var` forbids, gives the program a part of it, or none.
    Inherited,
    Changed(Pointers),
}

impl Environment {
    fn new(setting: &Setting) -> Result<Self, Errno> {
        if !setting.env_clear && setting.env.is_empty() {
            return Ok(Self::Inherited);
        }
        if setting.env.iter().any(|(name, _)| name.is_empty() || name.contains(&b'=')) {
            return Err(Errno::INVAL);
        }
        Pointers::of(&changed(setting)).map(Self::Changed)
    }

    pub(super) fn as_ptr(&self) -> *const *const c_char {
        unsafe extern "C" {
            static environ: *const *const c_char;
        }
        match self {
            // SAFETY: the C library has it, always, and a word is read in one piece.
            Self::Inherited => unsafe { (&raw const environ).read_volatile() },
            Self::Changed(variables) => variables.as_ptr(),
        }
    }
}

/// Names with values, of which the last word counts.
fn changed(setting: &Setting) -> Vec<Vec<u8>> {
    let join = |name: &[u8], value: &[u8]| [name, b"=", value].concat();
    let is_later = |name: &[u8], from: usize| setting.env[from..].iter().any(|(later, _)| later == name);
    let inherited = if setting.env_clear { None } else { Some(env::vars_os()) };
    let kept = inherited.into_iter().flatten().filter(|(name, _)| !is_later(name.as_bytes(), 0));
    let mut variables: Vec<_> = kept.map(|(name, value)| join(name.as_bytes(), value.as_bytes())).collect();
    for (at, (name, value)) in setting.env.iter().enumerate() {
        if let (Some(value), false) = (value, is_later(name, at + 1)) {
            variables.push(join(name, value));
        }
    }
    variables
}
