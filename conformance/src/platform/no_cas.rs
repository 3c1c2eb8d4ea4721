//! How a waker is made on targets without compare-and-swap, where alloc has no `Arc`.

use core::task::Waker;

use portable_atomic_util::Arc;
use portable_atomic_util::task::Wake;

use super::Notify;

struct Notifier<N>(N);

impl<N: Notify> Wake for Notifier<N> {
    fn wake(this: Arc<Self>) {
        this.0.notify();
    }

    fn wake_by_ref(this: &Arc<Self>) {
        this.0.notify();
    }
}

/// A waker that notifies.
pub(crate) fn waker(notify: impl Notify) -> Waker {
    Waker::from(Arc::new(Notifier(notify)))
}
