//! Which callbacks run, in which order: what is ready and what waits for its time, together.
//!
//! Nothing here runs or drops a callback: they go in and come out whole, so that a caller can let
//! go of its borrow first.

use anyloop::{Callback, Handle, Instant};

use crate::ring::Ring;
use crate::slots::Slots;
use crate::storage::{Containers, Fifo};
use crate::timers::TimerQueue;

/// How many timers before its turn a due timer's callback is fetched into the cache. Many timers
/// are due in another order than they were made, so each is somewhere else in memory.
const LOOK_AHEAD: usize = 8;

/// Everything that is scheduled on one loop.
pub(crate) struct Queues<S: Containers> {
    ready: Ring<S>,
    /// The callbacks of timers.
    slots: Slots<S>,
    timers: S::Timers,
    /// Timers whose time has come, in order. They run after what was ready before them.
    due: S::Fifo<Handle>,
}

impl<S: Containers> Queues<S> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            ready: Ring::new(),
            slots: Slots::new(),
            timers: S::Timers::default(),
            due: S::Fifo::default(),
        }
    }

    /// Appends a callback to what is ready, if there is room.
    ///
    /// # Safety
    ///
    /// If it gives a handle, the caller forgets the callback.
    #[inline(always)]
    pub(crate) unsafe fn push_ready(&mut self, callback: &Callback) -> Option<Handle> {
        // SAFETY: as the caller promises.
        unsafe { self.ready.push(callback) }
    }

    /// Keeps a callback until its time, if there is room.
    ///
    /// # Safety
    ///
    /// If it gives a handle, the caller forgets the callback.
    #[inline(always)]
    pub(crate) unsafe fn push_timer(&mut self, when: Instant, callback: &Callback) -> Option<Handle> {
        if !self.timers.has_room() {
            // A fixed queue may be full of tombstones.
            self.timers.sweep(self.slots.is_live());
        }
        // SAFETY: as the caller promises.
        let handle = unsafe { self.slots.insert(callback) }?;
        // There is room for as many keys as there are slots.
        self.timers.push(when, handle);
        Some(handle)
    }

    /// Takes out the callback that `handle` names.
    pub(crate) fn cancel(&mut self, handle: Handle) -> Option<Callback> {
        if let Some(callback) = self.ready.cancel(handle) {
            return Some(callback);
        }
        let callback = self.slots.remove(handle)?;
        // If it is due already, its key is dug up when it comes to its turn.
        if self.timers.bury() {
            self.timers.sweep(self.slots.is_live());
        }
        Some(callback)
    }

    /// When the next timer is due.
    pub(crate) fn next_deadline(&mut self) -> Option<Instant> {
        self.timers.next(self.slots.is_live())
    }

    /// Whether [`push_ready`](Self::push_ready) would succeed.
    pub(crate) fn has_room(&mut self) -> bool {
        self.ready.has_room()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.due.is_empty()
    }

    /// Makes the batch: what is ready, and after it the timers that are due. The clock is read only
    /// if there are timers.
    #[inline]
    pub(crate) fn start_batch(&mut self, now: impl FnOnce() -> Instant) {
        self.ready.start_batch();
        if !self.slots.is_empty() {
            // A fixed queue holds as many as there are keys.
            self.timers.ripen(now(), |handle| _ = self.due.push(handle));
        }
    }

    /// Takes the next callback of the batch.
    #[inline]
    pub(crate) fn next_of_batch(&mut self) -> Option<Callback> {
        if let Some(callback) = self.ready.next_of_batch() {
            return Some(callback);
        }
        self.next_due()
    }

    /// Takes everything out, to be dropped outside of the caller's borrow.
    pub(crate) fn clear(&mut self) -> impl Sized + use<S> {
        self.timers = S::Timers::default();
        self.due = S::Fifo::default();
        (self.ready.clear(), self.slots.clear())
    }

    fn next_due(&mut self) -> Option<Callback> {
        while let Some(handle) = self.due.pop() {
            if let Some(ahead) = self.due.ahead(LOOK_AHEAD) {
                self.slots.prefetch(ahead);
            }
            match self.slots.remove(handle) {
                None => self.timers.dig_up(),
                callback => return callback,
            }
        }
        None
    }
}
