//! How work comes in from other contexts: an intrusive stack, swapped out whole.
//!
//! Producers push with one compare-and-swap and need no capacity: a task brings its own link, a
//! closure gets a node on the heap. The loop takes everything with one swap and turns it round.
//!
//! # The wake
//!
//! A loop that is about to sleep says so in `asleep`, and looks once more into the inbox. A
//! producer pushes first and looks at `asleep` afterwards. All four accesses are sequentially
//! consistent, so at least one of the two sees the other: either the loop does not sleep, or the
//! producer wakes it. The producer that turns `asleep` off is the one that pays for the wake.
//!
//! A producer can be slow between turning `asleep` off and the wake itself, and the loop closed in
//! between. So producers are counted in `waking` meanwhile, and closing waits for them: a backend
//! can free what wakes it.

use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use anyloop::{Callback, ContextId, Link, Rejected, RemoteLoop, Runnable, SendCallback};

use crate::backend::{Wake, closed};
use crate::sync::{Arc, AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// The head of a stack that takes no more. No link has this address.
fn closed_mark() -> *mut Link {
    ptr::without_provenance_mut(1)
}

/// A closure on its way. The link comes first, so a pointer to it is a pointer to the node.
#[repr(C)]
struct Post {
    link: Link,
    callback: SendCallback,
}

impl Post {
    fn into_link(callback: SendCallback) -> NonNull<Link> {
        let post = Box::new(Self { link: Link::new(post_into_callback), callback });
        NonNull::from(Box::leak(post)).cast()
    }

    /// # Safety
    ///
    /// `link` came from `into_link` and is not used again.
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

/// What both halves of a loop share.
pub(crate) struct Shared<W> {
    head: AtomicPtr<Link>,
    asleep: AtomicBool,
    waking: AtomicUsize,
    stop: AtomicBool,
    owner: Option<ContextId>,
    waker: W,
}

impl<W: Wake> Shared<W> {
    pub(crate) fn new(waker: W) -> Self {
        Self {
            head: AtomicPtr::new(ptr::null_mut()),
            asleep: AtomicBool::new(false),
            waking: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            owner: ContextId::current().ok(),
            waker,
        }
    }

    /// Adds a node; hands it back if the inbox is closed.
    fn push(&self, link: NonNull<Link>) -> Result<(), NonNull<Link>> {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == closed_mark() {
                return Err(link);
            }
            // SAFETY: the node is this call's own until the exchange below succeeds.
            unsafe { link.as_ref() }.next().store(head, Ordering::Relaxed);
            match self.head.compare_exchange_weak(head, link.as_ptr(), Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        if self.asleep.load(Ordering::SeqCst) {
            self.waking.fetch_add(1, Ordering::SeqCst);
            if self.asleep.swap(false, Ordering::SeqCst) {
                self.waker.wake();
            }
            self.waking.fetch_sub(1, Ordering::Release);
        }
    }

    /// Whether there is nothing to take, and the inbox is open.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }

    /// Takes everything, in the order of the pushes.
    pub(crate) fn take(&self) -> Taken {
        let head = self.head.load(Ordering::Relaxed);
        if head.is_null() || head == closed_mark() {
            return Taken::default();
        }
        // Only the loop takes and closes, so the head is not the mark now either.
        Taken::from_stack(self.head.swap(ptr::null_mut(), Ordering::Acquire))
    }

    /// Takes everything, and from now on nothing more. No wake is under way afterwards.
    ///
    /// The loop is awake, so a producer that has not been counted yet will not wake it.
    pub(crate) fn close(&self) -> Taken {
        while self.waking.load(Ordering::SeqCst) != 0 {
            core::hint::spin_loop();
        }
        match self.head.swap(closed_mark(), Ordering::AcqRel) {
            head if head == closed_mark() => Taken::default(),
            head => Taken::from_stack(head),
        }
    }

    /// Whether a remote stop came since the last call.
    pub(crate) fn take_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed) && self.stop.swap(false, Ordering::Acquire)
    }

    /// Announces sleep. `false` if there is something to do first.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let quiet = self.head.load(Ordering::SeqCst).is_null() && !self.stop.load(Ordering::SeqCst);
        if !quiet {
            self.wake_up();
        }
        quiet
    }

    /// Ends what [`fall_asleep`](Self::fall_asleep) began.
    pub(crate) fn wake_up(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }
}

impl<W> Drop for Shared<W> {
    fn drop(&mut self) {
        // Not empty only if the engine was leaked. Its tasks then stay leaked, on whatever context
        // this is; see `Runnable`.
        let head = core::mem::replace(self.head.get_mut(), closed_mark());
        if head != closed_mark() {
            drop(Taken::from_stack(head));
        }
    }
}

/// What was taken out of an inbox, first come first. Dropping it drops the rest.
pub(crate) struct Taken {
    first: *mut Link,
}

impl Default for Taken {
    fn default() -> Self {
        Self { first: ptr::null_mut() }
    }
}

impl Taken {
    /// Turns the stack round.
    fn from_stack(mut head: *mut Link) -> Self {
        let mut first = ptr::null_mut();
        while let Some(link) = NonNull::new(head) {
            // SAFETY: the swap that took the stack made its nodes ours alone.
            let next = unsafe { link.as_ref() }.next();
            head = next.load(Ordering::Relaxed);
            next.store(first, Ordering::Relaxed);
            first = link.as_ptr();
        }
        Self { first }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_null()
    }
}

impl Iterator for Taken {
    type Item = Callback;

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
        self.0.push(Post::into_link(callback)).map_err(|link| {
            // SAFETY: it was refused, so the node made above is still ours alone.
            closed(unsafe { Post::from_link(link) })
        })
    }

    fn schedule(&self, task: Runnable) -> Result<(), Rejected<Runnable>> {
        self.0.push(task.into_link()).map_err(|link| {
            // SAFETY: it was refused, so the link of `task` is still ours alone.
            closed(unsafe { Runnable::from_link(link) })
        })
    }

    fn stop(&self) {
        // After what this context pushed, and before the look at `asleep`.
        self.0.stop.store(true, Ordering::SeqCst);
        self.0.wake();
    }

    fn is_closed(&self) -> bool {
        self.0.head.load(Ordering::Acquire) == closed_mark()
    }

    fn is_owner(&self) -> bool {
        self.0.owner.is_some() && ContextId::current().ok() == self.0.owner
    }
}
