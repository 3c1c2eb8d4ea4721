//! How does a loop wait for pipes? It is told of each edge, and whoever waits tries again.

use std::cell::Cell;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use anyloop::{
    Handle, Interest, OsError, PipeReader, PipeWriter, RawSource, ReadPipe, Readiness, Trigger, WritePipe,
};
use rustix::io::{Errno, read};

use super::quietly::write_quietly;
use crate::linux::epoll::Epoll;
use crate::linux::os_error;

/// A pipe's end, which does not block.
struct End {
    fd: OwnedFd,
    epoll: Rc<Epoll>,
    /// What the loop calls it, once it watches.
    source: Option<Handle>,
    waiting: Rc<Waiting>,
}

/// Who waits, if somebody does.
#[derive(Default)]
struct Waiting(Cell<Option<Waker>>);

impl Waiting {
    fn wake(&self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}

/// What the loop holds. If the loop is closed, whoever waits finds that out.
struct Told(Rc<Waiting>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.wake();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Before it is closed.
        if let Some(source) = self.source {
            self.epoll.remove(source);
        }
    }
}

/// The end that this process reads.
pub(super) fn reader(fd: OwnedFd, epoll: &Rc<Epoll>) -> PipeReader {
    PipeReader::new(Box::new(End::new(fd, epoll)))
}

/// The end that this process writes.
pub(super) fn writer(fd: OwnedFd, epoll: &Rc<Epoll>) -> PipeWriter {
    PipeWriter::new(Box::new(End::new(fd, epoll)))
}

impl End {
    fn new(fd: OwnedFd, epoll: &Rc<Epoll>) -> Self {
        Self { fd, epoll: epoll.clone(), source: None, waiting: Rc::default() }
    }

    fn poll(
        &mut self,
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
            if !self.epoll.is_open() {
                return Poll::Ready(Err(os_error(Errno::BADF)));
            }
            // Bound to a name, so that the former is dropped when the cell is in order.
            let former = self.waiting.0.replace(Some(cx.waker().clone()));
            drop(former);
            if self.source.is_none() {
                self.source = Some(self.watch(interest)?);
            }
            return Poll::Pending;
        }
    }

    /// Has the loop watch. What has become ready meanwhile is an edge, too.
    fn watch(&self, interest: Interest) -> Result<Handle, OsError> {
        let told = Told(self.waiting.clone());
        let raw = RawSource(self.fd.as_raw_fd() as isize);
        // SAFETY: `drop` removes the source before the end is closed.
        unsafe { self.epoll.add(raw, interest, Trigger::Edge, Rc::new(move |_| told.0.wake())) }
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
