//! How does a loop wait for pipes? As long as somebody waits, and one turn longer: who reads much waits again.

use std::cell::Cell;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use anyloop::{
    Handle, Interest, OsError, PipeReader, PipeWriter, RawSource, ReadPipe, Readiness, Trigger, WritePipe,
};
use rustix::io::{Errno, read};

use super::quietly::write_quietly;
use crate::os_error;
use crate::selector::sources::Sources;

/// A pipe's end, which does not block.
struct End {
    fd: OwnedFd,
    sources: Rc<Sources>,
    waiting: Rc<Waiting>,
}

/// Who waits, if somebody does, and what the loop calls the pipe while it watches.
#[derive(Default)]
struct Waiting {
    waker: Cell<Option<Waker>>,
    source: Cell<Option<Handle>>,
}

impl Waiting {
    /// Wakes whoever waits, if anybody does.
    fn wake(&self) -> bool {
        self.waker.take().map(Waker::wake).is_some()
    }

    /// Has the loop watch no more.
    fn unwatch(&self, sources: &Sources) {
        if let Some(source) = self.source.take() {
            sources.remove(source);
        }
    }
}

/// What the loop holds. If the loop is closed, whoever waits finds that out.
struct Told {
    waiting: Rc<Waiting>,
    sources: Weak<Sources>,
}

impl Told {
    /// The pipe is ready. Whoever waited last may not wait again.
    fn see(&self) {
        if !self.waiting.wake() {
            self.sources.upgrade().inspect(|sources| self.waiting.unwatch(sources));
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.waiting.wake();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Before it is closed.
        self.waiting.unwatch(&self.sources);
    }
}

/// The end that this process reads.
pub(super) fn reader(fd: OwnedFd, sources: &Rc<Sources>) -> PipeReader {
    PipeReader::new(Box::new(End::new(fd, sources)))
}

/// The end that this process writes.
pub(super) fn writer(fd: OwnedFd, sources: &Rc<Sources>) -> PipeWriter {
    PipeWriter::new(Box::new(End::new(fd, sources)))
}

impl End {
    fn new(fd: OwnedFd, sources: &Rc<Sources>) -> Self {
        Self { fd, sources: sources.clone(), waiting: Rc::default() }
    }

    fn poll(
        &self,
        cx: &Context<'_>,
        interest: Interest,
        mut attempt: impl FnMut(&OwnedFd) -> Result<usize, Errno>,
    ) -> Poll<Result<usize, OsError>> {
        loop {
            match attempt(&self.fd) {
                Err(Errno::AGAIN) => {}
                Err(Errno::INTR) => continue,
                done => return Poll::Ready(done.map_err(os_error)),
            }
            if !self.sources.is_open() {
                return Poll::Ready(Err(os_error(Errno::BADF)));
            }
            // Bound to a name, so that the former is dropped when the cell is in order.
            let former = self.waiting.waker.replace(Some(cx.waker().clone()));
            drop(former);
            if self.waiting.source.get().is_none() {
                self.waiting.source.set(Some(self.watch(interest)?));
            }
            return Poll::Pending;
        }
    }

    /// Has the loop watch. What has become ready meanwhile is told of, too.
    fn watch(&self, interest: Interest) -> Result<Handle, OsError> {
        let told = Told { waiting: self.waiting.clone(), sources: Rc::downgrade(&self.sources) };
        let raw = RawSource(self.fd.as_raw_fd() as isize);
        // SAFETY: `drop` removes the source before the end is closed.
        unsafe { self.sources.add(raw, interest, Trigger::Level, Rc::new(move |_| told.see())) }
    }
}

impl ReadPipe for End {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, OsError>> {
        self.poll(cx, Interest::READABLE, |fd| read(fd, &mut *buffer))
    }
}

impl WritePipe for End {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, OsError>> {
        self.poll(cx, Interest::WRITABLE, |fd| write_quietly(fd, bytes))
    }
}
