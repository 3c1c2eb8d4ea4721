//! How a waker is made: std's way.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::task::Waker;

use super::Notify;

struct Notifier<N>(N);

impl<N: Notify> Wake for Notifier<N> {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify();
    }
}

/// A waker that notifies.
pub(crate) fn waker(notify: impl Notify) -> Waker {
    Waker::from(Arc::new(Notifier(notify)))
}
