//! What the queues are made of: vectors that grow on a PC, arrays on a board.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::timers::{Heap, TimerQueue, Wheel};

/// A choice of containers: [`Growing`] or [`Fixed`].
#[expect(private_bounds, reason = "the containers are the engine's own affair")]
pub trait Storage: Containers {}

/// The containers themselves.
pub(crate) trait Containers: Sized + 'static {
    type Buffer<T>: Buffer<T>;
    /// Holds at least as much as a buffer.
    type Fifo<T>: Fifo<T>;
    type Timers: TimerQueue;
}

/// A vector that may have a limit.
pub(crate) trait Buffer<T>: Default {
    /// The most items that it ever holds.
    const LIMIT: usize;

    /// Appends `item`, or hands it back if the buffer is full.
    fn push(&mut self, item: T) -> Result<(), T>;

    /// Takes the last item off.
    fn pop(&mut self) -> Option<T>;

    fn items(&self) -> &[T];

    fn items_mut(&mut self) -> &mut [T];

    /// Appends default items until there are `size`, which is within the limit.
    fn extend_to(&mut self, size: usize)
    where
        T: Default;
}

/// Doubles a table of places, if the storage can hold more: the new ones are empty, and behind the
/// others.
pub(crate) fn grow_table<T, B: Buffer<Option<T>>>(table: &mut B) -> bool {
    /// The size at which a growing table starts.
    const SMALLEST: usize = 8;

    let capacity = table.items().len();
    let size = (capacity * 2).max(SMALLEST).min(B::LIMIT);
    table.extend_to(size);
    size > capacity
}

/// A queue that may have a limit.
pub(crate) trait Fifo<T>: Default {
    /// The most items that it ever holds.
    const LIMIT: usize;

    /// Appends `item`, or hands it back if the queue is full.
    fn push(&mut self, item: T) -> Result<(), T>;

    /// Takes the first item off.
    fn pop(&mut self) -> Option<T>;

    /// The item that comes after so many others.
    fn ahead(&self, others: usize) -> Option<T>
    where
        T: Copy;

    fn first_mut(&mut self) -> Option<&mut T>;

    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Grows as needed.
#[derive(Debug)]
pub enum Growing {}

impl Storage for Growing {}

impl Containers for Growing {
    type Buffer<T> = Vec<T>;
    type Fifo<T> = VecDeque<T>;
    type Timers = Wheel;
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

    fn extend_to(&mut self, size: usize)
    where
        T: Default,
    {
        self.resize_with(size, T::default);
    }
}

impl<T> Fifo<T> for VecDeque<T> {
    const LIMIT: usize = usize::MAX;

    fn push(&mut self, item: T) -> Result<(), T> {
        self.push_back(item);
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn ahead(&self, others: usize) -> Option<T>
    where
        T: Copy,
    {
        self.get(others).copied()
    }

    fn first_mut(&mut self) -> Option<&mut T> {
        self.front_mut()
    }

    fn len(&self) -> usize {
        Self::len(self)
    }
}

/// Holds at most `N` callbacks that are ready and `N` that wait for their time, inside itself.
/// `N` is a power of two.
///
/// A callback that is scheduled and cancelled again in one turn takes its place until that turn is
/// over. What comes through the inbox still allocates a node for a closure, though not for a task.
#[derive(Debug)]
pub enum Fixed<const N: usize> {}

impl<const N: usize> Storage for Fixed<N> {}

impl<const N: usize> Containers for Fixed<N> {
    type Buffer<T> = heapless::Vec<T, N>;
    type Fifo<T> = heapless::Deque<T, N>;
    type Timers = Heap<Self>;
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

    fn extend_to(&mut self, size: usize)
    where
        T: Default,
    {
        self.extend(core::iter::repeat_with(T::default).take(size - self.len()));
    }
}

impl<T, const N: usize> Fifo<T> for heapless::Deque<T, N> {
    const LIMIT: usize = N;

    fn push(&mut self, item: T) -> Result<(), T> {
        self.push_back(item)
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn ahead(&self, others: usize) -> Option<T>
    where
        T: Copy,
    {
        self.iter().nth(others).copied()
    }

    fn first_mut(&mut self) -> Option<&mut T> {
        self.front_mut()
    }

    fn len(&self) -> usize {
        self.len()
    }
}
