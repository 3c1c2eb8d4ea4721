//! Where the callback of a timer is: in a table indexed by the timer's handle itself.
//!
//! Handles are numbers of a rising sequence that are never given twice. The callback of handle
//! `h` stands in slot `h mod capacity`; if that is taken, `h` is skipped and the next number
//! tried. So finding is one index and one comparison, without hashing, and a slot needs no
//! generation: the full handle stands in a table of its own. The table is kept at most half full,
//! where it can grow, so that few numbers are skipped; doubling moves each entry to where its
//! handle belongs, and never makes two of them meet.

use anyloop::{Callback, Handle, Handles};

use crate::place::put;
use crate::storage::{Buffer, Containers, grow_table};
use crate::sync::prefetch;

/// The callbacks of all timers of one loop.
pub(crate) struct Slots<S: Containers> {
    /// Which handles are there. Beside the callbacks, since most questions are about these alone.
    names: S::Buffer<Option<Handle>>,
    callbacks: S::Buffer<Option<Callback>>,
    handles: Handles,
    live: usize,
}

impl<S: Containers> Slots<S> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            names: S::Buffer::default(),
            callbacks: S::Buffer::default(),
            handles: Handles::new(),
            live: 0,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The slot where `handle` belongs. The table is not empty.
    fn index(&self, handle: Handle) -> usize {
        // Truncating keeps the low bits, which are the ones that count.
        (handle.to_bits() as usize) & (self.names.items().len().wrapping_sub(1))
    }

    /// Stores a callback, if there is room, and names it.
    ///
    /// # Safety
    ///
    /// If it has a name, the caller forgets it.
    #[inline(always)]
    pub(crate) unsafe fn insert(&mut self, callback: &Callback) -> Option<Handle> {
        let capacity = self.names.items().len();
        if self.live * 2 >= capacity && !self.grow() && self.live == capacity {
            return None;
        }
        loop {
            let handle = self.handles.next();
            let index = self.index(handle);
            let name = &mut self.names.items_mut()[index];
            if name.is_none() {
                *name = Some(handle);
                self.live += 1;
                // SAFETY: the caller forgets it.
                unsafe { put(&mut self.callbacks.items_mut()[index], callback) };
                return Some(handle);
            }
        }
    }

    /// Doubles the tables, if their storage can: what the new bit of a handle sets apart moves.
    #[cold]
    fn grow(&mut self) -> bool {
        let capacity = self.names.items().len();
        if !(grow_table(&mut self.names) && grow_table(&mut self.callbacks)) {
            return false;
        }
        for from in 0..capacity {
            if let Some(handle) = self.names.items()[from] {
                let to = self.index(handle);
                self.names.items_mut().swap(from, to);
                self.callbacks.items_mut().swap(from, to);
            }
        }
        true
    }

    /// Where the callback of `handle` is, if it still is.
    #[inline]
    fn find(&self, handle: Handle) -> Option<usize> {
        let index = self.index(handle);
        (self.names.items().get(index) == Some(&Some(handle))).then_some(index)
    }

    /// Says whether a callback is still there. One type for all who ask, so that one copy of the
    /// code that asks is enough.
    #[inline]
    pub(crate) fn is_live(&self) -> impl Fn(Handle) -> bool {
        |handle| self.find(handle).is_some()
    }

    /// Asks the processor to have the callback at hand soon.
    #[inline]
    pub(crate) fn prefetch(&self, handle: Handle) {
        let index = self.index(handle);
        if let (Some(name), Some(callback)) =
            (self.names.items().get(index), self.callbacks.items().get(index))
        {
            prefetch(name);
            prefetch(callback);
        }
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> S::Buffer<Option<Callback>> {
        self.live = 0;
        self.names = S::Buffer::default();
        core::mem::take(&mut self.callbacks)
    }

    /// Takes the callback out.
    #[inline]
    pub(crate) fn remove(&mut self, handle: Handle) -> Option<Callback> {
        let index = self.find(handle)?;
        self.names.items_mut()[index] = None;
        self.live -= 1;
        self.callbacks.items_mut()[index].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::settled;
    use crate::storage::{Fixed, Growing};
    use alloc::vec::Vec;
    use anyloop::Rejected;

    fn insert<S: Containers>(slots: &mut Slots<S>) -> Result<Handle, Rejected<Callback>> {
        let callback = Callback::new(|| ());
        // SAFETY: it is forgotten if it has a name.
        settled!(unsafe { slots.insert(&callback) }, callback)
    }

    #[test]
    fn growing_keeps_every_entry_where_its_handle_finds_it() {
        let mut slots = Slots::<Growing>::new();
        let handles: Vec<_> = (0..1000).map(|_| insert(&mut slots).unwrap()).collect();
        // Every third goes, and newcomers have to find the gaps.
        for handle in handles.iter().step_by(3) {
            assert!(slots.remove(*handle).is_some());
            assert!(slots.remove(*handle).is_none());
        }
        let newcomers: Vec<_> = (0..5000).map(|_| insert(&mut slots).unwrap()).collect();
        for (number, handle) in handles.iter().enumerate() {
            assert_eq!(slots.is_live()(*handle), number % 3 != 0);
        }
        assert!(newcomers.iter().all(|handle| slots.is_live()(*handle)));
        assert_eq!(slots.live, 666 + 5000);
    }

    #[test]
    fn a_fixed_table_fills_to_the_last_slot_and_hands_the_next_one_back() {
        let mut slots = Slots::<Fixed<8>>::new();
        let handles: Vec<_> = (0..8).map(|_| insert(&mut slots).unwrap()).collect();
        assert!(insert(&mut slots).is_err());
        assert!(slots.remove(handles[5]).is_some());
        let last = insert(&mut slots).unwrap();
        assert!(last > handles[7]);
        assert!(insert(&mut slots).is_err());
    }
}
