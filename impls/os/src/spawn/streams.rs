//! What are a program's standard streams connected to? Pipes are made here, one end for each side.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use anyloop::{Command, OsError, SpawnFailure, SpawnStep, Stdio};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::os_error;

/// Above the standard streams, where nothing is put that the program is to have.
const ABOVE: RawFd = 3;

/// What the program finds in one place.
pub(super) enum Source {
    Inherited,
    Null,
    /// A descriptor above the standard streams that is open here: of a pipe of ours, or given.
    Open(RawFd),
    /// What is in the place of standard output.
    Merged,
}

/// The standard streams of one program.
pub(super) struct Streams {
    /// What the program has.
    pub(super) sources: [Source; 3],
    /// What this process has of pipes; they do not block.
    pub(super) ends: [Option<OwnedFd>; 3],
    /// Keeps open what the program is to have.
    _open: Vec<OwnedFd>,
}

impl Streams {
    pub(super) fn open(command: &Command) -> Result<Self, SpawnFailure> {
        let mut streams =
            Self { sources: [const { Source::Inherited }; 3], ends: [const { None }; 3], _open: Vec::new() };
        for (place, stdio) in command.setting().stdio.iter().enumerate() {
            streams
                .connect(place, stdio)
                .map_err(|(step, error)| SpawnFailure::new(command, step, os_error(error)))?;
        }
        Ok(streams)
    }

    fn connect(&mut self, place: usize, stdio: &Stdio) -> Result<(), (SpawnStep, Errno)> {
        let made = |error| (SpawnStep::Stream, error);
        self.sources[place] = match stdio {
            Stdio::Inherit => Source::Inherited,
            Stdio::Null => Source::Null,
            Stdio::Merged if place == 2 => Source::Merged,
            Stdio::Pipe => {
                let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(made)?;
                let (theirs, ours) = if place == 0 { (reader, writer) } else { (writer, reader) };
                let flags = fcntl_getfl(&ours).map_err(made)?;
                fcntl_setfl(&ours, flags | OFlags::NONBLOCK).map_err(made)?;
                self.ends[place] = Some(ours);
                let raw = theirs.as_raw_fd();
                let raw = if raw < ABOVE { self.lift(raw).map_err(made)? } else { raw };
                self._open.push(theirs);
                Source::Open(raw)
            }
            Stdio::Given(given) => match RawFd::try_from(given.raw().0) {
                Ok(raw) if raw >= ABOVE => Source::Open(raw),
                Ok(raw) if raw >= 0 => Source::Open(self.lift(raw).map_err(made)?),
                _ => return Err(made(Errno::BADF)),
            },
            _ => return Err((SpawnStep::Command, Errno::INVAL)),
        };
        Ok(())
    }

    /// Gives a low descriptor another number, for nothing else to be put in its place before it is moved.
    fn lift(&mut self, raw: RawFd) -> Result<RawFd, Errno> {
        // SAFETY: it is a pipe's, and owned by the caller, or was given, and is open for as long as the command lives.
        let fd = unsafe { BorrowedFd::borrow_raw(raw) };
        let lifted = fcntl_dupfd_cloexec(fd, ABOVE)?;
        let raw = lifted.as_raw_fd();
        self._open.push(lifted);
        Ok(raw)
    }

    /// The descriptors above this one are not for the program.
    pub(super) fn last(&self) -> RawFd {
        let open = self.sources.iter().filter_map(|source| match source {
            Source::Open(raw) => Some(*raw),
            _ => None,
        });
        open.max().unwrap_or(ABOVE - 1)
    }

    /// What std is to connect with that place.
    pub(super) fn for_std(&self, place: usize) -> Result<std::process::Stdio, OsError> {
        let copy = |raw: RawFd| -> Result<std::process::Stdio, OsError> {
            // SAFETY: it is open: one of the standard streams, or held here or by the command.
            let fd = unsafe { BorrowedFd::borrow_raw(raw) };
            Ok(File::from(fcntl_dupfd_cloexec(fd, 0).map_err(os_error)?).into())
        };
        match (&self.sources[place], &self.sources[1]) {
            (Source::Inherited, _) => Ok(std::process::Stdio::inherit()),
            (Source::Null, _) | (Source::Merged, Source::Null) => Ok(std::process::Stdio::null()),
            (Source::Open(raw), _) | (Source::Merged, Source::Open(raw)) => copy(*raw),
            (Source::Merged, _) => copy(1),
        }
    }
}
