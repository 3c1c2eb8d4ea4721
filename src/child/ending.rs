//! How does a task learn that a child has ended? Any number of tasks may wait, before and after.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use slab::Slab;

use super::ExitStatus;
use crate::platform::{Arc, Lock};

/// What the watcher's callback and the waiting tasks share.
#[derive(Debug, Default)]
struct Shared {
    status: Option<ExitStatus>,
    wakers: Slab<Waker>,
}

/// The end of one child, for those who wait for it.
#[derive(Clone, Debug)]
pub(super) struct Ending(Arc<Lock<Shared>>);

impl Ending {
    pub(super) fn new() -> Self {
        Self(Arc::new(Lock::new(Shared::default())))
    }

    pub(super) fn status(&self) -> Option<ExitStatus> {
        self.0.with(|shared| shared.status)
    }

    pub(super) const fn wait(self) -> Wait {
        Wait { ending: self, key: None }
    }

    /// Tells all who wait, the first time.
    fn tell(&self, status: ExitStatus) {
        let wakers = self.0.with(|shared| {
            let new = shared.status.is_none();
            shared.status.get_or_insert(status);
            new.then(|| core::mem::take(&mut shared.wakers))
        });
        // Wakers are user code: called and dropped out here.
        for (_, waker) in wakers.into_iter().flatten() {
            waker.wake();
        }
    }
}

/// Tells of the end. Dropped untold, since the loop was closed or somebody else was registered for the child, it
/// says that nobody will.
pub(super) struct Teller(pub(super) Ending);

impl Teller {
    pub(super) fn tell(self, status: ExitStatus) {
        self.0.tell(status);
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        // After `tell` there is nothing left to say.
        self.0.tell(ExitStatus::Unknown);
    }
}

/// The future of [`Child::wait`](super::Child::wait). Dropping it disturbs neither the child nor others who wait.
///
/// *Keeps* [`process.cancel`](crate::rules::process::CANCEL).
#[derive(Debug)]
pub struct Wait {
    ending: Ending,
    key: Option<usize>,
}

impl Future for Wait {
    type Output = ExitStatus;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitStatus> {
        let waker = cx.waker().clone();
        let Self { ending, key } = &mut *self;
        let (polled, unused) = ending.0.with(|shared| {
            if let Some(status) = shared.status {
                return (Poll::Ready(status), Some(waker));
            }
            match key.and_then(|key| shared.wakers.get_mut(key)) {
                Some(place) => (Poll::Pending, Some(core::mem::replace(place, waker))),
                None => {
                    *key = Some(shared.wakers.insert(waker));
                    (Poll::Pending, None)
                }
            }
        });
        // Wakers are user code: dropped out here.
        drop(unused);
        polled
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let waker = self.ending.0.with(|shared| shared.wakers.try_remove(key));
        drop(waker);
    }
}
