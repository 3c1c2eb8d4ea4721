//! The timer queue that fits into a fixed array: a binary heap.

use anyloop::{Handle, Instant};

use super::{Key, TimerQueue, WORTH_SWEEPING};
use crate::storage::{Buffer, Containers};

/// A binary heap of keys.
pub(crate) struct Heap<S: Containers> {
    keys: S::Buffer<Key>,
    tombstones: usize,
}

impl<S: Containers> Default for Heap<S> {
    fn default() -> Self {
        Self { keys: S::Buffer::default(), tombstones: 0 }
    }
}

impl<S: Containers> Heap<S> {
    fn peek(&self) -> Option<Key> {
        self.keys.items().first().copied()
    }

    fn pop(&mut self) {
        let last = self.keys.items().len().saturating_sub(1);
        self.keys.items_mut().swap(0, last);
        self.keys.pop();
        self.sift_down(0);
    }

    fn sift_up(&mut self, mut at: usize) {
        let keys = self.keys.items_mut();
        while at > 0 {
            let parent = (at - 1) / 2;
            if keys[parent] <= keys[at] {
                break;
            }
            keys.swap(parent, at);
            at = parent;
        }
    }

    fn sift_down(&mut self, mut at: usize) {
        let keys = self.keys.items_mut();
        loop {
            let left = 2 * at + 1;
            let Some(mut least) = keys.get(left).map(|_| left) else {
                break;
            };
            if keys.get(left + 1).is_some_and(|right| *right < keys[left]) {
                least = left + 1;
            }
            if keys[at] <= keys[least] {
                break;
            }
            keys.swap(at, least);
            at = least;
        }
    }
}

impl<S: Containers> TimerQueue for Heap<S> {
    fn has_room(&self) -> bool {
        self.keys.items().len() < S::Buffer::<Key>::LIMIT
    }

    fn push(&mut self, when: Instant, handle: Handle) {
        let pushed = self.keys.push(Key::new(when, handle));
        debug_assert!(pushed.is_ok(), "there is room");
        self.sift_up(self.keys.items().len() - 1);
    }

    fn bury(&mut self) -> bool {
        self.tombstones += 1;
        let length = self.keys.items().len();
        length > WORTH_SWEEPING && self.tombstones * 2 > length
    }

    fn dig_up(&mut self) {
        self.tombstones = self.tombstones.saturating_sub(1);
    }

    fn sweep(&mut self, mut is_live: impl FnMut(Handle) -> bool) {
        let mut kept = 0;
        for at in 0..self.keys.items().len() {
            let key = self.keys.items()[at];
            if is_live(key.handle()) {
                self.keys.items_mut()[kept] = key;
                kept += 1;
            }
        }
        while self.keys.items().len() > kept {
            self.keys.pop();
        }
        for at in (0..kept / 2).rev() {
            self.sift_down(at);
        }
        self.tombstones = 0;
    }

    fn next(&mut self, mut is_live: impl FnMut(Handle) -> bool) -> Option<Instant> {
        while let Some(key) = self.peek() {
            if is_live(key.handle()) {
                return Some(key.when());
            }
            self.pop();
            self.dig_up();
        }
        None
    }

    fn ripen(&mut self, now: Instant, mut due: impl FnMut(Handle)) {
        while let Some(key) = self.peek() {
            if key.when() > now || key.when() == Instant::NEVER {
                break;
            }
            self.pop();
            due(key.handle());
        }
    }
}
