//! How cheap is a wake? An eventfd that is registered edge-triggered and never read.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};

/// An epoll with an eventfd in it.
pub(crate) struct Bell {
    epoll: OwnedFd,
    eventfd: OwnedFd,
}

impl Bell {
    pub(crate) fn new() -> Self {
        let epoll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
        let eventfd = new_eventfd(0);
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &eventfd, EventData::new_u64(0), flags).expect("an eventfd can be watched");
        Self { epoll, eventfd }
    }

    pub(crate) fn ring(&self) {
        rustix::io::write(&self.eventfd, &1_u64.to_ne_bytes()).expect("the counter has room");
    }

    /// Watches something else as well.
    pub(crate) fn watch(&self, source: &OwnedFd) {
        epoll::add(&self.epoll, source, EventData::new_u64(1), EventFlags::IN).expect("it can be watched");
    }

    /// Looks for events without waiting.
    pub(crate) fn poll(&self) {
        self.wait_millis(0);
    }

    /// Waits as long as it takes, and says for how many events.
    pub(crate) fn wait(&self) -> usize {
        self.wait_millis(-1)
    }

    fn wait_millis(&self, millis: i32) -> usize {
        wait_millis(&self.epoll, millis)
    }

    /// Waits for at most so long, to the nanosecond.
    pub(crate) fn wait_precisely(&self, timeout: Duration) {
        let timeout = Timespec::try_from(timeout).expect("a short time");
        let waited = epoll::wait(&self.epoll, &mut no_events()[..], Some(&timeout)).map(drop);
        waited.expect("the kernel is younger than Linux 5.11");
    }
}

fn wait_millis(epoll: &OwnedFd, millis: i32) -> usize {
    wait_in(epoll, millis, &mut no_events())
}

fn wait_in(epoll: &OwnedFd, millis: i32, events: &mut [MaybeUninit<epoll::Event>]) -> usize {
    let (epoll, buffer) = (epoll.as_raw_fd(), events.as_mut_ptr().cast());
    // SAFETY: rustix's events are the kernel's, and the length is the buffer's.
    let ready = unsafe { libc::epoll_wait(epoll, buffer, events.len() as i32, millis) };
    usize::try_from(ready).unwrap_or(0)
}

/// Waits as long as it takes, and gives the data of what is ready, of so many at most.
#[inline]
pub(crate) fn wait_for<const ROOM: usize>(epoll: &OwnedFd, mut see: impl FnMut(u64)) {
    let mut events = [const { MaybeUninit::<epoll::Event>::uninit() }; ROOM];
    let ready = wait_in(epoll, -1, &mut events);
    for event in &events[..ready] {
        // SAFETY: the kernel has written so many.
        see(unsafe { event.assume_init() }.data.u64());
    }
}

/// Makes an epoll without an eventfd, and waits for `source` alone; says for how many events.
pub(crate) fn wait_once_for(source: &OwnedFd) -> usize {
    let epoll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
    epoll::add(&epoll, source, EventData::new_u64(1), EventFlags::IN).expect("it can be watched");
    wait_millis(&epoll, -1)
}

const fn no_events() -> [MaybeUninit<epoll::Event>; 16] {
    [const { MaybeUninit::uninit() }; 16]
}

/// An eventfd whose counter stands at `count`: readable if that is not zero.
pub(crate) fn new_eventfd(count: u32) -> OwnedFd {
    eventfd(count, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("an eventfd")
}
