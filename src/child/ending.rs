//! How does a task learn that a child has ended? Any number of tasks may wait, before and after.

use alloc::boxed::Box;
use core::future::Future;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use slab::Slab;

use super::ExitStatus;
use crate::platform::{Arc, Lock};

/// What the watcher's callback and the waiting tasks share.
#[derive(Debug, Default)]
struct Shared {
    status: Option<ExitStatus>,
    waiters: Waiters,
}

/// Who waits: hardly ever more than one.
#[derive(Debug, Default)]
struct Waiters {
    first: Option<Waker>,
    others: Option<Box<Slab<Waker>>>,
}

/// The place of one who waits: 1 is the first's.
type Place = NonZeroUsize;

impl Waiters {
    fn insert(&mut self, waker: Waker) -> Place {
        if self.first.is_none() {
            self.first = Some(waker);
            return Place::MIN;
        }
        let key = self.others.get_or_insert_default().insert(waker);
        Place::MIN.saturating_add(key + 1)
    }

    fn get_mut(&mut self, place: Place) -> Option<&mut Waker> {
        match place.get().checked_sub(2) {
            None => self.first.as_mut(),
            Some(key) => self.others.as_mut()?.get_mut(key),
        }
    }

    fn remove(&mut self, place: Place) -> Option<Waker> {
        match place.get().checked_sub(2) {
            None => self.first.take(),
            Some(key) => self.others.as_mut()?.try_remove(key),
        }
    }

    fn wake_all(self) {
        let others = self.others.into_iter().flat_map(|others| *others).map(|(_, waker)| waker);
        self.first.into_iter().chain(others).for_each(Waker::wake);
    }
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
        Wait { ending: self, place: None }
    }

    /// Tells all who wait, the first time.
    fn tell(&self, status: ExitStatus) {
        let waiters = self.0.with(|shared| {
            let new = shared.status.is_none();
            shared.status.get_or_insert(status);
            new.then(|| core::mem::take(&mut shared.waiters))
        });
        // Wakers are user code: called and dropped out here.
        if let Some(waiters) = waiters {
            waiters.wake_all();
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
    place: Option<Place>,
}

impl Future for Wait {
    type Output = ExitStatus;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitStatus> {
        let waker = cx.waker().clone();
        let Self { ending, place } = &mut *self;
        let (polled, unused) = ending.0.with(|shared| {
            if let Some(status) = shared.status {
                return (Poll::Ready(status), Some(waker));
            }
            match place.and_then(|place| shared.waiters.get_mut(place)) {
                Some(former) => (Poll::Pending, Some(core::mem::replace(former, waker))),
                None => {
                    *place = Some(shared.waiters.insert(waker));
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
        let Some(place) = self.place else { return };
        let waker = self.ending.0.with(|shared| shared.waiters.remove(place));
        drop(waker);
    }
}
