//! Which callbacks run, in which order: the slots, the ready queue and the timers together.
//!
//! Nothing here runs or drops a callback: they go in and come out whole, so that a caller can let
//! go of its borrow first.

use anyloop::{Callback, Handle, Instant, RejectReason, Rejected};

use crate::slots::Slots;
use crate::storage::{Fifo, Storage};
use crate::timers::Timers;

/// Everything that is scheduled on one loop.
pub(crate) struct Queues<S: Storage> {
    slots: Slots<S>,
    /// What is ready, in order; a handle without callback is a tombstone.
    ready: S::Fifo<Handle>,
    timers: Timers<S>,
    /// How many at the head of `ready` belong to the batch that is being run.
    batch: usize,
}

fn full(callback: Callback) -> Rejected<Callback> {
    Rejected::new(RejectReason::Full, callback)
}

impl<S: Storage> Queues<S> {
    /// Ready queues shorter than this are not worth tidying.
    const WORTH_TIDYING: usize = 64;

    pub(crate) fn new() -> Self {
        Self { slots: Slots::new(), ready: S::Fifo::default(), timers: Timers::new(), batch: 0 }
    }

    pub(crate) fn push_ready(&mut self, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        let handle = self.slots.insert(callback, false).map_err(full)?;
        if self.ready.len() > Self::WORTH_TIDYING.max(2 * self.slots.live()) {
            self.tidy();
        }
        if self.append(handle) {
            return Ok(handle);
        }
        Err(self.give_back(handle))
    }

    pub(crate) fn push_timer(
        &mut self,
        when: Instant,
        callback: Callback,
    ) -> Result<Handle, Rejected<Callback>> {
        let handle = self.slots.insert(callback, true).map_err(full)?;
        if self.timers.push(when, handle) {
            return Ok(handle);
        }
        // A fixed heap is full of tombstones, since there was a slot.
        self.timers.rebuild(|handle| self.slots.contains(handle));
        if self.timers.push(when, handle) {
            return Ok(handle);
        }
        Err(self.give_back(handle))
    }

    /// Takes back what found a slot but no place in a queue.
    #[cold]
    fn give_back(&mut self, handle: Handle) -> Rejected<Callback> {
        match self.slots.remove(handle) {
            Some((callback, _)) => full(callback),
            None => unreachable!("the callback was stored a moment ago"),
        }
    }

    /// Appends to what is ready, making room among tombstones if need be.
    fn append(&mut self, handle: Handle) -> bool {
        match self.ready.push(handle) {
            Ok(()) => true,
            Err(handle) => {
                self.tidy();
                self.ready.push(handle).is_ok()
            }
        }
    }

    /// Throws the tombstones out of what is ready. The batch that is being run stays the batch.
    fn tidy(&mut self) {
        let batch = self.batch;
        for at in 0..self.ready.len() {
            let Some(handle) = self.ready.pop() else { break };
            let kept = self.slots.contains(handle) && self.ready.push(handle).is_ok();
            if !kept && at < batch {
                self.batch -= 1;
            }
        }
    }

    /// Takes out the callback that `handle` names.
    pub(crate) fn cancel(&mut self, handle: Handle) -> Option<Callback> {
        let (callback, timer) = self.slots.remove(handle)?;
        if timer && self.timers.bury() {
            self.timers.rebuild(|handle| self.slots.contains(handle));
        }
        Some(callback)
    }

    /// When the next timer is due.
    pub(crate) fn next_deadline(&mut self) -> Option<Instant> {
        while let Some((when, handle)) = self.timers.peek() {
            if self.slots.contains(handle) {
                return Some(when);
            }
            self.timers.pop(false);
        }
        None
    }

    /// Whether [`push_ready`](Self::push_ready) would succeed.
    pub(crate) fn has_room(&mut self) -> bool {
        self.slots.has_room()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Moves the timers that are due at `now` behind what is ready, in their order.
    pub(crate) fn ripen(&mut self, now: Instant) {
        while let Some((when, handle)) = self.timers.peek() {
            if when > now || when == Instant::NEVER {
                break;
            }
            let live = self.slots.ripen(handle);
            if live && !self.append(handle) {
                // A fixed queue is full; the timer waits for the next turn.
                break;
            }
            self.timers.pop(live);
        }
    }

    /// Makes what is ready now the batch.
    pub(crate) fn start_batch(&mut self) {
        self.batch = self.ready.len();
    }

    /// Takes the next callback of the batch.
    pub(crate) fn next_of_batch(&mut self) -> Option<Callback> {
        while self.batch > 0 {
            self.batch -= 1;
            let handle = self.ready.pop()?;
            if let Some((callback, _)) = self.slots.remove(handle) {
                return Some(callback);
            }
        }
        None
    }
}
