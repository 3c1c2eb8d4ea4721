//! Where the callback of a timer is: in a table indexed by the timer's handle itself.
//!
//! Handles are numbers of a rising sequence that are never given twice. The callback of handle
//! `h` stands in slot `h mod capacity`; if that is taken, `h` is skipped and the next number
//! tried. So finding is one index and one comparison, without hashing, and a slot needs no
//! generation: the full handle stands beside the callback. The table is kept at most half full,
//! where it can grow, so that few numbers are skipped; doubling moves each entry to where its
//! handle belongs, and never makes two of them meet.

use anyloop::{Callback, Handle, Handles};

use crate::storage::{Buffer, Containers, bigger_table};
use crate::sync::prefetch;

/// A timer's callback.
struct Entry {
    handle: Handle,
    callback: Callback,
}

/// The callbacks of all timers of one loop.
pub(crate) struct Slots<S: Containers> {
    table: S::Buffer<Option<Entry>>,
    handles: Handles,
    live: usize,
}

impl<S: Containers> Slots<S> {
    pub(crate) fn new() -> Self {
        Self { table: S::Buffer::default(), handles: Handles::new(), live: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The slot where `handle` belongs. The table is not empty.
    fn index(&self, handle: Handle) -> usize {
        // Truncating keeps the low bits, which are the ones that count.
        (handle.to_bits() as usize) & (self.table.items().len().wrapping_sub(1))
    }

    /// Stores a callback and names it.
    pub(crate) fn insert(&mut self, callback: Callback) -> Result<Handle, Callback> {
        let capacity = self.table.items().len();
        if self.live * 2 >= capacity && !self.grow() && self.live == capacity {
            return Err(callback);
        }
        loop {
            let handle = self.handles.next();
            let index = self.index(handle);
            let slot = &mut self.table.items_mut()[index];
            if slot.is_none() {
                *slot = Some(Entry { handle, callback });
                self.live += 1;
                return Ok(handle);
            }
        }
    }

    /// Doubles the table, if its storage can.
    fn grow(&mut self) -> bool {
        let Some(mut table) = bigger_table::<_, S::Buffer<_>>(self.table.items().len()) else {
            return false;
        };
        core::mem::swap(&mut self.table, &mut table);
        while let Some(slot) = table.pop() {
            if let Some(entry) = slot {
                let index = self.index(entry.handle);
                self.table.items_mut()[index] = Some(entry);
            }
        }
        true
    }

    fn slot(&mut self, handle: Handle) -> Option<&mut Option<Entry>> {
        if self.table.items().is_empty() {
            return None;
        }
        let index = self.index(handle);
        let slot = &mut self.table.items_mut()[index];
        slot.as_ref().is_some_and(|entry| entry.handle == handle).then_some(slot)
    }

    pub(crate) fn contains(&mut self, handle: Handle) -> bool {
        self.slot(handle).is_some()
    }

    /// Asks the processor to have the callback at hand soon.
    #[inline]
    pub(crate) fn prefetch(&self, handle: Handle) {
        if let Some(slot) = self.table.items().get(self.index(handle)) {
            prefetch(slot);
        }
    }

    /// Takes the callback out.
    pub(crate) fn remove(&mut self, handle: Handle) -> Option<Callback> {
        let entry = self.slot(handle)?.take()?;
        self.live -= 1;
        Some(entry.callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Fixed, Growing};
    use alloc::vec::Vec;

    fn callback() -> Callback {
        Callback::new(|| ())
    }

    #[test]
    fn growing_keeps_every_entry_where_its_handle_finds_it() {
        let mut slots = Slots::<Growing>::new();
        let handles: Vec<_> = (0..1000).map(|_| slots.insert(callback()).unwrap()).collect();
        // Every third goes, and newcomers have to find the gaps.
        for handle in handles.iter().step_by(3) {
            assert!(slots.remove(*handle).is_some());
            assert!(slots.remove(*handle).is_none());
        }
        let newcomers: Vec<_> = (0..5000).map(|_| slots.insert(callback()).unwrap()).collect();
        for (number, handle) in handles.iter().enumerate() {
            assert_eq!(slots.contains(*handle), number % 3 != 0);
        }
        assert!(newcomers.iter().all(|handle| slots.contains(*handle)));
        assert_eq!(slots.live, 666 + 5000);
    }

    #[test]
    fn a_fixed_table_fills_to_the_last_slot_and_hands_the_next_one_back() {
        let mut slots = Slots::<Fixed<8>>::new();
        let handles: Vec<_> = (0..8).map(|_| slots.insert(callback()).unwrap()).collect();
        assert!(slots.insert(callback()).is_err());
        assert!(slots.remove(handles[5]).is_some());
        let last = slots.insert(callback()).unwrap();
        assert!(last > handles[7]);
        assert!(slots.insert(callback()).is_err());
    }
}
