//! What does the handler of a signal ring? What wakes each listener, beside a mask of what came.
//!
//! The first signal that comes since the listener looked wakes it; those that follow only have their bit set. So a signal is never lost because others came before it, and a storm of them costs
//! the listener one look.
//!
//! The handler goes through a list that only grows, from which nothing is ever taken: a bell that
//! is not used any more is silent, and serves the next listener. So the handler takes no lock, and
//! meets nothing that is freed.

use std::os::fd::{AsFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use anyloop::Trigger;
use rustix::io::Errno;

use crate::selector::waker::{Woken, ring as write};

/// A signal's bit in a mask; none if it is no signal.
const fn bit(signal: i32) -> u64 {
    match signal {
        1..=64 => 1 << (signal - 1),
        _ => 0,
    }
}

/// One place of the list.
struct Place {
    /// Whether it belongs to a listener.
    taken: AtomicBool,
    /// The signals that it is rung for: none, if it is silent.
    wanted: AtomicU64,
    /// Those that came since the listener looked.
    came: AtomicU64,
    /// Open for as long as a signal is wanted.
    fd: AtomicI32,
    /// Written before the place is in the list.
    next: AtomicPtr<Self>,
}

impl Place {
    /// Has nobody ring it for these signals when this returns.
    fn silence(&self, signals: u64) {
        self.wanted.fetch_and(!signals, Ordering::SeqCst);
        // A handler that has seen the signal may be about to write. On this thread there is none.
        while RINGING.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
    }
}

static FIRST: AtomicPtr<Place> = AtomicPtr::new(ptr::null_mut());

/// How many handlers are going through the list.
static RINGING: AtomicUsize = AtomicUsize::new(0);

fn places() -> impl Iterator<Item = &'static Place> {
    let deref = |place: *mut Place| {
        // SAFETY: what is in the list was leaked by `take_place`, whole, and is never changed but by
        // its atomics.
        unsafe { place.as_ref() }
    };
    let first = deref(FIRST.load(Ordering::Acquire));
    std::iter::successors(first, move |place| deref(place.next.load(Ordering::Acquire)))
}

/// A place of one's own.
fn take_place() -> &'static Place {
    let free = places().find(|place| !place.taken.swap(true, Ordering::Acquire));
    free.unwrap_or_else(|| {
        let place = Box::leak(Box::new(Place {
            taken: AtomicBool::new(true),
            wanted: AtomicU64::new(0),
            came: AtomicU64::new(0),
            fd: AtomicI32::new(-1),
            next: AtomicPtr::new(ptr::null_mut()),
        }));
        let added = FIRST.fetch_update(Ordering::AcqRel, Ordering::Acquire, |first| {
            place.next.store(first, Ordering::Relaxed);
            Some(ptr::from_ref(place).cast_mut())
        });
        // The closure never gives up.
        let _ = added;
        place
    })
}

/// Rings the bells of that signal. Called by the handler, so it does nothing but load, store and
/// write.
pub(super) fn ring(signal: i32) {
    RINGING.fetch_add(1, Ordering::SeqCst);
    for place in places() {
        // What came before, and was not heard yet, has rung or is about to.
        if place.wanted.load(Ordering::SeqCst) & bit(signal) != 0
            && place.came.fetch_or(bit(signal), Ordering::SeqCst) == 0
        {
            // SAFETY: whoever silences a bell waits for the handlers before he closes it.
            let fd = unsafe { BorrowedFd::borrow_raw(place.fd.load(Ordering::SeqCst)) };
            write(fd);
        }
    }
    RINGING.fetch_sub(1, Ordering::SeqCst);
}

/// In a forked child: the bells are the parent's, and so are the handlers that were at work. Only
/// stores to memory.
pub(crate) fn leave_to_parent() {
    RINGING.store(0, Ordering::SeqCst);
    places().for_each(|place| place.wanted.store(0, Ordering::SeqCst));
}

/// What one listener hears.
pub(crate) struct Bell {
    place: &'static Place,
    woken: Woken,
}

impl Bell {
    /// A bell that is silent.
    pub(crate) fn new() -> Result<Self, Errno> {
        let woken = Woken::new()?;
        let place = take_place();
        // Nobody rings it: whoever had the place before has waited for that.
        place.came.store(0, Ordering::SeqCst);
        place.fd.store(woken.writer(), Ordering::SeqCst);
        Ok(Self { place, woken })
    }

    /// Lets it be rung for this signal, too.
    pub(crate) fn ring_for(&self, signal: i32) {
        self.place.wanted.fetch_or(bit(signal), Ordering::SeqCst);
    }

    /// Lets it be rung for this signal no more, and forgets that it was.
    pub(crate) fn silence(&self, signal: i32) {
        self.place.silence(bit(signal));
        self.place.came.fetch_and(!bit(signal), Ordering::SeqCst);
    }

    /// How a loop watches it.
    pub(crate) const TRIGGER: Trigger = Woken::TRIGGER;

    /// Has it not be readable any more, if that is needed for it to be told of the next.
    pub(crate) fn quieten(&self) {
        self.woken.quieten();
    }

    /// The signals that came since this was asked last. What comes later rings again.
    pub(crate) fn take(&self) -> impl Iterator<Item = i32> + use<> {
        let came = self.place.came.swap(0, Ordering::SeqCst);
        (1..=64).filter(move |signal| came & bit(*signal) != 0)
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.place.silence(u64::MAX);
        self.place.taken.store(false, Ordering::Release);
    }
}
