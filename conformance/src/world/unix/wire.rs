//! What is a pair of connected sockets? One of them the source keeps, and the kit has both.

use std::boxed::Box;
use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;

use anyloop::{AnySource, Handle, Interest, OsError, RawSource, Readiness, Trigger};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::world::Ends;
use crate::zoo::loop_::Specimen;

struct Pair {
    near: Arc<UnixStream>,
    far: Option<UnixStream>,
}

/// Two sockets that are connected with one another.
pub(super) fn connect() -> io::Result<(AnySource, Box<dyn Ends>)> {
    let (near, far) = UnixStream::pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    let near = Arc::new(near);
    Ok((AnySource::new(near.clone()), Box::new(Pair { near, far: Some(far) })))
}

/// Reads all that there is.
fn empty(mut socket: &UnixStream) -> usize {
    let mut buffer = [0; 4096];
    let mut bytes = 0;
    while let Ok(more @ 1..) = socket.read(&mut buffer) {
        bytes += more;
    }
    bytes
}

impl Ends for Pair {
    fn feed(&self) {
        // After the end of the other there is nobody to tell.
        let _ = self.far.as_ref().map(|mut far| far.write_all(b"x"));
    }

    fn drain(&self) -> usize {
        empty(&self.near)
    }

    fn clog(&self) {
        while matches!((&*self.near).write(&[0; 4096]), Ok(1..)) {}
    }

    fn unclog(&self) {
        self.far.as_ref().map(empty);
    }

    fn hang_up(&mut self) {
        self.far = None;
    }
}

/// For what a source is ready. For specimens, which watch sources by looking at them.
pub(crate) fn look_at(source: RawSource) -> Option<Interest> {
    let raw = i32::try_from(source.0).ok().filter(|raw| *raw >= 0)?;
    // SAFETY: whoever registered it keeps it open; a number that is closed is reported as such, and nothing else is
    // done with it.
    let fd = unsafe { BorrowedFd::borrow_raw(raw) };
    let mut polled = [PollFd::from_borrowed_fd(fd, PollFlags::IN | PollFlags::OUT)];
    poll(&mut polled, Some(&Timespec::default())).ok()?;
    let seen = polled[0].revents();
    let over = seen.intersects(PollFlags::HUP | PollFlags::ERR);
    Some(Interest {
        readable: over || seen.contains(PollFlags::IN),
        writable: over || seen.contains(PollFlags::OUT),
    })
}

// What it promises is asked for here, since the specimens have no unsafe code.
impl Readiness for Specimen {
    unsafe fn add(
        &self,
        source: RawSource,
        interest: Interest,
        trigger: Trigger,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError> {
        self.watch_source(source, interest, trigger, callback)
    }

    fn modify(&self, handle: Handle, interest: Interest) -> Result<(), OsError> {
        self.modify_source(handle, interest)
    }

    fn remove(&self, handle: Handle) -> bool {
        self.remove_source(handle)
    }
}
