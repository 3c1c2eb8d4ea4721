//! How work comes in from other contexts: an intrusive stack, swapped out whole.
//!
//! Producers push with one compare-and-swap and need no capacity: a task brings its own link, a
//! closure gets a node on the heap. The loop takes everything with one swap and turns it round.
//!
//! # The wake
//!
//! A loop that is about to sleep puts a mark into the empty stack's head, which fails if the stack
//! is not empty. The producer whose push replaces the mark is the one that wakes the loop: it is
//! exactly one, nobody has to look at a second flag, and no order between two places in memory is
//! needed.
//!
//! That producer can be slow between its push and the wake itself, and the loop can have woken up by
//! itself and be closed in between. So the loop counts the marks that it found replaced, producers
//! count the wakes that are over, and closing waits until both counts agree: a backend can free
//! what wakes it.
//!
//! # The stop
//!
//! A remote stop is a node like any other, one for each loop, so it keeps its place in the order:
//! whatever the same producer pushed before it is in the batch that it ends.

use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use anyloop::{Callback, ContextId, Link, ProcessStamp, Rejected, RemoteLoop, Runnable, SendCallback};

use crate::backend::{Wake, refusal};
use crate::place::copy_words;
use crate::sync::{Arc, AtomicBool, AtomicPtr, AtomicUsize, Ordering, spin_loop};

#[cfg(all(test, loom))]
mod models;

/// The head of a stack that takes no more. No link has this address.
fn closed_mark() -> *mut Link {
    ptr::without_provenance_mut(1)
}

/// The head of an empty stack whose loop sleeps. No link has this address.
fn asleep_mark() -> *mut Link {
    ptr::without_provenance_mut(2)
}

/// The first link of a stack, if there is one.
fn link_of(head: *mut Link) -> *mut Link {
    if head == closed_mark() || head == asleep_mark() { ptr::null_mut() } else { head }
}

/// A closure on its way. The link comes first, so a pointer to it is a pointer to the node.
#[repr(C)]
struct Post {
    link: Link,
    callback: SendCallback,
}

impl Post {
    /// # Safety
    ///
    /// The caller forgets the callback.
    #[inline]
    unsafe fn into_link(callback: &SendCallback) -> NonNull<Link> {
        let post = Box::leak(Box::<Self>::new_uninit()).as_mut_ptr();
        // SAFETY: the box is new. The caller promises that there is one of the callback afterwards.
        unsafe {
            (&raw mut (*post).link).write(Link::new(post_into_callback));
            copy_words(callback, &raw mut (*post).callback);
            NonNull::new_unchecked(post).cast()
        }
    }

    /// # Safety
    ///
    /// `link` came from `into_link` and is not used again.
    #[inline]
    unsafe fn from_link(link: NonNull<Link>) -> SendCallback {
        // SAFETY: `into_link` leaked this very box.
        unsafe { Box::from_raw(link.cast::<Self>().as_ptr()) }.callback
    }
}

/// # Safety
///
/// `link` came from [`Post::into_link`] and is not used again.
unsafe fn post_into_callback(link: NonNull<Link>) -> Callback {
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe { Post::from_link(link) }.into()
}

/// # Safety
///
/// Never called: the link of a stop is taken out before it could be.
unsafe fn stop_into_callback(_: NonNull<Link>) -> Callback {
    Callback::new(|| ())
}

/// What both halves of a loop share.
pub(crate) struct Shared<W> {
    head: AtomicPtr<Link>,
    stop: Link,
    /// Whether `stop` is in the stack.
    stopping: AtomicBool,
    /// How many marks the loop found replaced. Only the loop counts here.
    replaced: AtomicUsize,
    /// How many of the wakes that this called for are over.
    woken: AtomicUsize,
    owner: Option<ContextId>,
    home: ProcessStamp,
    waker: W,
}

impl<W: Wake> Shared<W> {
    pub(crate) fn new(waker: W) -> Self {
        Self {
            head: AtomicPtr::new(ptr::null_mut()),
            stop: Link::new(stop_into_callback),
            stopping: AtomicBool::new(false),
            replaced: AtomicUsize::new(0),
            woken: AtomicUsize::new(0),
            owner: ContextId::current().ok(),
            home: ProcessStamp::current(),
            waker,
        }
    }

    /// Adds a node, and wakes the loop if it sleeps; hands the node back if the inbox is closed, or
    /// if a forked child, which has a copy of the inbox and shares what wakes, asks for it.
    #[inline]
    fn push(&self, link: NonNull<Link>) -> Result<(), NonNull<Link>> {
        if !self.home.is_current() {
            return Err(link);
        }
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == closed_mark() {
                return Err(link);
            }
            // SAFETY: the node is this call's own until the exchange below succeeds.
            unsafe { link.as_ref() }.next().store(link_of(head), Ordering::Relaxed);
            match self.head.compare_exchange_weak(head, link.as_ptr(), Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        if head == asleep_mark() {
            self.waker.wake();
            self.woken.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }
}

impl<W> Shared<W> {
    /// Where it was made, if that is why it refuses; else it is closed.
    fn refuser(&self) -> ProcessStamp {
        if self.home.is_current() { ProcessStamp::NONE } else { self.home }
    }

    /// Whether there is nothing to take, and the inbox is open. For a loop that is awake.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }

    /// Takes everything, in the order of the pushes. For a loop that is awake.
    pub(crate) fn take(&self) -> Taken {
        if link_of(self.head.load(Ordering::Relaxed)).is_null() {
            return Taken::default();
        }
        // Only the loop takes and closes, so there still is a link.
        self.turn_round(self.head.swap(ptr::null_mut(), Ordering::Acquire))
    }

    /// Takes everything, and from now on nothing more. No wake is under way afterwards.
    pub(crate) fn close(&self) -> Taken {
        let head = self.head.swap(closed_mark(), Ordering::Acquire);
        while self.woken.load(Ordering::Acquire) != self.replaced.load(Ordering::Relaxed) {
            spin_loop();
        }
        self.turn_round(link_of(head))
    }

    /// Turns a stack round, and takes the stop out of it.
    fn turn_round(&self, mut head: *mut Link) -> Taken {
        let mut taken = Taken::default();
        while let Some(link) = NonNull::new(head) {
            // SAFETY: the swap that took the stack made its nodes the caller's alone.
            let next = unsafe { link.as_ref() }.next();
            head = next.load(Ordering::Relaxed);
            if ptr::eq(link.as_ptr(), &raw const self.stop) {
                // From here on the next stop can be pushed.
                self.stopping.store(false, Ordering::Release);
                taken.stop = true;
            } else {
                next.store(taken.first, Ordering::Relaxed);
                taken.first = link.as_ptr();
            }
        }
        taken
    }

    /// Announces sleep. `false` if there is something to take first.
    pub(crate) fn fall_asleep(&self) -> bool {
        let (empty, mark) = (ptr::null_mut(), asleep_mark());
        self.head.compare_exchange(empty, mark, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Ends what a successful [`fall_asleep`](Self::fall_asleep) began.
    pub(crate) fn wake_up(&self) {
        let (mark, empty) = (asleep_mark(), ptr::null_mut());
        if self.head.compare_exchange(mark, empty, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            let replaced = self.replaced.load(Ordering::Relaxed);
            self.replaced.store(replaced.wrapping_add(1), Ordering::Relaxed);
        }
    }
}

impl<W> Drop for Shared<W> {
    fn drop(&mut self) {
        // Not empty only if the engine was leaked. Its tasks then stay leaked, on whatever context
        // this is; see `Runnable`.
        if self.home.is_current() {
            drop(self.close());
        }
    }
}

/// What was taken out of an inbox, first come first. Dropping it drops the rest.
pub(crate) struct Taken {
    first: *mut Link,
    /// Whether a stop was among it.
    pub(crate) stop: bool,
}

impl Default for Taken {
    fn default() -> Self {
        Self { first: ptr::null_mut(), stop: false }
    }
}

impl Taken {
    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_null()
    }
}

impl Iterator for Taken {
    type Item = Callback;

    #[inline]
    fn next(&mut self) -> Option<Callback> {
        let link = NonNull::new(self.first)?;
        // SAFETY: the nodes are ours alone, and this one leaves the list before it is consumed.
        unsafe {
            self.first = link.as_ref().next().load(Ordering::Relaxed);
            Some(Link::into_callback(link))
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// The remote half of an [`Engine`](crate::Engine).
pub(crate) struct RemoteHalf<W>(pub(crate) Arc<Shared<W>>);

impl<W: Wake> RemoteLoop for RemoteHalf<W> {
    fn call_soon(&self, callback: SendCallback) -> Result<(), Rejected<SendCallback>> {
        // SAFETY: it is forgotten.
        let link = unsafe { Post::into_link(&callback) };
        core::mem::forget(callback);
        self.0.push(link).map_err(|link| {
            // SAFETY: it was refused, so the node made above is still ours alone.
            refusal(self.0.refuser(), unsafe { Post::from_link(link) })
        })
    }

    fn schedule(&self, task: Runnable) -> Result<(), Rejected<Runnable>> {
        self.0.push(task.into_link()).map_err(|link| {
            // SAFETY: it was refused, so the link of `task` is still ours alone.
            refusal(self.0.refuser(), unsafe { Runnable::from_link(link) })
        })
    }

    fn stop(&self) {
        if !self.0.stopping.swap(true, Ordering::Acquire) {
            // Refused if the loop is closed, and then there is nothing to stop.
            let _ = self.0.push(NonNull::from(&self.0.stop));
        }
    }

    fn is_closed(&self) -> bool {
        self.0.head.load(Ordering::Relaxed) == closed_mark()
    }

    fn is_owner(&self) -> bool {
        self.0.owner.is_some() && ContextId::current().ok() == self.0.owner
    }
}
