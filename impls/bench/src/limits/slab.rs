//! How cheap is a callback that can be cancelled? A slab with generations, and slot numbers in a
//! queue.

use std::collections::VecDeque;
use std::mem::replace;

use super::inline::Inline;

/// Names one callback, for ever: the slot, and how often it was used before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    slot: u32,
    generation: u32,
}

enum Content {
    /// The next free slot.
    Free(u32),
    Used(Inline),
}

struct Slot {
    generation: u32,
    content: Content,
}

/// Callbacks by key.
#[derive(Default)]
pub(crate) struct Slab {
    slots: Vec<Slot>,
    free: u32,
}

impl Slab {
    #[inline(always)]
    pub(crate) fn insert(&mut self, callback: Inline) -> Key {
        let slot = self.free;
        let content = Content::Used(callback);
        if let Some(place) = self.slots.get_mut(slot as usize) {
            if let Content::Free(next) = replace(&mut place.content, content) {
                self.free = next;
            }
            return Key { slot, generation: place.generation };
        }
        self.slots.push(Slot { generation: 0, content });
        self.free = self.slots.len() as u32;
        Key { slot, generation: 0 }
    }

    /// The callback, if it is still there.
    #[inline(always)]
    pub(crate) fn remove(&mut self, key: Key) -> Option<Inline> {
        let place = &mut self.slots[key.slot as usize];
        if place.generation != key.generation {
            return None;
        }
        place.generation = place.generation.wrapping_add(1);
        let content = replace(&mut place.content, Content::Free(self.free));
        self.free = key.slot;
        match content {
            Content::Used(callback) => Some(callback),
            Content::Free(_) => None,
        }
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.slots[key.slot as usize].generation == key.generation
    }
}

/// A queue of callbacks with keys.
#[derive(Default)]
pub(crate) struct Ready {
    slab: Slab,
    queue: VecDeque<Key>,
}

impl Ready {
    #[inline(always)]
    pub(crate) fn push(&mut self, callback: Inline) -> Key {
        let key = self.slab.insert(callback);
        self.queue.push_back(key);
        key
    }

    /// The next callback, unless it was cancelled.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Inline> {
        let key = self.queue.pop_front()?;
        self.slab.remove(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
