//! What the loop waits for: sources in an epoll, level-triggered, keyed by handles.
//!
//! A registration's handle is the key of its kernel events, and handles are never used again: an
//! event that was still on its way when its registration was removed finds nothing. A callback
//! that was queued already looks once more, right before it runs.

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use anyloop::{Callback, Handle, Handles, Instant, Interest, OsError, ProcessStamp, RawSource, Readiness};
use anyloop_turn::{Park, Sink};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::eventfd::EventFdWaker;
use super::os_error;
use super::wait::{Waiter, no_events};
use crate::fork::this_process;

/// The key of the eventfd. Handles are never zero.
const WAKE: u64 = 0;

/// What is watched, for whom.
struct Registration {
    fd: RawFd,
    interest: Cell<Interest>,
    live: Cell<bool>,
    callback: Rc<dyn Fn(Interest)>,
}

type Registrations = HashMap<Handle, Rc<Registration>, BuildHasherDefault<HandleHasher>>;

/// Spreads handles, which are numbers that this process made itself: nobody can choose them so that
/// they collide.
#[derive(Default)]
struct HandleHasher(u64);

impl Hasher for HandleHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        /// 2⁶⁴ divided by the golden ratio: the high bits, which tables look at first, are spread.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        self.0 = (self.0 ^ number).wrapping_mul(SPREAD).rotate_left(32);
    }
}

/// The kernel objects of one loop.
struct Poller {
    epoll: OwnedFd,
    /// Registered in `epoll`, and kept for that.
    wake: OnceCell<OwnedFd>,
}

impl Poller {
    fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: epoll::create(CreateFlags::CLOEXEC)?, wake: OnceCell::new() })
    }

    /// Lets `waker` end waits, if it cannot do so yet.
    fn listen_to(&self, waker: &EventFdWaker) -> Result<(), Errno> {
        if self.wake.get().is_some() {
            return Ok(());
        }
        let wake = waker.open()?;
        let added = epoll::add(&self.epoll, &wake, EventData::new_u64(WAKE), EventFlags::IN | EventFlags::ET);
        added.inspect_err(|_| waker.forget())?;
        // It was not set above, and nothing in between could.
        let _ = self.wake.set(wake);
        Ok(())
    }
}

/// The registrations of one loop, and the kernel objects that know them, once there are any.
pub(crate) struct Epoll {
    poller: RefCell<Option<Poller>>,
    process: ProcessStamp,
    waker: EventFdWaker,
    waiter: Waiter,
    handles: Handles,
    registrations: RefCell<Registrations>,
    closed: Cell<bool>,
}

fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN | EventFlags::RDHUP, interest.readable);
    flags.set(EventFlags::OUT, interest.writable);
    flags
}

/// What was seen, of what was asked for. An end or an error shows in every direction.
fn seen(flags: EventFlags, interest: Interest) -> Interest {
    let over = flags.intersects(EventFlags::HUP | EventFlags::ERR);
    Interest {
        readable: interest.readable && (over || flags.intersects(EventFlags::IN | EventFlags::RDHUP)),
        writable: interest.writable && (over || flags.contains(EventFlags::OUT)),
    }
}

impl Epoll {
    pub(crate) fn new() -> Self {
        Self {
            poller: RefCell::new(None),
            process: this_process(),
            waker: EventFdWaker::new(),
            waiter: Waiter::default(),
            handles: Handles::new(),
            registrations: RefCell::default(),
            closed: Cell::new(false),
        }
    }

    /// What wakes a wait.
    pub(crate) const fn waker(&self) -> &EventFdWaker {
        &self.waker
    }

    /// Whether the loop was not closed.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.get()
    }

    /// Lets the waker end waits.
    pub(crate) fn listen(&self) -> Result<(), OsError> {
        self.poller()?.listen_to(&self.waker).map_err(os_error)
    }

    /// The kernel objects, of which the epoll is made now if it is not there yet.
    #[inline]
    fn poller(&self) -> Result<Ref<'_, Poller>, OsError> {
        let gone = || os_error(Errno::BADF);
        // A forked child shares the epoll itself with its parent, not only the descriptor: what it
        // removes is gone there, too.
        if self.closed.get() || !self.process.is_current() {
            return Err(gone());
        }
        if self.poller.borrow().is_none() {
            let made = Poller::new().map_err(os_error)?;
            self.poller.replace(Some(made));
        }
        Ref::filter_map(self.poller.borrow(), Option::as_ref).map_err(|_| gone())
    }

    /// Waits, and hands the callbacks of what is ready to `ready`.
    pub(crate) fn wait(
        &self,
        park: Park,
        now: impl FnOnce() -> Instant,
        ready: &mut Sink<'_>,
    ) -> Result<(), OsError> {
        let timeout = match park {
            Park::Poll if self.poller.borrow().is_none() => return Ok(()),
            Park::Poll => Some(Duration::ZERO),
            Park::Until(when) => Some(when - now()),
            Park::Forever => None,
        };
        let mut events = no_events();
        let poller = self.poller()?;
        let events = self.waiter.wait(&poller.epoll, &mut events, timeout).map_err(os_error)?;
        for event in events {
            self.dispatch(event, ready);
        }
        Ok(())
    }

    fn dispatch(&self, event: &epoll::Event, ready: &mut Sink<'_>) {
        // By value, since the event may be packed.
        let (flags, data) = (event.flags, event.data);
        let registrations = self.registrations.borrow();
        let registration =
            Handle::from_bits(data.u64()).and_then(|handle| registrations.get(&handle)).cloned();
        drop(registrations);
        let Some(registration) = registration else { return };
        let seen = seen(flags, registration.interest.get());
        let callback = Callback::new(move || {
            if registration.live.get() {
                (registration.callback)(seen);
            }
        });
        // If there were no room, the source would still be ready in the next turn.
        drop(ready(callback));
    }

    /// Frees the kernel objects, and drops the callbacks outside of every borrow. Nothing can be
    /// added afterwards.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.waker.forget();
        drop(self.poller.take());
        let registrations = self.registrations.take();
        for registration in registrations.values() {
            registration.live.set(false);
        }
        drop(registrations);
    }

    /// Takes a source out of the epoll.
    fn forget(&self, registration: &Registration) {
        registration.live.set(false);
        // SAFETY: `add` was promised that the source stays open until it is removed, which is what
        // is going on here.
        let source = unsafe { BorrowedFd::borrow_raw(registration.fd) };
        // It can fail only if the promise was broken, and then it is out already.
        let _ = self.poller().map(|poller| epoll::delete(&poller.epoll, source));
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // The callbacks are the parent's. Closing this process's descriptors leaves the
            // parent's, and what they stand for, as they are.
            std::mem::forget(self.registrations.take());
        }
    }
}

impl Readiness for Epoll {
    unsafe fn add(
        &self,
        source: RawSource,
        interest: Interest,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError> {
        let fd = RawFd::try_from(source.0).ok().filter(|fd| *fd >= 0).ok_or_else(|| os_error(Errno::BADF))?;
        let handle = self.handles.next();
        // SAFETY: the caller promises that the source is open.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let data = EventData::new_u64(handle.to_bits());
        epoll::add(&self.poller()?.epoll, borrowed, data, flags(interest)).map_err(os_error)?;
        let registration =
            Registration { fd, interest: Cell::new(interest), live: Cell::new(true), callback };
        self.registrations.borrow_mut().insert(handle, Rc::new(registration));
        Ok(handle)
    }

    fn modify(&self, handle: Handle, interest: Interest) -> Result<(), OsError> {
        let registrations = self.registrations.borrow();
        let known = registrations.get(&handle).ok_or_else(|| os_error(Errno::NOENT))?;
        // SAFETY: the source is registered, so `add`'s promise that it is open still holds.
        let source = unsafe { BorrowedFd::borrow_raw(known.fd) };
        let data = EventData::new_u64(handle.to_bits());
        epoll::modify(&self.poller()?.epoll, source, data, flags(interest)).map_err(os_error)?;
        known.interest.set(interest);
        Ok(())
    }

    fn remove(&self, handle: Handle) -> bool {
        // Bound to a name, so that the callback is dropped outside of the borrow.
        let removed = self.registrations.borrow_mut().remove(&handle);
        if let Some(registration) = &removed {
            self.forget(registration);
        }
        removed.is_some()
    }
}
