//! Which callbacks run, in which order: what is ready and what waits for its time, together.
//!
//! Nothing here runs or drops a callback: they go in and come out whole, so that a caller can let
//! go of its borrow first.

use anyloop::{Callback, Handle, Instant};

use crate::chains::Chains;
use crate::inbox::Taken;
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
    /// What came from other contexts, in its place among what is ready.
    chains: Chains<S>,
    /// Where the batch ends in `ready`.
    batch_end: u64,
    /// Whether the batch is more than what is in `ready`.
    has_others: bool,
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
            chains: Chains::new(),
            batch_end: 0,
            has_others: false,
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
        // The timers first: that is one comparison if it is none of them.
        let Some(callback) = self.slots.remove(handle) else {
            return self.ready.cancel(handle);
        };
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

    /// Whether [`push_chain`](Self::push_chain) would succeed.
    pub(crate) fn has_room_for_chain(&self) -> bool {
        self.chains.has_room()
    }

    /// Puts what came from other contexts behind what is ready. There is room.
    pub(crate) fn push_chain(&mut self, links: Taken) {
        self.chains.push(self.ready.tail(), links);
    }

    #[inline]
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.chains.is_empty() || !self.due.is_empty()
    }

    /// Makes the batch: what is ready, and after it the timers that are due. The clock is read only
    /// if there are timers.
    #[inline]
    pub(crate) fn start_batch(&mut self, now: impl FnOnce() -> Instant) {
        self.batch_end = self.ready.tail();
        self.ready.run_until(self.batch_end);
        if !self.chains.is_empty() {
            self.chains.start_batch();
            self.run_until_chain();
        }
        if !self.slots.is_empty() {
            // A fixed queue holds as many as there are keys.
            self.timers.ripen(now(), |handle| _ = self.due.push(handle));
        }
        self.has_others = !self.chains.is_empty() || !self.due.is_empty();
    }

    /// Makes the batch end where it is.
    pub(crate) fn end_batch(&mut self) {
        self.ready.run_until(self.ready.head());
        self.has_others = false;
    }

    /// Takes the next callback of the batch.
    #[inline]
    pub(crate) fn next_of_batch(&mut self) -> Option<Callback> {
        if let Some(callback) = self.ready.next() {
            return Some(callback);
        }
        if self.has_others { self.next_of_others() } else { None }
    }

    /// Not inlined, so that the ring's callbacks are not moved on behalf of others.
    #[inline(never)]
    fn next_of_others(&mut self) -> Option<Callback> {
        if let Some(callback) = self.next_of_chain() {
            return Some(callback);
        }
        self.next_due()
    }

    /// Lets the ring go on to the next chain, or to the end of the batch.
    fn run_until_chain(&mut self) {
        let position = self.chains.next_at().map_or(self.batch_end, |at| at.min(self.batch_end));
        self.ready.run_until(position);
    }

    /// Takes the next callback of the chain that the ring has come to, or the one that follows it.
    fn next_of_chain(&mut self) -> Option<Callback> {
        loop {
            if let Some(callback) = self.chains.next_of_batch(self.ready.head()) {
                return Some(callback);
            }
            if self.ready.head() >= self.batch_end {
                return None;
            }
            self.run_until_chain();
            if let Some(callback) = self.ready.next() {
                return Some(callback);
            }
        }
    }

    /// Takes everything out, to be dropped outside of the caller's borrow.
    pub(crate) fn clear(&mut self) -> impl Sized + use<S> {
        self.timers = S::Timers::default();
        self.due = S::Fifo::default();
        (self.chains.clear(), self.ready.clear(), self.slots.clear())
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::inbox::{RemoteHalf, Shared};
    use crate::place::settled;
    use crate::storage::{Fixed, Growing};
    use crate::{Wake, sync};
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;
    use anyloop::RemoteLoop;
    use core::sync::atomic::{AtomicU64, Ordering};

    struct Deaf;

    impl Wake for Deaf {
        fn wake(&self) {}
    }

    /// Queues, an inbox, and what has to come out, in order.
    struct Play<S: Containers> {
        queues: Queues<S>,
        remote: RemoteHalf<Deaf>,
        told: sync::Arc<AtomicU64>,
        expected: VecDeque<(u64, Option<Handle>)>,
        /// Sent, and not drained yet.
        sent: Vec<u64>,
        number: u64,
    }

    impl<S: Containers> Play<S> {
        fn new() -> Self {
            Self {
                queues: Queues::new(),
                remote: RemoteHalf(sync::Arc::new(Shared::new(Deaf))),
                told: sync::Arc::default(),
                expected: VecDeque::new(),
                sent: Vec::new(),
                number: 0,
            }
        }

        /// A closure that tells its number.
        fn teller(&mut self) -> impl FnOnce() + Send + use<S> {
            self.number += 1;
            let (number, told) = (self.number, self.told.clone());
            move || told.store(number, Ordering::Relaxed)
        }

        fn send(&mut self) {
            let teller = self.teller();
            assert!(self.remote.call_soon(teller.into()).is_ok());
            self.sent.push(self.number);
        }

        fn drain(&mut self) -> bool {
            if self.remote.0.is_quiet() {
                return true;
            }
            if !self.queues.has_room_for_chain() {
                return false;
            }
            self.queues.push_chain(self.remote.0.take());
            self.expected.extend(self.sent.drain(..).map(|number| (number, None)));
            true
        }

        fn schedule(&mut self) {
            let callback = Callback::new(self.teller());
            if !self.drain() {
                return;
            }
            // SAFETY: it is forgotten if it has a name.
            let pushed = settled!(unsafe { self.queues.push_ready(&callback) }, callback);
            if let Ok(handle) = pushed {
                self.expected.push_back((self.number, Some(handle)));
            }
        }

        fn cancel(&mut self, chosen: usize) -> bool {
            let Some((_, Some(handle))) = self.expected.get(chosen).copied() else { return false };
            self.expected.remove(chosen);
            self.queues.cancel(handle).is_some()
        }

        fn disturb(&mut self, random: u64) {
            match random % 8 {
                0..=2 => self.schedule(),
                3..=5 => self.send(),
                6 => drop(self.drain()),
                _ => {
                    let chosen = (random >> 8) as usize % (self.expected.len() + 1);
                    let is_local = self.expected.get(chosen).is_some_and(|entry| entry.1.is_some());
                    assert_eq!(self.cancel(chosen), is_local);
                }
            }
        }
    }

    /// Plays at random, in batches and between them, beside one deque for everything.
    fn behaves_as_one_queue<S: Containers>() {
        let mut play = Play::<S>::new();
        let mut random = 5_u64;
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            random >> 33
        };
        for _ in 0..20_000 {
            for _ in 0..next() % 12 {
                play.disturb(next());
            }
            play.drain();
            play.queues.start_batch(|| unreachable!("there are no timers"));
            let batch_end = play.expected.back().map_or(0, |last| last.0);
            let mut last = 0;
            while let Some(callback) = play.queues.next_of_batch() {
                callback.call();
                last = play.told.load(Ordering::Relaxed);
                assert_eq!(Some(last), play.expected.pop_front().map(|entry| entry.0));
                assert!(last <= batch_end, "{last} is of a later batch");
                if next() % 3 == 0 {
                    play.disturb(next());
                }
            }
            let rest = play.expected.front().map_or(u64::MAX, |first| first.0);
            assert!(last < rest && rest > batch_end, "{rest} was left out of the batch");
        }
        assert!(play.number > 50_000, "the play was long enough");
    }

    #[test]
    fn what_comes_from_here_and_from_elsewhere_keeps_one_order() {
        behaves_as_one_queue::<Growing>();
        behaves_as_one_queue::<Fixed<8>>();
    }
}
