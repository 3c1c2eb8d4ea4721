//! What the queues are made of: vectors that grow on a PC, arrays on a board.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// A choice of containers. A queue holds at least as much as a buffer.
pub trait Storage: 'static {
    /// Random access.
    type Buffer<T>: Buffer<T>;
    /// First in, first out.
    type Fifo<T>: Fifo<T>;
}

/// A vector that may have a limit.
pub trait Buffer<T>: Default {
    /// The most items that it ever holds.
    const LIMIT: usize;

    /// Appends `item`, or hands it back if the buffer is full.
    ///
    /// # Errors
    ///
    /// The item.
    fn push(&mut self, item: T) -> Result<(), T>;

    /// Takes the last item off.
    fn pop(&mut self) -> Option<T>;

    /// The items.
    fn items(&self) -> &[T];

    /// The items, to be changed in place.
    fn items_mut(&mut self) -> &mut [T];
}

/// A queue that may have a limit.
pub trait Fifo<T>: Default {
    /// Appends `item`, or hands it back if the queue is full.
    ///
    /// # Errors
    ///
    /// The item.
    fn push(&mut self, item: T) -> Result<(), T>;

    /// Takes the first item off.
    fn pop(&mut self) -> Option<T>;

    /// The number of items.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Grows as needed.
#[derive(Debug)]
pub enum Growing {}

impl Storage for Growing {
    type Buffer<T> = Vec<T>;
    type Fifo<T> = VecDeque<T>;
}

impl<T> Buffer<T> for Vec<T> {
    const LIMIT: usize = usize::MAX;

    fn push(&mut self, item: T) -> Result<(), T> {
        Self::push(self, item);
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        Self::pop(self)
    }

    fn items(&self) -> &[T] {
        self
    }

    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> Fifo<T> for VecDeque<T> {
    fn push(&mut self, item: T) -> Result<(), T> {
        self.push_back(item);
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        Self::len(self)
    }
}

/// Holds at most `N` callbacks, ready or waiting for their time, inside itself. `N` is a power of
/// two.
///
/// What comes through the inbox still allocates a node for a closure, though not for a task.
#[derive(Debug)]
pub enum Fixed<const N: usize> {}

impl<const N: usize> Storage for Fixed<N> {
    type Buffer<T> = heapless::Vec<T, N>;
    type Fifo<T> = heapless::Deque<T, N>;
}

impl<T, const N: usize> Buffer<T> for heapless::Vec<T, N> {
    const LIMIT: usize = {
        assert!(N.is_power_of_two(), "the capacity must be a power of two");
        N
    };

    fn push(&mut self, item: T) -> Result<(), T> {
        self.push(item)
    }

    fn pop(&mut self) -> Option<T> {
        self.pop()
    }

    fn items(&self) -> &[T] {
        self
    }

    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T, const N: usize> Fifo<T> for heapless::Deque<T, N> {
    fn push(&mut self, item: T) -> Result<(), T> {
        self.push_back(item)
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        self.len()
    }
}
