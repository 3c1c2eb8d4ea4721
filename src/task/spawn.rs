//! How a future becomes a task, and who drops it where.
//!
//! The cell of a task is `async-task`'s. Its waker posts a [`Runnable`] to the loop's
//! [`Remote`](crate::Remote); the loop runs that as a callback, which polls the future. A future
//! may be `!Send`: it is polled and dropped on the loop's context only. What keeps that true at
//! the end is the [`TaskSet`]: closing the loop cancels every task that is still waiting.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use core::task::{Context, Poll, Waker};

use slab::Slab;

use super::runnable::{Header, Runnable};
use crate::{ContextId, JoinError, Loop, RejectReason, Rejected, platform};

/// The tasks that live on one loop, for authors of loops: a field of theirs.
///
/// ```
/// # use anyloop_os as _;
/// let lp = anyloop::new_event_loop()?;
/// let task = lp.spawn_local(std::future::pending::<()>())?;
/// assert_eq!(lp.tasks().len(), 1);
/// task.cancel();
/// lp.run_until_complete(async {})?;
/// assert!(lp.tasks().is_empty());
/// # lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct TaskSet(Rc<RefCell<Slab<Waker>>>);

impl TaskSet {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of tasks that are neither finished nor cancelled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends every task to the loop's remote half, where the loop, which is closing, drops it.
    ///
    /// Called by [`EventLoop::close`](crate::EventLoop::close), on the loop's context, before the
    /// remote half is closed.
    pub fn cancel_all(&self) {
        let wakers: Vec<Waker> = self.0.borrow().iter().map(|(_, waker)| waker.clone()).collect();
        for waker in wakers {
            waker.wake();
        }
    }
}

impl fmt::Debug for TaskSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskSet").field("len", &self.len()).finish()
    }
}

/// A task's place in its set. It lives in the future, so it goes when the future goes.
struct Member {
    set: TaskSet,
    key: usize,
    header: NonNull<Header>,
}

impl Drop for Member {
    fn drop(&mut self) {
        if platform::panicking() {
            // SAFETY: the header and the future, which holds this, are parts of one allocation.
            unsafe { self.header.as_ref() }.panicked.store(true, Ordering::Relaxed);
        }
        let waker = self.set.0.borrow_mut().try_remove(self.key);
        drop(waker);
    }
}

/// A future and its place in the set: what `async` would make of both keeps each twice.
struct Placed<F> {
    /// None once it is finished.
    future: Option<F>,
    /// Goes after the future.
    _member: Member,
}

impl<F: Future> Future for Placed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is not moved: it is polled and dropped where it is, and `Placed` has no `Drop`.
        let mut future = unsafe { self.map_unchecked_mut(|placed| &mut placed.future) };
        let Some(polled) = future.as_mut().as_pin_mut() else { return Poll::Pending };
        let poll = polled.poll(cx);
        if poll.is_ready() {
            // Here its `Drop` may panic.
            future.set(None);
        }
        poll
    }
}

/// Starts `future` as a task of `lp`.
pub(crate) fn spawn<F: Future + 'static>(lp: &Loop, future: F) -> Result<Task<F::Output>, Rejected<F>> {
    if lp.is_closed() {
        return Err(Rejected::new(RejectReason::Closed, future));
    }
    let Ok(owner) = ContextId::current() else {
        return Err(Rejected::new(RejectReason::WrongContext, future));
    };
    let set = lp.tasks().clone();
    let key = set.0.borrow_mut().insert(Waker::noop().clone());
    let remote = lp.remote();
    let schedule = move |task| {
        // A closed loop refuses. Dropping the task then frees it on its context and leaks it elsewhere.
        drop(remote.schedule(Runnable::new(task)));
    };
    let make = |header: &Header| {
        let member = Member { set: set.clone(), key, header: NonNull::from(header) };
        Placed { future: Some(future), _member: member }
    };
    let builder = async_task::Builder::new().metadata(Header::new(owner));
    // SAFETY: `schedule` owns a `Remote`, which is Send, Sync and 'static. The future and what it
    // captures are 'static, but for `header`, which lives as long as the task that owns both. The
    // future need not be Send, because a `Runnable` polls and drops it on its owner's context only,
    // and `Task`, the other way to the output, is !Send.
    let (runnable, task) = unsafe { builder.spawn_unchecked(make, schedule) };
    let noop = core::mem::replace(&mut set.0.borrow_mut()[key], runnable.waker());
    drop(noop);
    runnable.schedule();
    let header = NonNull::from(task.metadata());
    Ok(Task { inner: Some(task.fallible()), header })
}

/// A task of a loop: await it for the output, or drop it and let the task go on by itself.
///
/// asyncio's `Task` and tokio's `JoinHandle` detach on drop as well; for the other meaning there
/// is [`cancel_on_drop`](Self::cancel_on_drop).
///
/// *Keeps* [`future.join`](crate::rules::future::JOIN),
/// [`future.cancel`](crate::rules::future::CANCEL),
/// [`future.fails`](crate::rules::future::FAILS),
/// [`future.frees`](crate::rules::future::FREES),
/// [`future.detach`](crate::rules::future::DETACH),
/// [`future.state`](crate::rules::future::STATE),
/// [`future.scope`](crate::rules::future::SCOPE).
///
/// ```
/// # use anyloop_os as _;
/// let sum = anyloop::run(async {
///     let lp = anyloop::get_running_loop().unwrap();
///     let two = lp.spawn_local(async { 2 }).unwrap();
///     let three = lp.spawn_local(async { 3 }).unwrap();
///     two.await.unwrap() + three.await.unwrap()
/// })?;
/// assert_eq!(sum, 5);
/// # Ok::<(), anyloop::RunError>(())
/// ```
#[doc(alias = "JoinHandle")]
pub struct Task<T> {
    inner: Option<async_task::FallibleTask<T, Header>>,
    header: NonNull<Header>,
}

impl<T> Task<T> {
    /// Cancels the task: its future is dropped by its loop, without being polled again.
    pub fn cancel(mut self) {
        // Dropping async-task's handle cancels.
        drop(self.inner.take());
    }

    /// Ties the task to the scope of the returned value.
    #[must_use = "the task is cancelled as soon as this is dropped"]
    pub fn cancel_on_drop(self) -> CancelTaskOnDrop<T> {
        CancelTaskOnDrop(Some(self))
    }

    /// Whether the task has been finished or cancelled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.inner.as_ref().is_none_or(async_task::FallibleTask::is_finished)
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(Err(JoinError::Cancelled));
        };
        Pin::new(inner).poll(cx).map(|output| {
            output.ok_or_else(|| {
                // SAFETY: `inner` keeps the allocation that the header is a part of.
                match unsafe { this.header.as_ref() }.panicked.load(Ordering::Relaxed) {
                    true => JoinError::Panicked,
                    false => JoinError::Cancelled,
                }
            })
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.detach();
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// A [`Task`] that is cancelled when this is dropped.
#[derive(Debug)]
pub struct CancelTaskOnDrop<T>(Option<Task<T>>);

impl<T> Future for CancelTaskOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Some(task) => Pin::new(task).poll(cx),
            None => Poll::Ready(Err(JoinError::Cancelled)),
        }
    }
}

impl<T> Drop for CancelTaskOnDrop<T> {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.cancel();
        }
    }
}
