//! What scheduling returns: a number that names one callback of one loop, for ever.
//!
//! A [`Handle`] is drawn from one process-wide sequence, so a number is never given twice, not
//! even to two loops: a stale handle, or a handle of another loop, simply names nothing there.

use core::cell::Cell;
use core::fmt;
use core::num::NonZeroU64;
use core::ops::Range;

use crate::platform::Counter;
use crate::{Loop, Remote};

/// Names one scheduled callback (asyncio's `Handle` and `TimerHandle`).
///
/// It is `Copy`, 64 bits wide, and means nothing when dropped: the callback runs all the same.
/// Cancel with [`Loop::cancel`], or wrap it in [`CancelOnDrop`].
///
/// *Kept by every loop:* [`handle.unique`](crate::rules::handle::UNIQUE),
/// [`cancel.foreign`](crate::rules::cancel::FOREIGN),
/// [`cancel.stale`](crate::rules::cancel::STALE),
/// [`cancel.scope`](crate::rules::cancel::SCOPE).
#[doc(alias = "TimerHandle")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(NonZeroU64);

impl Handle {
    /// The number itself, for logs and for keys of kernel events. Never zero.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// The handle whose number is `bits`; `None` for zero.
    ///
    /// Making one up is harmless: it cancels the callback that has that number, if there is one.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.0)
    }
}

/// The first number that no source has been given yet.
static UNTAKEN: Counter = Counter::new(1);

/// A source of handles, for authors of loops: each loop owns one.
///
/// Sources lease stretches of the process-wide sequence, each longer than the last, so drawing a
/// handle is a comparison and an addition, and a process would have to schedule 2⁶⁴ callbacks to
/// see a number again.
///
/// ```
/// use anyloop::Handles;
///
/// let (one, other) = (Handles::new(), Handles::new());
/// let (first, second, third) = (one.next(), one.next(), other.next());
/// assert!(first < second);
/// assert!(third != first && third != second);
/// ```
#[derive(Debug)]
pub struct Handles {
    next: Cell<u64>,
    end: Cell<u64>,
    lease: Cell<u64>,
}

impl Handles {
    /// The first lease is small, because most loops of a test suite are short-lived.
    const FIRST_LEASE: u64 = 1 << 10;
    const LONGEST_LEASE: u64 = 1 << 32;

    /// A source that has leased nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: Cell::new(0), end: Cell::new(0), lease: Cell::new(Self::FIRST_LEASE) }
    }

    /// The next handle: bigger than every earlier one of this source, and different from every
    /// handle of every other.
    #[inline]
    pub fn next(&self) -> Handle {
        if self.next.get() == self.end.get() {
            self.extend();
        }
        let bits = self.next.get();
        self.next.set(bits + 1);
        // The sequence starts at one, so the fallback is never taken.
        Handle(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }

    #[cold]
    fn extend(&self) {
        let length = self.lease.get();
        self.lease.set((length * 2).min(Self::LONGEST_LEASE));
        let stretch = Self::lease(length);
        self.next.set(stretch.start);
        self.end.set(stretch.end);
    }

    /// Takes a stretch of `length` numbers out of the sequence, for authors of loops who count them
    /// out themselves. None of them is zero, and nobody else is given one of them.
    ///
    /// ```
    /// use anyloop::{Handle, Handles};
    ///
    /// let stretch = Handles::lease(1000);
    /// let first = Handle::from_bits(stretch.start).unwrap();
    /// assert!(first < Handles::new().next());
    /// ```
    #[must_use]
    pub fn lease(length: u64) -> Range<u64> {
        let start = UNTAKEN.take(length);
        start..start + length
    }
}

impl Default for Handles {
    fn default() -> Self {
        Self::new()
    }
}

/// Cancels a callback when dropped, for those who want scope to mean cancellation.
///
/// ```
/// # use anyloop_os as _;
/// use anyloop::CancelOnDrop;
/// use std::time::Duration;
///
/// let lp = anyloop::new_event_loop()?;
/// let alarm = lp.call_later(Duration::from_secs(3600), || unreachable!())?;
/// drop(CancelOnDrop::new(&lp, alarm));
/// assert!(!lp.cancel(alarm), "it is gone already");
/// # lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CancelOnDrop {
    owner: Loop,
    handle: Handle,
}

impl CancelOnDrop {
    /// Ties the callback that `handle` names on `owner` to the scope of the returned value.
    #[must_use = "the callback is cancelled as soon as this is dropped"]
    pub fn new(owner: &Loop, handle: Handle) -> Self {
        Self { owner: owner.clone(), handle }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.owner.cancel(self.handle);
    }
}

/// Handles and remotes are what other threads may hold.
const _: fn() = || {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<Handle>();
    is_shareable::<Remote>();
};
