//! How does a loop wait on FreeBSD and macOS? On a kqueue, where each side of a source is watched apart.
//!
//! It was type-checked, and never run.

use std::cell::RefCell;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use anyloop::{Interest, Trigger};
use rustix::event::Timespec;
use rustix::event::kqueue::{Event, EventFilter, EventFlags, kevent_timespec, kqueue};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use crate::selector::poller::{Poller, Report};

/// Events that one wait takes. The rest stay ready for the next.
const EVENTS: usize = 256;

pub(crate) struct Kqueue {
    kqueue: OwnedFd,
    events: RefCell<Vec<Event>>,
}

/// One change of what is watched. The key travels in the place of a pointer.
fn change(fd: RawFd, side: Interest, flags: EventFlags, key: u64) -> Event {
    let filter = if side.readable { EventFilter::Read(fd) } else { EventFilter::Write(fd) };
    Event::new(filter, flags, ptr::without_provenance_mut(usize::try_from(key).unwrap_or_default()))
}

impl Kqueue {
    fn apply(&self, changes: &[Event]) -> Result<(), Errno> {
        // SAFETY: the descriptors in the changes are open, as whoever registers them promises.
        let done = unsafe {
            kevent_timespec(&self.kqueue, changes, &mut [] as &mut [Event], Some(&Timespec::default()))
        };
        done.map(drop)
    }

    /// Watches the sides of `interest`, and forgets the others.
    fn put(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, trigger: Trigger) -> Result<(), Errno> {
        let mut flags = EventFlags::ADD;
        flags.set(EventFlags::CLEAR, trigger == Trigger::Edge);
        flags.set(EventFlags::ONESHOT, trigger == Trigger::Once);
        for side in Interest::SIDES {
            let wanted = !side.and(interest).is_none();
            if wanted {
                self.apply(&[change(fd.as_raw_fd(), side, flags, key)])?;
            } else {
                // There may be none.
                let _ = self.apply(&[change(fd.as_raw_fd(), side, EventFlags::DELETE, key)]);
            }
        }
        Ok(())
    }
}

fn report(event: &Event) -> Report {
    let over = event.flags().contains(EventFlags::EOF);
    let seen = match event.filter() {
        EventFilter::Write(_) => Interest { readable: over, writable: true },
        _ => Interest { readable: true, writable: over },
    };
    Report { key: event.udata().addr() as u64, seen }
}

impl Poller for Kqueue {
    const NAME: &str = "kqueue";
    const TELLS_EDGES: bool = true;

    fn new() -> Result<Self, Errno> {
        let kqueue = kqueue()?;
        fcntl_setfd(&kqueue, FdFlags::CLOEXEC)?;
        Ok(Self { kqueue, events: RefCell::new(Vec::with_capacity(EVENTS)) })
    }

    fn add(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, trigger: Trigger) -> Result<(), Errno> {
        self.put(fd, key, interest, trigger)
    }

    fn modify(
        &self,
        fd: BorrowedFd<'_>,
        key: u64,
        interest: Interest,
        trigger: Trigger,
    ) -> Result<(), Errno> {
        self.put(fd, key, interest, trigger)
    }

    fn remove(&self, fd: BorrowedFd<'_>, key: u64) -> Result<(), Errno> {
        let deleted =
            Interest::SIDES.map(|side| self.apply(&[change(fd.as_raw_fd(), side, EventFlags::DELETE, key)]));
        // One of them is watched at least.
        deleted.into_iter().find(Result::is_ok).unwrap_or(Err(Errno::NOENT))
    }

    fn listen(&self, waker: BorrowedFd<'_>, key: u64) -> Result<(), Errno> {
        self.put(waker, key, Interest::READABLE, Trigger::Edge)
    }

    fn wait(&self, timeout: Option<Duration>, see: impl FnMut(Report)) -> Result<(), Errno> {
        // What does not fit is longer than anybody waits.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        // Taken out, so that nothing is borrowed while they are seen to.
        let mut events = self.events.take();
        events.clear();
        events.reserve(EVENTS);
        // SAFETY: no changes are made.
        let waited = unsafe {
            kevent_timespec(&self.kqueue, &[], rustix::buffer::spare_capacity(&mut events), timeout.as_ref())
        };
        match waited {
            Ok(_) => events.iter().map(report).for_each(see),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        self.events.replace(events);
        Ok(())
    }
}
