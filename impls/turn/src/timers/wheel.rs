//! The timer queue for many timers: a hierarchical wheel, exact in its order.
//!
//! Time is divided into ticks of 2²⁰ ns, about a millisecond. A tick's number, written in base 64,
//! has a digit for each level of the wheel. All ticks before the `horizon` have been taken out of
//! the wheel; a key of a later tick stands at the level of the highest digit in which its tick
//! differs from the horizon, in the bucket of that digit. So a key moves down a level each time
//! the horizon reaches its bucket, and buckets are plain vectors that are read from end to end.
//!
//! A bucket of the lowest level holds one tick, and is sorted when that tick is over: that makes
//! the order exact. Keys of the tick that is going on, and of the past, wait in a small heap.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::mem::{swap, take};

use anyloop::{Handle, Instant};

use super::{Key, TimerQueue, WORTH_SWEEPING};

/// A tick is 2 to this many nanoseconds.
const TICK_BITS: u32 = 20;

/// A digit has so many bits, and a level 2 to this many buckets.
const DIGIT_BITS: u32 = 6;

const BUCKETS: usize = 1 << DIGIT_BITS;

/// A bucket that was bigger than this gives its memory back when it is emptied.
const WORTH_KEEPING: usize = 4096;

const fn tick(when: Instant) -> u64 {
    when.as_nanos() >> TICK_BITS
}

fn digit(tick: u64, level: usize) -> usize {
    (tick >> (DIGIT_BITS as usize * level)) as usize % BUCKETS
}

/// The buckets of one digit.
struct Level {
    /// A bit for each bucket that is not empty.
    occupied: u64,
    buckets: [Vec<Key>; BUCKETS],
}

impl Level {
    const fn new() -> Self {
        Self { occupied: 0, buckets: [const { Vec::new() }; BUCKETS] }
    }
}

/// A place in the wheel, and the first tick that belongs there.
struct Place {
    level: usize,
    bucket: usize,
    first_tick: u64,
}

/// A hierarchical timing wheel. Levels are made when they are first needed.
#[derive(Default)]
pub(crate) struct Wheel {
    /// The keys of all ticks before `horizon`.
    near: BinaryHeap<Reverse<Key>>,
    horizon: u64,
    levels: Vec<Level>,
    /// Keys in the levels and in `near`, tombstones included.
    length: usize,
    tombstones: usize,
    /// The earliest key in the levels, if that is known.
    earliest: Option<Key>,
    /// An empty vector with memory, to be swapped for a bucket.
    spare: Vec<Key>,
}

impl Wheel {
    fn place(&mut self, key: Key) {
        let tick = tick(key.when());
        if tick < self.horizon {
            self.near.push(Reverse(key));
            return;
        }
        let differing = u64::BITS - (tick ^ self.horizon).leading_zeros();
        let level = (differing.saturating_sub(1) / DIGIT_BITS) as usize;
        let bucket = digit(tick, level);
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Level::new);
        }
        let level = &mut self.levels[level];
        level.occupied |= 1 << bucket;
        level.buckets[bucket].push(key);
    }

    /// The bucket with the earliest keys: the first one at the lowest level that has any.
    fn first_place(&self) -> Option<Place> {
        self.levels.iter().enumerate().find(|(_, found)| found.occupied != 0).map(|(level, found)| {
            // The buckets before the horizon's digit are empty.
            let bucket = found.occupied.trailing_zeros() as usize;
            let shift = DIGIT_BITS as usize * level;
            let above = self.horizon >> shift >> DIGIT_BITS << DIGIT_BITS;
            Place { level, bucket, first_tick: (above | bucket as u64) << shift }
        })
    }

    /// Takes the keys out of a bucket, in exchange for `spare`.
    fn empty(&mut self, place: &Place) -> Vec<Key> {
        let level = &mut self.levels[place.level];
        level.occupied &= !(1 << place.bucket);
        let mut keys = take(&mut self.spare);
        swap(&mut keys, &mut level.buckets[place.bucket]);
        keys
    }

    /// Gives back what [`empty`](Self::empty) took.
    fn reuse(&mut self, mut keys: Vec<Key>) {
        if keys.capacity() <= WORTH_KEEPING {
            keys.clear();
            self.spare = keys;
        }
    }

    /// Hands over what is due of the keys that wait in the heap.
    fn ripen_near(&mut self, now: Instant, due: &mut impl FnMut(Handle)) {
        while let Some(&Reverse(key)) = self.near.peek() {
            if key.when() > now || key.when() == Instant::NEVER {
                break;
            }
            self.near.pop();
            self.length -= 1;
            due(key.handle());
        }
    }
}

/// Throws the tombstones out of a bucket.
#[inline(never)]
fn retain_live(keys: &mut Vec<Key>, is_live: &mut impl FnMut(Handle) -> bool) {
    keys.retain(|key| is_live(key.handle()));
}

impl TimerQueue for Wheel {
    fn has_room(&self) -> bool {
        true
    }

    fn push(&mut self, when: Instant, handle: Handle) {
        let key = Key::new(when, handle);
        if self.earliest.is_some_and(|earliest| key < earliest) && tick(when) >= self.horizon {
            self.earliest = Some(key);
        }
        self.length += 1;
        self.place(key);
    }

    fn bury(&mut self) -> bool {
        self.tombstones += 1;
        self.length > WORTH_SWEEPING && self.tombstones * 2 > self.length
    }

    fn dig_up(&mut self) {
        self.tombstones = self.tombstones.saturating_sub(1);
    }

    fn sweep(&mut self, mut is_live: impl FnMut(Handle) -> bool) {
        self.near.retain(|Reverse(key)| is_live(key.handle()));
        self.length = self.near.len();
        for level in &mut self.levels {
            for (bucket, keys) in level.buckets.iter_mut().enumerate() {
                retain_live(keys, &mut is_live);
                self.length += keys.len();
                if keys.is_empty() {
                    level.occupied &= !(1 << bucket);
                }
            }
        }
        self.tombstones = 0;
    }

    fn next(&mut self, mut is_live: impl FnMut(Handle) -> bool) -> Option<Instant> {
        while let Some(&Reverse(key)) = self.near.peek() {
            if is_live(key.handle()) {
                return Some(key.when());
            }
            self.near.pop();
            self.length -= 1;
            self.dig_up();
        }
        if let Some(key) = self.earliest {
            if tick(key.when()) >= self.horizon && is_live(key.handle()) {
                return Some(key.when());
            }
        }
        loop {
            self.earliest = None;
            let place = self.first_place()?;
            let level = &mut self.levels[place.level];
            let keys = &mut level.buckets[place.bucket];
            if let Some(key) = keys.iter().min().copied() {
                if is_live(key.handle()) {
                    self.earliest = Some(key);
                    return Some(key.when());
                }
            }
            // One tombstone seldom comes alone.
            let before = keys.len();
            retain_live(keys, &mut is_live);
            if keys.is_empty() {
                level.occupied &= !(1 << place.bucket);
            }
            let buried = before - keys.len();
            self.length -= buried;
            self.tombstones = self.tombstones.saturating_sub(buried);
        }
    }

    fn ripen(&mut self, now: Instant, mut due: impl FnMut(Handle)) {
        self.ripen_near(now, &mut due);
        let current = tick(now);
        let target = current + 1;
        while let Some(place) = self.first_place() {
            if place.level > 0 && place.first_tick <= target {
                // The horizon enters the bucket, whose keys move down.
                self.horizon = place.first_tick;
                let keys = self.empty(&place);
                keys.iter().for_each(|key| self.place(*key));
                self.reuse(keys);
            } else if place.level == 0 && place.first_tick < target {
                self.horizon = place.first_tick + 1;
                let mut keys = self.empty(&place);
                if place.first_tick < current {
                    // The whole tick is over.
                    keys.sort_unstable();
                    self.length -= keys.len();
                    keys.iter().for_each(|key| due(key.handle()));
                } else {
                    keys.iter().for_each(|key| self.near.push(Reverse(*key)));
                }
                self.reuse(keys);
            } else {
                break;
            }
        }
        self.horizon = self.horizon.max(target);
        self.ripen_near(now, &mut due);
    }
}
