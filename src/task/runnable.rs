//! What travels from a waker to the loop: a task that wants to be polled.
//!
//! A waker may be used on any thread and in an interrupt, so the way to the loop must not need
//! memory. Every task therefore carries the [`Link`] of an intrusive queue. Authors of loops who
//! do not care can put [`Runnable`]s into any queue that they like.

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use crate::platform::{AtomicBool, AtomicPtr};
use crate::{Callback, ContextId, RejectReason, Rejected};

/// One node of an intrusive queue of work for a loop.
///
/// A queue links nodes through [`next`](Self::next) and turns them into callbacks, on the loop's
/// context, with [`into_callback`](Self::into_callback). The first field of a bigger, `repr(C)`
/// node of the queue's own can be a link too, made with [`new`](Self::new).
#[derive(Debug)]
pub struct Link {
    next: AtomicPtr<Link>,
    into_callback: unsafe fn(NonNull<Link>) -> Callback,
}

impl Link {
    /// A link of a node that `into_callback` takes back and turns into a callback.
    #[must_use]
    pub const fn new(into_callback: unsafe fn(NonNull<Self>) -> Callback) -> Self {
        Self { next: AtomicPtr::new(core::ptr::null_mut()), into_callback }
    }

    /// Where the queue that owns the node keeps the node's successor.
    #[must_use]
    pub fn next(&self) -> &AtomicPtr<Self> {
        &self.next
    }

    /// Consumes the node.
    ///
    /// # Safety
    ///
    /// `link` came from [`Runnable::into_link`] or is the first field of a node that suits the
    /// function it was made with. It is not used again, by anybody.
    #[must_use]
    #[inline]
    pub unsafe fn into_callback(link: NonNull<Self>) -> Callback {
        // SAFETY: the caller vouches for the node.
        unsafe { (link.as_ref().into_callback)(link) }
    }
}

/// What every task carries beside its future.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Header {
    /// First, so that a pointer to it is a pointer to the header.
    link: Link,
    /// The raw form of the runnable, while it is linked.
    raw: AtomicPtr<()>,
    /// The only context on which the future may be polled or dropped.
    owner: ContextId,
    pub(super) panicked: AtomicBool,
}

impl Header {
    pub(super) const fn new(owner: ContextId) -> Self {
        Self {
            link: Link::new(task_into_callback),
            raw: AtomicPtr::new(core::ptr::null_mut()),
            owner,
            panicked: AtomicBool::new(false),
        }
    }
}

/// Makes a linked task a callback again.
///
/// # Safety
///
/// `link` came from [`Runnable::into_link`] and is not used again.
unsafe fn task_into_callback(link: NonNull<Link>) -> Callback {
    // SAFETY: the caller's promise is the one that `from_link` asks for.
    Callback::from(unsafe { Runnable::from_link(link) })
}

/// A task that was woken and wants to be polled once: what
/// [`RemoteLoop::schedule`](crate::RemoteLoop::schedule) is given.
///
/// It may travel through any thread. Polling and dropping the future is for the task's own
/// context; elsewhere [`run`](Self::run) refuses, and a drop leaks the task rather than drop a
/// `!Send` future where it does not belong.
pub struct Runnable(Option<async_task::Runnable<Header>>);

// SAFETY: the future inside may be !Send, but `run` and `drop` touch it only on the owner's
// context; the rest of the task is made for many threads.
unsafe impl Send for Runnable {}

impl Runnable {
    pub(super) fn new(task: async_task::Runnable<Header>) -> Self {
        Self(Some(task))
    }

    fn is_here(task: &async_task::Runnable<Header>) -> bool {
        ContextId::current() == Ok(task.metadata().owner)
    }

    /// Polls the task once, on its own context.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with [`RejectReason::WrongContext`] gives it back on any other.
    ///
    /// # Panics
    ///
    /// If the future panics; the task is over then.
    pub fn run(mut self) -> Result<(), Rejected<Self>> {
        match self.0.take() {
            Some(task) if Self::is_here(&task) => {
                task.run();
                Ok(())
            }
            other => Err(Rejected::new(RejectReason::WrongContext, Self(other))),
        }
    }

    /// Gives the task up to an intrusive queue, which owns the node until it calls
    /// [`Link::into_callback`].
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    pub fn into_link(mut self) -> NonNull<Link> {
        let task = self.0.take().expect("a runnable is emptied only by what consumes it");
        let header = NonNull::from(task.metadata());
        let raw = task.into_raw();
        // SAFETY: the raw task keeps the allocation that the header is a part of.
        unsafe { header.as_ref() }.raw.store(raw.as_ptr(), Ordering::Relaxed);
        header.cast()
    }

    /// Takes back what [`into_link`](Self::into_link) gave, when a queue refuses it.
    ///
    /// # Safety
    ///
    /// `link` came from `into_link` and is not used again.
    #[must_use]
    pub unsafe fn from_link(link: NonNull<Link>) -> Self {
        // SAFETY: `into_link` gave a pointer to the header, whose first field the link is.
        let header = unsafe { link.cast::<Header>().as_ref() };
        let raw = header.raw.load(Ordering::Relaxed);
        // SAFETY: `into_link` stored what `into_raw` gave, which is never null.
        Self::new(unsafe { async_task::Runnable::from_raw(NonNull::new_unchecked(raw)) })
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            if Self::is_here(&task) {
                drop(task);
            } else {
                core::mem::forget(task);
            }
        }
    }
}

impl From<Runnable> for Callback {
    fn from(task: Runnable) -> Self {
        // Elsewhere than on its context the task is leaked, as on every other foreign path.
        Self::new(move || drop(task.run()))
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runnable(..)")
    }
}
