//! How does a loop wait on Linux? On an epoll, which carries the key with each event.
//!
//! What is to report once is not taken out of it then: the kernel reports it once, and forgets it with
//! the descriptor. If a forked process keeps that open, it stays in the epoll meanwhile, mute.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use anyloop::{Interest, Trigger};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use crate::epoll_wait::{Waiter, no_events};
use crate::selector::poller::{Poller, Report};

pub(crate) struct Epoll {
    epoll: OwnedFd,
    waiter: Waiter,
}

/// What a waker is watched for: it is never read, and each write is an edge.
const WAKER: EventFlags = EventFlags::IN.union(EventFlags::ET);

fn flags(interest: Interest, trigger: Trigger) -> EventFlags {
    let mut flags = match trigger {
        Trigger::Edge => EventFlags::ET,
        Trigger::Once => EventFlags::ONESHOT,
        _ => EventFlags::empty(),
    };
    flags.set(EventFlags::IN | EventFlags::RDHUP, interest.readable);
    flags.set(EventFlags::OUT, interest.writable);
    flags
}

fn report(event: &epoll::Event) -> Report {
    // By value, since the event may be packed.
    let (flags, data) = (event.flags, event.data);
    let over = flags.intersects(EventFlags::HUP | EventFlags::ERR);
    let seen = Interest {
        readable: over || flags.intersects(EventFlags::IN | EventFlags::RDHUP),
        writable: over || flags.contains(EventFlags::OUT),
    };
    Report { key: data.u64(), seen }
}

impl Poller for Epoll {
    const NAME: &str = "epoll";
    const TELLS_EDGES: bool = true;

    fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)?, waiter: Waiter::default() })
    }

    fn add(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, trigger: Trigger) -> Result<(), Errno> {
        epoll::add(&self.epoll, fd, EventData::new_u64(key), flags(interest, trigger))
    }

    fn modify(
        &self,
        fd: BorrowedFd<'_>,
        key: u64,
        interest: Interest,
        trigger: Trigger,
    ) -> Result<(), Errno> {
        epoll::modify(&self.epoll, fd, EventData::new_u64(key), flags(interest, trigger))
    }

    fn remove(&self, fd: BorrowedFd<'_>, _: u64) -> Result<(), Errno> {
        epoll::delete(&self.epoll, fd)
    }

    fn listen(&self, waker: BorrowedFd<'_>, key: u64) -> Result<(), Errno> {
        epoll::add(&self.epoll, waker, EventData::new_u64(key), WAKER)
    }

    fn wait(&self, timeout: Option<Duration>, see: impl FnMut(Report)) -> Result<(), Errno> {
        let mut events = no_events();
        self.waiter.wait(&self.epoll, &mut events, timeout)?.iter().map(report).for_each(see);
        Ok(())
    }
}
