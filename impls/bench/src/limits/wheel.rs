//! How cheap are many timers? A wheel of plain vectors, sorted in its last level, over a slab.

use std::mem::take;

use super::inline::Inline;
use super::slab::{Key, Slab};

/// A tick is 2 to this many nanoseconds.
const TICK_BITS: u32 = 16;
const DIGIT_BITS: u32 = 6;
const LEVELS: usize = 6;
const BUCKETS: usize = 1 << DIGIT_BITS;

/// A hierarchical timing wheel for deadlines of up to weeks. Ties go by insertion only as long as
/// the slab has no free slots.
pub(crate) struct Wheel {
    slab: Slab,
    buckets: Vec<Vec<(u64, Key)>>,
    occupied: [u64; LEVELS],
    /// Everything before this tick has been run.
    tick: u64,
}

impl Wheel {
    pub(crate) fn new(now: u64) -> Self {
        Self {
            slab: Slab::default(),
            buckets: vec![Vec::new(); LEVELS * BUCKETS],
            occupied: [0; LEVELS],
            tick: now >> TICK_BITS,
        }
    }

    #[inline(always)]
    fn place(&mut self, deadline: u64, key: Key) {
        let tick = (deadline >> TICK_BITS).max(self.tick);
        let differing = u64::BITS - (tick ^ self.tick).leading_zeros();
        let level = differing.saturating_sub(1) / DIGIT_BITS;
        let bucket = (tick >> (DIGIT_BITS * level)) as usize % BUCKETS;
        self.occupied[level as usize] |= 1 << bucket;
        self.buckets[level as usize * BUCKETS + bucket].push((deadline, key));
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, deadline: u64, callback: Inline) -> Key {
        let key = self.slab.insert(callback);
        self.place(deadline, key);
        key
    }

    /// Its place in the wheel stays behind.
    #[inline(always)]
    pub(crate) fn cancel(&mut self, key: Key) -> bool {
        self.slab.remove(key).is_some()
    }

    /// Throws out what cancelled timers left behind.
    pub(crate) fn sweep(&mut self) {
        for (index, bucket) in self.buckets.iter_mut().enumerate() {
            bucket.retain(|(_, key)| self.slab.has(*key));
            if bucket.is_empty() {
                self.occupied[index / BUCKETS] &= !(1 << (index % BUCKETS));
            }
        }
    }

    /// Runs what is due in the ticks before that of `now`, in order.
    pub(crate) fn advance(&mut self, now: u64) {
        let target = now >> TICK_BITS;
        while let Some(level) = self.occupied.iter().position(|bits| *bits != 0) {
            let bucket = self.occupied[level].trailing_zeros();
            let shift = DIGIT_BITS * level as u32;
            let above = self.tick >> shift >> DIGIT_BITS << DIGIT_BITS;
            let first = (above | u64::from(bucket)) << shift;
            if first >= target {
                return;
            }
            self.occupied[level] &= !(1 << bucket);
            let mut due = take(&mut self.buckets[level * BUCKETS + bucket as usize]);
            if level == 0 {
                self.tick = first + 1;
                due.sort_unstable();
                due.iter().filter_map(|(_, key)| self.slab.remove(*key)).for_each(Inline::call);
            } else {
                self.tick = first;
                due.iter().for_each(|(deadline, key)| self.place(*deadline, *key));
            }
        }
    }
}
