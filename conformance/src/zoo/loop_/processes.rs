//! How does the specimen start programs, and talk with them? By way of the standard library, with a thread
//! for whoever waits for a pipe.

use std::boxed::Box;
use std::ffi::OsStr;
use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use anyloop::{
    Capabilities, Command, LoopState, OsError, Pid, PipeReader, PipeWriter, Processes, ReadPipe,
    SpawnFailure, SpawnStep, Spawned, Stdio, WritePipe,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio, retry_on_intr};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::{Bug, Specimen};
use crate::world::threads;
use crate::world::unix::{opened, token_of};

/// So long a thread waits for a pipe before it looks whether anybody still cares.
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };

/// What a closed descriptor gives.
const EBADF: OsError = OsError::from_raw(9);

impl Specimen {
    pub(super) fn offer_processes<'l>(&'l self, capabilities: &mut Capabilities<'l>) {
        capabilities.processes = Some(self);
    }

    /// Starts the program with those streams.
    fn start(&self, command: &Command, streams: [process::Stdio; 3]) -> io::Result<process::Child> {
        let setting = command.setting();
        let mut std = process::Command::new(OsStr::from_bytes(command.get_program()));
        std.args(command.get_args().iter().map(|arg| OsStr::from_bytes(arg)));
        if let Some(directory) = &setting.current_dir {
            std.current_dir(OsStr::from_bytes(directory));
        }
        let [stdin, stdout, stderr] = streams;
        std.stdin(stdin).stdout(stdout).stderr(stderr).spawn()
    }
}

/// One stream: the program's end, and the loop's if it is a pipe.
struct Stream {
    theirs: OwnedFd,
    ours: Option<OwnedFd>,
}

fn null() -> io::Result<OwnedFd> {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").map(OwnedFd::from)
}

/// A stream that the program reads or writes; `inherited` is this process's.
fn stream(stdio: &Stdio, reads: bool, inherited: BorrowedFd<'_>) -> io::Result<Stream> {
    let theirs = match stdio {
        Stdio::Inherit => inherited.try_clone_to_owned()?,
        Stdio::Given(given) => opened(given)?,
        Stdio::Pipe => {
            let (reader, writer) = io::pipe()?;
            let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
            let (theirs, ours) = if reads { (reader, writer) } else { (writer, reader) };
            ioctl_fionbio(&ours, true)?;
            return Ok(Stream { theirs, ours: Some(ours) });
        }
        _ => null()?,
    };
    Ok(Stream { theirs, ours: None })
}

impl Processes for Specimen {
    fn spawn(&self, command: &Command) -> Result<Spawned, SpawnFailure> {
        if self.state.get() == LoopState::Closed || self.is_inherited() {
            return Err(SpawnFailure::new(command, SpawnStep::Command, EBADF));
        }
        let failure = |error: io::Error| {
            let error = OsError::from_raw(error.raw_os_error().unwrap_or_default());
            SpawnFailure::new(command, SpawnStep::Program, error)
        };
        let [stdin, stdout, stderr] = &command.setting().stdio;
        let stdin = stream(stdin, true, io::stdin().as_fd()).map_err(failure)?;
        let stdout = stream(stdout, false, io::stdout().as_fd()).map_err(failure)?;
        let stderr = match stderr {
            Stdio::Merged if !self.has(Bug::LosesComplaints) => {
                stdout.theirs.try_clone().map(|theirs| Stream { theirs, ours: None })
            }
            other => stream(other, false, io::stderr().as_fd()),
        }
        .map_err(failure)?;
        if let Some(ours) = stdin.ours.as_ref().filter(|_| self.has(Bug::PassesPipesOn)) {
            let _ = fcntl_setfd(ours, FdFlags::empty());
        }
        let streams = [stdin.theirs, stdout.theirs, stderr.theirs].map(process::Stdio::from);
        let started = self.start(command, streams).inspect_err(|_| {
            if self.has(Bug::SpendsOnFailures) {
                mem::forget(null());
            }
        });
        let pid = i32::try_from(started.map_err(failure)?.id()).ok().and_then(Pid::new);
        let pid = pid.ok_or(SpawnFailure::new(command, SpawnStep::Process, EBADF))?;
        let mut spawned = Spawned::from(token_of(pid));
        let mortal = self.has(Bug::EndsWithProgram).then_some(pid);
        let reader = |end: OwnedFd| PipeReader::new(Box::new(Pipe { mortal, ..Pipe::new(end) }));
        spawned.stdin = stdin.ours.map(|end| PipeWriter::new(Box::new(Pipe::new(end))));
        spawned.stdout = stdout.ours.map(reader);
        spawned.stderr = stderr.ours.map(reader);
        Ok(spawned)
    }
}

/// The loop's end of a pipe.
struct Pipe {
    end: Arc<OwnedFd>,
    /// Whether a thread waits for it.
    waits: Arc<AtomicBool>,
    /// The program with whose end it ends, for a loop that is sick.
    mortal: Option<Pid>,
}

impl Pipe {
    fn new(end: OwnedFd) -> Self {
        Self { end: Arc::new(end), waits: Arc::default(), mortal: None }
    }

    /// What came of a call of the system; if there is nothing to be had yet, a thread waits for `what`.
    fn answer(
        &self,
        cx: &Context<'_>,
        result: rustix::io::Result<usize>,
        what: PollFlags,
    ) -> Poll<Result<usize, OsError>> {
        match result {
            Err(Errno::AGAIN) => {
                let (end, waits, waker) = (self.end.clone(), self.waits.clone(), cx.waker().clone());
                if !waits.swap(true, Ordering::AcqRel) {
                    drop(threads::start(Box::new(move || wait(end, &waits, what, &waker))));
                }
                Poll::Pending
            }
            result => Poll::Ready(result.map_err(|error| OsError::from_raw(error.raw_os_error()))),
        }
    }
}

/// Waits until the pipe can be used, or nobody wants to.
fn wait(end: Arc<OwnedFd>, waits: &AtomicBool, what: PollFlags, waker: &Waker) {
    // The other owner is whoever reads or writes.
    while Arc::strong_count(&end) > 1 {
        let mut ends = [PollFd::from_borrowed_fd(end.as_fd(), what)];
        if retry_on_intr(|| poll(&mut ends, Some(&MOMENT))) != Ok(0) {
            break;
        }
    }
    drop(end);
    waits.store(false, Ordering::Release);
    waker.wake_by_ref();
}

impl ReadPipe for Pipe {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, OsError>> {
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let pid = self.mortal.and_then(|pid| rustix::process::Pid::from_raw(pid.get()));
        if pid.is_some_and(|pid| !matches!(waitid(WaitId::Pid(pid), peek), Ok(None))) {
            return Poll::Ready(Ok(0));
        }
        let read = retry_on_intr(|| rustix::io::read(&*self.end, &mut *buffer));
        self.answer(cx, read, PollFlags::IN)
    }
}

impl WritePipe for Pipe {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, OsError>> {
        let written = retry_on_intr(|| rustix::io::write(&*self.end, bytes));
        self.answer(cx, written, PollFlags::OUT)
    }
}
