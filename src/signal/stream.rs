//! How does a task await a signal? With a stream, which keeps count while nobody looks.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

use crate::local::WeakLoop;
use crate::{Handle, Loop, SignalHandlerError};

/// What came, and who waits for it.
#[derive(Default)]
struct Shared {
    came: Cell<u64>,
    /// Nothing will come any more: the loop is closed.
    over: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Shared {
    fn wake(&self) {
        // Bound to a name, so that the borrow is over before the waker is called.
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// What the loop holds. It is dropped when the loop is closed.
struct Teller(Rc<Shared>);

impl Teller {
    fn tell(&self) {
        self.0.came.set(self.0.came.get() + 1);
        self.0.wake();
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.over.set(true);
        self.0.wake();
    }
}

/// Tells a task of a signal, each time that it comes: what [`Loop::signal`] gives.
///
/// Dropping it ends that, and it does not keep the loop alive; when nobody listens any more, what handled the signal before is put back.
#[doc(alias = "Signal")]
pub struct SignalStream {
    /// Not kept alive: a task of the loop may hold the stream.
    owner: WeakLoop,
    signal: i32,
    handle: Handle,
    shared: Rc<Shared>,
}

impl SignalStream {
    pub(super) fn new(lp: &Loop, signal: i32) -> Result<Self, SignalHandlerError> {
        let shared = Rc::<Shared>::default();
        let teller = Teller(shared.clone());
        let handle = lp.with_signals(|signals| signals.listen(signal, Rc::new(move |_| teller.tell())))?;
        Ok(Self { owner: lp.downgrade(), signal, handle, shared })
    }

    /// The signal that it tells of.
    #[must_use]
    pub const fn signal(&self) -> i32 {
        self.signal
    }

    /// Waits until the signal comes, or has come since this gave an answer last, and gives its number; `None` once the
    /// loop is closed.
    ///
    /// Signals that come together may count as one, but each of those that the loop told apart is given. A future
    /// that is dropped before it is ready takes nothing with it.
    pub async fn recv(&mut self) -> Option<i32> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The same, for those who write futures by hand.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<i32>> {
        if let Some(left) = self.shared.came.get().checked_sub(1) {
            self.shared.came.set(left);
            return Poll::Ready(Some(self.signal));
        }
        if self.shared.over.get() {
            return Poll::Ready(None);
        }
        // Bound to a name, so that the borrow is over before the former one is dropped.
        let former = self.shared.waker.replace(Some(cx.waker().clone()));
        drop(former);
        Poll::Pending
    }
}

impl Drop for SignalStream {
    fn drop(&mut self) {
        // A loop that has gone listens no more.
        let owner = self.owner.upgrade();
        if let Some(signals) = owner.as_ref().and_then(|lp| lp.capabilities().signals) {
            signals.unlisten(self.handle);
        }
    }
}

impl fmt::Debug for SignalStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalStream").field("signal", &self.signal).finish_non_exhaustive()
    }
}
