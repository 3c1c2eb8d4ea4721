//! What is ready: callbacks in a ring, named by their position.
//!
//! Positions count up for ever, and so do handles: the handle of position `p` is `p` plus a shift
//! that is the same for a whole stretch of leased handles. So a handle finds its callback by a
//! subtraction, and nothing has to be stored beside the callback itself.

use anyloop::{Callback, Handle, Handles};

use crate::place::put;
use crate::storage::{Buffer, Containers, grow_table};

/// Positions whose handles have one shift.
#[derive(Clone, Copy)]
struct Stretch {
    from: u64,
    to: u64,
    /// Wraps around: a stretch may be leased late.
    shift: u64,
}

impl Stretch {
    /// The position of `handle`, if it is one of this stretch.
    fn position(&self, handle: Handle) -> Option<u64> {
        let position = handle.to_bits().wrapping_sub(self.shift);
        (self.from..self.to).contains(&position).then_some(position)
    }
}

/// The ready queue of one loop.
pub(crate) struct Ring<S: Containers> {
    table: S::Buffer<Option<Callback>>,
    /// The position of the next callback to run.
    head: u64,
    /// The position of the next callback to come.
    tail: u64,
    /// The position that is not to be run yet.
    end: u64,
    /// Up to this position there surely are handles and places. The head may have moved on since.
    limit: u64,
    current: Stretch,
    /// Stretches that may still have callbacks in the ring.
    older: S::Buffer<Stretch>,
}

impl<S: Containers> Ring<S> {
    const FIRST_LEASE: u64 = 1 << 10;
    const LONGEST_LEASE: u64 = 1 << 32;

    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            table: S::Buffer::default(),
            head: 0,
            tail: 0,
            end: 0,
            limit: 0,
            current: Stretch { from: 0, to: 0, shift: 0 },
            older: S::Buffer::default(),
        }
    }

    fn index(&self, position: u64) -> usize {
        // Truncating keeps the low bits, which are the ones that count.
        position as usize & (self.table.items().len().wrapping_sub(1))
    }

    fn length(&self) -> usize {
        (self.tail - self.head) as usize
    }

    /// Whether the next callback finds a place.
    fn has_room(&mut self) -> bool {
        self.tail < self.limit || self.make_room()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// Appends a callback, if there is room, and names it.
    ///
    /// # Safety
    ///
    /// If it has a name, the caller forgets it.
    #[inline(always)]
    pub(crate) unsafe fn push(&mut self, callback: &Callback) -> Option<Handle> {
        if !self.has_room() {
            return None;
        }
        let index = self.index(self.tail);
        // SAFETY: the caller forgets it.
        unsafe { put(&mut self.table.items_mut()[index], callback) };
        let bits = self.tail.wrapping_add(self.current.shift);
        self.tail += 1;
        // A lease has no zero in it, so there always is a name.
        Handle::from_bits(bits)
    }

    /// Finds out how far there are handles and places, and gets more of what there is none of.
    #[cold]
    fn make_room(&mut self) -> bool {
        if self.tail == self.current.to && !self.lease() {
            return false;
        }
        if self.length() == self.table.items().len() && !self.grow() {
            return false;
        }
        self.limit = self.current.to.min(self.head + self.table.items().len() as u64);
        true
    }

    /// Goes on with a new stretch of handles.
    fn lease(&mut self) -> bool {
        let mut kept = S::Buffer::default();
        for stretch in self.older.items().iter().chain([&self.current]) {
            if stretch.to > self.head && kept.push(*stretch).is_err() {
                return false;
            }
        }
        self.older = kept;
        let length = (2 * (self.current.to - self.current.from))
            .clamp(Self::FIRST_LEASE, Self::LONGEST_LEASE)
            // So that a ring of fixed capacity never spans more than two stretches.
            .max(self.table.items().len() as u64);
        let lease = Handles::lease(length);
        self.current =
            Stretch { from: self.tail, to: self.tail + length, shift: lease.start.wrapping_sub(self.tail) };
        true
    }

    /// Doubles the table, if its storage can: what the new bit of a position sets apart moves.
    fn grow(&mut self) -> bool {
        let old_mask = self.table.items().len().wrapping_sub(1);
        if !grow_table(&mut self.table) {
            return false;
        }
        for position in self.head..self.tail {
            let (from, to) = (position as usize & old_mask, self.index(position));
            self.table.items_mut().swap(from, to);
        }
        true
    }

    /// Takes out the callback that `handle` names; its position stays behind, empty.
    pub(crate) fn cancel(&mut self, handle: Handle) -> Option<Callback> {
        let older = || self.older.items().iter().find_map(|stretch| stretch.position(handle));
        let position = self.current.position(handle).or_else(older)?;
        if !(self.head..self.tail).contains(&position) {
            return None;
        }
        let index = self.index(position);
        self.table.items_mut()[index].take()
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> S::Buffer<Option<Callback>> {
        self.head = self.tail;
        self.limit = self.tail;
        core::mem::take(&mut self.table)
    }

    /// The position of the next callback to run.
    pub(crate) const fn head(&self) -> u64 {
        self.head
    }

    /// The position of the next callback to come.
    pub(crate) const fn tail(&self) -> u64 {
        self.tail
    }

    /// Lets [`next`](Self::next) go on until it comes to `position`.
    pub(crate) const fn run_until(&mut self, position: u64) {
        self.end = position;
    }

    /// Takes the next callback before the position that [`run_until`](Self::run_until) was given.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Callback> {
        while self.head < self.end {
            let index = self.index(self.head);
            self.head += 1;
            if let Some(callback) = self.table.items_mut()[index].take() {
                return Some(callback);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::settled;
    use crate::storage::{Fixed, Growing};
    use alloc::collections::VecDeque;
    use alloc::rc::Rc;
    use alloc::vec::Vec;
    use core::cell::Cell;

    /// Pushes, cancels and runs at random, beside a deque that does the same naively.
    fn behaves_as_a_deque<S: Containers>(limit: usize) {
        let mut ring = Ring::<S>::new();
        let mut model: VecDeque<(Handle, u64, bool)> = VecDeque::new();
        let mut gone: Vec<Handle> = Vec::new();
        let last = Rc::new(Cell::new(0));
        let mut random = 7_u64;
        for number in 1..200_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number);
            match (random >> 60, model.len()) {
                (0..=7, length) => {
                    let told = last.clone();
                    let callback = Callback::new(move || told.set(number));
                    // SAFETY: it is forgotten if it has a name.
                    let pushed = settled!(unsafe { ring.push(&callback) }, callback);
                    assert_eq!(pushed.is_ok(), length < limit);
                    if let Ok(handle) = pushed {
                        model.push_back((handle, number, true));
                    }
                }
                (8..=9, length @ 1..) => {
                    let chosen = (random >> 20) as usize % length;
                    let (handle, _, live) = &mut model[chosen];
                    assert_eq!(ring.cancel(*handle).is_some(), core::mem::take(live));
                }
                (10, _) => assert!(gone.iter().rev().take(100).all(|handle| ring.cancel(*handle).is_none())),
                _ => {
                    ring.run_until(ring.tail());
                    let batch = model.len().min((random >> 30) as usize % 40);
                    for _ in 0..batch {
                        let Some(callback) = ring.next() else { break };
                        callback.call();
                        let (handle, number) = loop {
                            let (handle, number, live) = model.pop_front().expect("the ring had one");
                            gone.push(handle);
                            if live {
                                break (handle, number);
                            }
                        };
                        assert_eq!((last.get(), ring.cancel(handle).is_none()), (number, true));
                    }
                    // The ring lets go of empty positions when it passes them.
                    while model.len() > ring.length() {
                        let (handle, _, live) = model.pop_front().expect("the model is not empty");
                        assert!(!live, "{handle:?} was not run");
                        gone.push(handle);
                    }
                }
            }
        }
        gone.sort();
        gone.dedup();
        assert!(gone.len() > 10_000, "no handle was given twice");
    }

    #[test]
    fn a_growing_ring_behaves_as_a_deque() {
        behaves_as_a_deque::<Growing>(usize::MAX);
    }

    #[test]
    fn a_fixed_ring_behaves_as_a_deque_and_hands_back_what_is_too_much() {
        behaves_as_a_deque::<Fixed<32>>(32);
    }
}
