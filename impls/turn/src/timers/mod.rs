//! Which timer is next: two queues of one kind, in (deadline, sequence) order.
//!
//! The heap fits into a fixed array; the wheel is for many timers. Both hold keys only: the
//! callbacks stand in the slots. A cancelled timer's callback is gone from there at once, and its
//! key stays behind as a tombstone, to be dropped when it comes up, or when tombstones are most of
//! what there is.

mod heap;
mod wheel;

pub(crate) use heap::Heap;
pub(crate) use wheel::Wheel;

use anyloop::{Handle, Instant};

/// A deadline, and then the handle, which is the sequence: nothing is left to chance. As one
/// number, because that compares without a branch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u128);

impl Key {
    fn new(when: Instant, handle: Handle) -> Self {
        Self(u128::from(when.as_nanos()) << 64 | u128::from(handle.to_bits()))
    }

    fn when(self) -> Instant {
        Instant::from_nanos((self.0 >> 64) as u64)
    }

    fn handle(self) -> Handle {
        match Handle::from_bits(self.0 as u64) {
            Some(handle) => handle,
            None => unreachable!("a key is made from a handle"),
        }
    }
}

/// Queues smaller than this are not worth sweeping; asyncio's number.
pub(crate) const WORTH_SWEEPING: usize = 100;

/// The keys of one loop's timers.
///
/// `is_live` says whether a key's callback is still there.
pub(crate) trait TimerQueue: Default {
    /// Whether one more key fits.
    fn has_room(&self) -> bool;

    /// Adds a key, for which there is room.
    fn push(&mut self, when: Instant, handle: Handle);

    /// Notes that one of the keys has become a tombstone. Says whether to [`sweep`](Self::sweep).
    fn bury(&mut self) -> bool;

    /// Notes that a key that was handed over as due was a tombstone.
    fn dig_up(&mut self);

    /// Throws the tombstones out.
    fn sweep(&mut self, is_live: impl FnMut(Handle) -> bool);

    /// The earliest deadline of all that are live.
    fn next(&mut self, is_live: impl FnMut(Handle) -> bool) -> Option<Instant>;

    /// Hands the keys that are due at `now` to `due`, in order, tombstones among them.
    /// [`Instant::NEVER`] is never due.
    fn ripen(&mut self, now: Instant, due: impl FnMut(Handle));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Growing;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::vec::Vec;
    use anyloop::Handles;

    /// Small numbers that look random.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % limit
        }
    }

    /// Plays random schedules on a queue and on a sorted set, and compares what comes out when.
    fn behaves_as_a_sorted_set<Q: TimerQueue>(seed: u64) {
        let (mut random, handles) = (Random(seed), Handles::new());
        let mut queue = Q::default();
        let mut model = BTreeSet::new();
        let mut deadlines = BTreeMap::new();
        let mut now = random.below(1 << 40);
        // From nanoseconds to days, so that every level of a wheel is used.
        let far = |random: &mut Random| {
            let bits = random.below(47);
            random.below(1 << bits.min(31)) << bits.saturating_sub(31)
        };
        for _ in 0..20_000 {
            match random.below(10) {
                0..=4 => {
                    let distance = far(&mut random);
                    let deadline = match random.below(20) {
                        0 => Instant::NEVER,
                        1 => Instant::from_nanos(now.saturating_sub(distance)),
                        _ => Instant::from_nanos(now + distance),
                    };
                    let handle = handles.next();
                    assert!(queue.has_room());
                    queue.push(deadline, handle);
                    model.insert((deadline, handle));
                    deadlines.insert(handle, deadline);
                }
                5..=6 => {
                    let chosen = random.below(deadlines.len() as u64 + 1) as usize;
                    if let Some((&handle, &deadline)) = deadlines.iter().nth(chosen) {
                        deadlines.remove(&handle);
                        model.remove(&(deadline, handle));
                        if queue.bury() {
                            queue.sweep(|handle| deadlines.contains_key(&handle));
                        }
                    }
                }
                7..=8 => {
                    let next = queue.next(|handle| deadlines.contains_key(&handle));
                    assert_eq!(next, model.first().map(|key| key.0));
                }
                _ => {
                    let distance = far(&mut random);
                    now += if random.below(3) == 0 { distance } else { distance >> 16 };
                    let mut due = Vec::new();
                    queue.ripen(Instant::from_nanos(now), |handle| due.push(handle));
                    due.retain(|handle| {
                        let live = deadlines.remove(handle).is_some();
                        if !live {
                            queue.dig_up();
                        }
                        live
                    });
                    let expected: Vec<_> =
                        model.iter().copied().take_while(|key| key.0.as_nanos() <= now).collect();
                    assert_eq!(due, expected.iter().map(|key| key.1).collect::<Vec<_>>());
                    model.retain(|key| !expected.contains(key));
                }
            }
        }
        assert!(!model.is_empty(), "the play was long enough to leave something");
    }

    #[test]
    fn the_heap_behaves_as_a_sorted_set() {
        (0..8).for_each(behaves_as_a_sorted_set::<Heap<Growing>>);
    }

    #[test]
    fn the_wheel_behaves_as_a_sorted_set() {
        (0..8).for_each(behaves_as_a_sorted_set::<Wheel>);
    }
}
