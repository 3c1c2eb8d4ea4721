//! Where does work from other contexts stand among what is ready? In chains, each before a position
//! of the ring, just as it came: nothing is moved, and nothing needs room.

use anyloop::Callback;

use crate::inbox::Taken;
use crate::storage::{Containers, Fifo};

/// A chain, and the position that it comes before.
struct Chain {
    at: u64,
    links: Taken,
}

/// Chains of links, in the order of their positions.
pub(crate) struct Chains<S: Containers> {
    list: S::Fifo<Chain>,
    /// How many of them are in the batch that is being run.
    in_batch: usize,
}

impl<S: Containers> Chains<S> {
    pub(crate) fn new() -> Self {
        Self { list: S::Fifo::default(), in_batch: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether [`push`](Self::push) would succeed, wherever that is.
    pub(crate) fn has_room(&self) -> bool {
        self.list.len() < S::Fifo::<Chain>::LIMIT
    }

    /// Puts links before position `at`, behind all others. There is room.
    pub(crate) fn push(&mut self, at: u64, links: Taken) {
        if links.is_empty() {
            return;
        }
        let pushed = self.list.push(Chain { at, links });
        debug_assert!(pushed.is_ok(), "there is room");
    }

    /// Makes what is here now part of the batch.
    pub(crate) fn start_batch(&mut self) {
        self.in_batch = self.list.len();
    }

    /// Where the next chain of the batch is, if there is one.
    pub(crate) fn next_at(&mut self) -> Option<u64> {
        if self.in_batch == 0 { None } else { self.list.first_mut().map(|chain| chain.at) }
    }

    /// Takes the next callback of the batch that comes before position `at`, and not after it.
    #[inline]
    pub(crate) fn next_of_batch(&mut self, at: u64) -> Option<Callback> {
        if self.in_batch == 0 {
            return None;
        }
        let chain = self.list.first_mut().filter(|chain| chain.at <= at)?;
        let callback = chain.links.next();
        if chain.links.is_empty() {
            self.in_batch -= 1;
            // It is empty, so nothing is dropped with it.
            self.list.pop();
        }
        callback
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) -> impl Sized + use<S> {
        self.in_batch = 0;
        core::mem::take(&mut self.list)
    }
}
