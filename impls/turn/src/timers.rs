//! Which timer is next: a binary heap in (deadline, sequence) order.
//!
//! A cancelled timer stays behind as a tombstone, since its callback is gone from the slots
//! already; when most of a big heap is tombstones, it is rebuilt without them.

use anyloop::{Handle, Instant};

use crate::storage::{Buffer, Storage};

/// Deadline first, then the handle, which is the sequence: nothing is left to chance.
type Key = (Instant, Handle);

/// The timers of one loop, by what comes next.
pub(crate) struct Timers<S: Storage> {
    heap: S::Buffer<Key>,
    tombstones: usize,
}

impl<S: Storage> Timers<S> {
    /// Heaps smaller than this are not worth rebuilding; asyncio's number.
    const WORTH_REBUILDING: usize = 100;

    pub(crate) fn new() -> Self {
        Self { heap: S::Buffer::default(), tombstones: 0 }
    }

    /// The earliest deadline and whose it is, tombstones included.
    pub(crate) fn peek(&self) -> Option<Key> {
        self.heap.items().first().copied()
    }

    /// Adds a timer; `false` if there is no room even for that.
    pub(crate) fn push(&mut self, when: Instant, handle: Handle) -> bool {
        if self.heap.push((when, handle)).is_err() {
            return false;
        }
        let last = self.heap.items().len() - 1;
        self.sift_up(last);
        true
    }

    /// Takes the first entry off; `live` says whether it was a timer or a tombstone.
    pub(crate) fn pop(&mut self, live: bool) {
        let last = self.heap.items().len().saturating_sub(1);
        self.heap.items_mut().swap(0, last);
        self.heap.pop();
        self.sift_down(0);
        if !live {
            self.tombstones -= 1;
        }
    }

    /// Notes that one of the entries is a tombstone now. Says whether it is time to
    /// [`rebuild`](Self::rebuild).
    pub(crate) fn bury(&mut self) -> bool {
        self.tombstones += 1;
        let length = self.heap.items().len();
        length > Self::WORTH_REBUILDING && self.tombstones * 2 > length
    }

    /// Throws the tombstones out.
    pub(crate) fn rebuild(&mut self, mut is_live: impl FnMut(Handle) -> bool) {
        let mut kept = 0;
        for at in 0..self.heap.items().len() {
            let key = self.heap.items()[at];
            if is_live(key.1) {
                self.heap.items_mut()[kept] = key;
                kept += 1;
            }
        }
        while self.heap.items().len() > kept {
            self.heap.pop();
        }
        for at in (0..kept / 2).rev() {
            self.sift_down(at);
        }
        self.tombstones = 0;
    }

    fn sift_up(&mut self, mut at: usize) {
        let heap = self.heap.items_mut();
        while at > 0 {
            let parent = (at - 1) / 2;
            if heap[parent] <= heap[at] {
                break;
            }
            heap.swap(parent, at);
            at = parent;
        }
    }

    fn sift_down(&mut self, mut at: usize) {
        let heap = self.heap.items_mut();
        loop {
            let left = 2 * at + 1;
            let Some(mut least) = heap.get(left).map(|_| left) else {
                break;
            };
            if heap.get(left + 1).is_some_and(|right| *right < heap[left]) {
                least = left + 1;
            }
            if heap[at] <= heap[least] {
                break;
            }
            heap.swap(at, least);
            at = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Growing;
    use alloc::vec::Vec;
    use anyloop::Handles;

    #[test]
    fn entries_come_out_in_order_and_tombstones_are_thrown_out() {
        let handles = Handles::new();
        let mut timers = Timers::<Growing>::new();
        let mut model = Vec::new();
        let mut random = 1_u64;
        for _ in 0..2000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = (Instant::from_nanos(random >> 58), handles.next());
            assert!(timers.push(key.0, key.1));
            model.push(key);
        }
        let dead: Vec<_> = model.iter().map(|key| key.1).filter(|handle| handle.to_bits() % 4 != 0).collect();
        let rebuilt = dead.iter().position(|_| timers.bury()).expect("most of it is dead");
        assert!(rebuilt >= 1000);
        timers.rebuild(|handle| !dead.contains(&handle));
        model.retain(|key| !dead.contains(&key.1));
        model.sort();
        for key in model {
            assert_eq!(timers.peek(), Some(key));
            timers.pop(true);
        }
        assert_eq!(timers.peek(), None);
    }
}
