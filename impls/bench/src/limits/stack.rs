//! How cheap is work from another thread? An intrusive stack, swapped out whole.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::inline::Inline;

struct Node {
    next: *mut Node,
    callback: Inline,
}

/// Callbacks from any thread for one.
pub(crate) struct Stack {
    head: AtomicPtr<Node>,
}

// SAFETY: `push` takes only what may be sent to another thread, and nodes have one owner at a time.
unsafe impl Sync for Stack {}

impl Stack {
    pub(crate) const fn new() -> Self {
        Self { head: AtomicPtr::new(null_mut()) }
    }

    /// Adds a callback, and says whether there was none before: then the consumer may be asleep.
    pub(crate) fn push(&self, callback: impl FnOnce() + Send + 'static) -> bool {
        let node = Box::into_raw(Box::new(Node { next: null_mut(), callback: Inline::new(callback) }));
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the node is this call's own until the exchange succeeds.
            unsafe { (*node).next = head };
            match self.head.compare_exchange_weak(head, node, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return head.is_null(),
                Err(now) => head = now,
            }
        }
    }

    /// Runs everything, first come first, and says how much that was.
    pub(crate) fn run(&self) -> u64 {
        let mut head = self.head.swap(null_mut(), Ordering::Acquire);
        let mut first = null_mut::<Node>();
        while !head.is_null() {
            // SAFETY: the swap made these nodes ours alone.
            let next = unsafe { std::mem::replace(&mut (*head).next, first) };
            first = std::mem::replace(&mut head, next);
        }
        let mut ran = 0;
        while !first.is_null() {
            // SAFETY: as above; `push` leaked this very box, and nobody looks at it again.
            let node = unsafe { Box::from_raw(first) };
            first = node.next;
            node.callback.call();
            ran += 1;
        }
        ran
    }
}
