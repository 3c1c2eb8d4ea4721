//! What the loop waits for: sources in an epoll, keyed by handles.
//!
//! A registration's handle is the key of its kernel events, and handles are never used again: an
//! event that was still on its way when its registration was removed finds nothing. A callback
//! that was queued already looks for its registration once more, right before it runs.
//!
//! One that is to call back once is not taken out of the epoll then: the kernel is told beforehand to
//! report it once, and forgets it with the descriptor. If a forked process keeps that open, it stays in the epoll
//! meanwhile, mute.

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::collections::HashMap;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use anyloop::{
    Callback, Handle, Handles, Instant, Interest, OsError, ProcessStamp, RawSource, Readiness, Trigger,
};
use anyloop_turn::{Park, Sink};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::eventfd::EventFdWaker;
use super::os_error;
use super::wait::{Waiter, no_events};
use crate::fork::this_process;
use crate::hash::BuildInOrder;

/// The key of the eventfd. Handles are never zero.
const WAKE: u64 = 0;

/// What is watched, for whom.
struct Registration {
    fd: RawFd,
    interest: Interest,
    trigger: Trigger,
    callback: Rc<dyn Fn(Interest)>,
}

type Registrations = HashMap<Handle, Registration, BuildInOrder>;

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
    registrations: Rc<RefCell<Registrations>>,
    closed: Cell<bool>,
}

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
            registrations: Rc::default(),
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
        let Some(handle) = Handle::from_bits(data.u64()) else { return };
        let known = self.registrations.borrow().get(&handle).map(|known| (known.trigger, known.interest));
        let Some((trigger, interest)) = known else { return };
        let seen = seen(flags, interest);
        let registrations = self.registrations.clone();
        let callback = if trigger == Trigger::Once {
            Callback::new(move || {
                // The kernel has let go of it by itself. Bound to a name, for the borrow to be over.
                let removed = registrations.borrow_mut().remove(&handle);
                if let Some(registration) = removed {
                    (registration.callback)(seen);
                }
            })
        } else {
            Callback::new(move || {
                let callback = registrations.borrow().get(&handle).map(|known| known.callback.clone());
                if let Some(callback) = callback {
                    callback(seen);
                }
            })
        };
        // If there was no room, the next turn finds it ready still, or the kernel is told to say so again.
        if ready(callback).is_err() && trigger != Trigger::Level {
            let _ = self.modify(handle, interest);
        }
    }

    /// Frees the kernel objects, and drops the callbacks outside of every borrow. Nothing can be
    /// added afterwards.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.waker.forget();
        drop(self.poller.take());
        let registrations = self.registrations.take();
        drop(registrations);
    }

    /// Whether somebody watches that descriptor.
    fn watches(&self, fd: RawFd) -> bool {
        self.registrations.borrow().values().any(|registration| registration.fd == fd)
    }

    /// Takes a source out of the epoll.
    fn forget(&self, registration: &Registration) {
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
        trigger: Trigger,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError> {
        let fd = RawFd::try_from(source.0).ok().filter(|fd| *fd >= 0).ok_or_else(|| os_error(Errno::BADF))?;
        let handle = self.handles.next();
        // SAFETY: the caller promises that the source is open.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        let data = EventData::new_u64(handle.to_bits());
        let flags = flags(interest, trigger);
        match epoll::add(&self.poller()?.epoll, borrowed, data, flags) {
            // One that called back once, and was not closed since, is still in the epoll.
            Err(Errno::EXIST) if !self.watches(fd) => {
                epoll::modify(&self.poller()?.epoll, borrowed, data, flags)
            }
            added => added,
        }
        .map_err(os_error)?;
        let registration = Registration { fd, interest, trigger, callback };
        self.registrations.borrow_mut().insert(handle, registration);
        Ok(handle)
    }

    fn modify(&self, handle: Handle, interest: Interest) -> Result<(), OsError> {
        let mut registrations = self.registrations.borrow_mut();
        let known = registrations.get_mut(&handle).ok_or_else(|| os_error(Errno::NOENT))?;
        // SAFETY: the source is registered, so `add`'s promise that it is open still holds.
        let source = unsafe { BorrowedFd::borrow_raw(known.fd) };
        let data = EventData::new_u64(handle.to_bits());
        let flags = flags(interest, known.trigger);
        epoll::modify(&self.poller()?.epoll, source, data, flags).map_err(os_error)?;
        known.interest = interest;
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
