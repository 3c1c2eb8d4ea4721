//! What do those take that only say who is ready? The bare limit, mio and polling: whoever uses them finds
//! by a key what is to be done.

use std::cell::Cell;
use std::num::NonZero;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use super::court::{Court, Loop};
use super::{ALWAYS, left, sources};
use crate::case::{Order, Sample};
use crate::limits::eventfd::wait_for;

/// Events that one wait takes: as many as anyloop's.
const EVENTS: usize = 256;

pub(super) trait Poller {
    fn new() -> Self;

    fn add(&self, source: BorrowedFd<'_>, key: usize);

    fn remove(&self, source: BorrowedFd<'_>);

    /// Waits, and gives the keys of those who are ready.
    fn wait(&mut self, see: impl FnMut(usize));
}

/// A poller, and those who are idle.
pub(super) struct Polled<P> {
    poller: P,
    idle: Vec<OwnedFd>,
}

pub(super) type Level = Polled<Epoll<false>>;
pub(super) type Edge = Polled<Epoll<true>>;
pub(super) type Mio = Polled<MioPoll>;
pub(super) type Polling = Polled<PollingPoller>;

/// The key of those who are idle.
const IDLE: usize = 2;

impl<P: Poller> Loop for Polled<P> {
    fn new() -> Self {
        Self { poller: P::new(), idle: Vec::new() }
    }

    fn idle(&mut self, source: OwnedFd) {
        self.poller.add(source.as_fd(), IDLE);
        self.idle.push(source);
    }

    fn play(&mut self, court: &'static Court) {
        for (key, end) in court.ends().iter().enumerate() {
            self.poller.add(end.as_fd(), key);
        }
        court.serve();
        let mut is_over = false;
        while !is_over {
            self.poller.wait(|key| is_over |= court.hop(key));
        }
        court.ends().iter().for_each(|end| self.poller.remove(end.as_fd()));
    }
}

/// Callbacks of sources that nobody reads: the keys are those of boxed closures.
pub(super) fn always_ready<P: Poller>(order: &Order) -> Sample {
    let mut poller = P::new();
    let rest: &'static Cell<u64> = Box::leak(Box::default());
    let sources = sources(ALWAYS, true);
    let called = || -> Box<dyn Fn()> { Box::new(|| rest.set(rest.get().saturating_sub(1))) };
    let callbacks: Vec<_> = sources.iter().map(|_| called()).collect();
    for (key, source) in sources.iter().enumerate() {
        poller.add(source.as_fd(), key);
    }
    left(order, |length| {
        rest.set(length);
        while rest.get() > 0 {
            poller.wait(|key| callbacks[key]());
        }
    })
}

/// An epoll by hand.
pub(super) struct Epoll<const EDGE: bool>(OwnedFd);

impl<const EDGE: bool> Poller for Epoll<EDGE> {
    fn new() -> Self {
        Self(epoll::create(CreateFlags::CLOEXEC).expect("an epoll"))
    }

    fn add(&self, source: BorrowedFd<'_>, key: usize) {
        let trigger = if EDGE { EventFlags::ET } else { EventFlags::empty() };
        let data = EventData::new_u64(key as u64);
        epoll::add(&self.0, source, data, EventFlags::IN | trigger).expect("it can be watched");
    }

    fn remove(&self, source: BorrowedFd<'_>) {
        epoll::delete(&self.0, source).expect("it was watched");
    }

    #[inline(always)]
    fn wait(&mut self, mut see: impl FnMut(usize)) {
        wait_for::<EVENTS>(&self.0, |key| see(key as usize));
    }
}

/// mio, which knows edges only.
pub(super) struct MioPoll {
    poll: mio::Poll,
    events: mio::Events,
}

impl Poller for MioPoll {
    fn new() -> Self {
        Self { poll: mio::Poll::new().expect("a poll"), events: mio::Events::with_capacity(EVENTS) }
    }

    fn add(&self, source: BorrowedFd<'_>, key: usize) {
        let mut source = mio::unix::SourceFd(&source.as_raw_fd());
        let added = self.poll.registry().register(&mut source, mio::Token(key), mio::Interest::READABLE);
        added.expect("it can be watched");
    }

    fn remove(&self, source: BorrowedFd<'_>) {
        let mut source = mio::unix::SourceFd(&source.as_raw_fd());
        self.poll.registry().deregister(&mut source).expect("it was watched");
    }

    fn wait(&mut self, mut see: impl FnMut(usize)) {
        self.poll.poll(&mut self.events, None).expect("it waits");
        self.events.iter().for_each(|event| see(event.token().0));
    }
}

/// polling, told not to forget what it has reported: that saves a system call each time.
pub(super) struct PollingPoller {
    poller: polling::Poller,
    events: polling::Events,
}

impl Poller for PollingPoller {
    fn new() -> Self {
        let room = NonZero::new(EVENTS).expect("it is not zero");
        Self {
            poller: polling::Poller::new().expect("a poller"),
            events: polling::Events::with_capacity(room),
        }
    }

    fn add(&self, source: BorrowedFd<'_>, key: usize) {
        let (event, mode) = (polling::Event::readable(key), polling::PollMode::Level);
        // SAFETY: the source outlives the poller, or is removed.
        unsafe { self.poller.add_with_mode(&source, event, mode) }.expect("it can be watched");
    }

    fn remove(&self, source: BorrowedFd<'_>) {
        self.poller.delete(source).expect("it was watched");
    }

    fn wait(&mut self, mut see: impl FnMut(usize)) {
        self.events.clear();
        self.poller.wait(&mut self.events, None).expect("it waits");
        self.events.iter().for_each(|event| see(event.key));
    }
}
