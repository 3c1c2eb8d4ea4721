//! How user code watches a source: with callbacks for reading and writing, or by awaiting it.
//!
//! asyncio keeps readers and writers under the number of a descriptor, which the system gives away
//! again as soon as it is closed. Here a [`Source`] holds what it watches, and the loop lets go
//! of it before it can be closed: a number that was given anew is never taken for what it was.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::poll_fn;
use core::mem;
use core::task::{Context, Poll, Waker};

use crate::local::WeakLoop;
use crate::{Handle, Interest, Loop, RawSource, SourceError, Trigger};

/// Something that a loop can watch for as long as it lives: on Unix whatever has
/// [`AsFd`](std::os::fd::AsFd), on Windows whatever has `AsSocket`.
///
/// # Safety
///
/// It gives the same source each time, which stays open until the value is dropped or borrowed mutably.
pub unsafe trait AsSource {
    /// What the system calls it.
    fn as_source(&self) -> RawSource;
}

/// A source of whatever type.
pub struct AnySource(Box<dyn AsSource>);

impl AnySource {
    /// Hides the type of `source`.
    pub fn new(source: impl AsSource + 'static) -> Self {
        Self(Box::new(source))
    }
}

// SAFETY: what is inside keeps the promise, and is borrowed mutably by nobody.
unsafe impl AsSource for AnySource {
    fn as_source(&self) -> RawSource {
        self.0.as_source()
    }
}

impl fmt::Debug for AnySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnySource").field(&self.as_source()).finish()
    }
}

/// A source that a loop watches, owned or borrowed: asyncio's readers and writers.
///
/// It has at most one reader and one writer, each a callback of the loop that runs in every turn in
/// which the source can be read, or written, until it is removed. So does who finds an end or a failure:
/// nothing else tells of them. A callback may find that there is nothing to be had after all; let the
/// source be one that does not block.
///
/// Dropping it ends the watch. It does not keep the loop alive.
///
/// *Keeps* [`source.ready`](crate::rules::source::READY), [`source.level`](crate::rules::source::LEVEL),
/// [`source.idle`](crate::rules::source::IDLE), [`source.later`](crate::rules::source::LATER),
/// [`source.replaced`](crate::rules::source::REPLACED), [`source.answer`](crate::rules::source::ANSWER),
/// [`source.removed`](crate::rules::source::REMOVED), [`source.apart`](crate::rules::source::APART),
/// [`source.order`](crate::rules::source::ORDER), [`source.end`](crate::rules::source::END),
/// [`source.panic`](crate::rules::source::PANIC), [`source.closed`](crate::rules::source::CLOSED),
/// [`source.recycled`](crate::rules::source::RECYCLED),
/// [`source.awaited`](crate::rules::source::AWAITED).
///
/// ```
/// # #[cfg(unix)] {
/// # use anyloop_os as _;
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (near, mut far) = UnixStream::pair()?;
/// near.set_nonblocking(true)?;
/// far.write_all(b"hello")?;
///
/// let lp = anyloop::new_event_loop()?;
/// let source = lp.add_source(&near)?;
/// let (it, reader) = (lp.clone(), near.try_clone()?);
/// source.add_reader(move || {
///     let mut word = [0; 5];
///     (&reader).read_exact(&mut word).unwrap();
///     assert_eq!(&word, b"hello");
///     it.stop();
/// })?;
/// lp.run_forever()?;
/// assert!(source.remove_reader());
/// # drop(source);
/// # lp.close()?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "add_reader")]
#[doc(alias = "add_writer")]
pub struct Source<S> {
    // In this order: the watch ends before the source can be closed.
    watch: Watch,
    source: S,
}

impl Loop {
    /// A source for this loop, which watches nothing until it is asked to. Pass it by reference to keep
    /// it.
    ///
    /// # Errors
    ///
    /// [`SourceError::Unsupported`] if the loop lacks the capability [`Readiness`](crate::Readiness),
    /// [`SourceError::Closed`].
    pub fn add_source<S: AsSource>(&self, source: S) -> Result<Source<S>, SourceError> {
        if self.is_closed() {
            return Err(SourceError::Closed);
        }
        if self.capabilities().readiness.is_none() {
            return Err(SourceError::Unsupported);
        }
        let watched = Watched {
            lp: self.downgrade(),
            raw: source.as_source(),
            watch: Cell::default(),
            sides: Default::default(),
        };
        Ok(Source { watch: Watch(Rc::new(watched)), source })
    }
}

impl<S> Source<S> {
    /// Has `callback` run in every turn in which the source can be read, or has come to its end. It takes
    /// the place of the former one, which is not called any more, also if it was about to be.
    ///
    /// # Errors
    ///
    /// [`SourceError`], and there is no reader then.
    pub fn add_reader(&self, callback: impl Fn() + 'static) -> Result<(), SourceError> {
        self.watch.0.add(Side::Read, Rc::new(callback))
    }

    /// Has the reader called no more, and says whether there was one. False if the loop is closed.
    pub fn remove_reader(&self) -> bool {
        self.watch.0.remove(Side::Read)
    }

    /// Has `callback` run in every turn in which the source can be written, or has failed. It takes the
    /// place of the former one.
    ///
    /// # Errors
    ///
    /// [`SourceError`], and there is no writer then.
    pub fn add_writer(&self, callback: impl Fn() + 'static) -> Result<(), SourceError> {
        self.watch.0.add(Side::Write, Rc::new(callback))
    }

    /// Has the writer called no more, and says whether there was one. False if the loop is closed.
    pub fn remove_writer(&self) -> bool {
        self.watch.0.remove(Side::Write)
    }

    /// Waits until the source can be read. Several tasks may wait at once, beside a reader; try
    /// again if there is nothing to be had after all.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the source cannot be watched.
    pub async fn readable(&self) -> Result<(), SourceError> {
        self.watch.0.ready(Side::Read).await
    }

    /// Waits until the source can be written.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the source cannot be watched.
    pub async fn writable(&self) -> Result<(), SourceError> {
        self.watch.0.ready(Side::Write).await
    }

    /// What is watched.
    pub const fn get_ref(&self) -> &S {
        &self.source
    }

    /// Ends the watch, and gives back what was watched.
    pub fn into_inner(self) -> S {
        let Self { watch, source } = self;
        drop(watch);
        source
    }
}

impl<S: fmt::Debug> fmt::Debug for Source<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.source).finish()
    }
}

/// One of the two things that a source is watched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Read,
    Write,
}

impl Side {
    const fn interest(self) -> Interest {
        match self {
            Self::Read => Interest::READABLE,
            Self::Write => Interest::WRITABLE,
        }
    }

    const fn is_in(self, interest: Interest) -> bool {
        match self {
            Self::Read => interest.readable,
            Self::Write => interest.writable,
        }
    }

    /// The same interest, with or without this side.
    const fn set(self, interest: Interest, on: bool) -> Interest {
        match self {
            Self::Read => Interest { readable: on, ..interest },
            Self::Write => Interest { writable: on, ..interest },
        }
    }
}

/// Whoever wants to know.
#[derive(Default)]
struct Wanted {
    callback: RefCell<Option<Rc<dyn Fn()>>>,
    waiting: RefCell<Vec<Waker>>,
    /// How often it was seen to be ready.
    seen: Cell<u64>,
}

/// What the source and the loop share.
struct Watched {
    lp: WeakLoop,
    raw: RawSource,
    /// What the loop watches for, and under which name.
    watch: Cell<Option<(Handle, Interest)>>,
    sides: [Wanted; 2],
}

/// Ends the watch when it is dropped.
struct Watch(Rc<Watched>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.unwatch();
        drop(self.0.forget_callbacks());
    }
}

/// What the loop holds.
struct Told(Rc<Watched>);

impl Drop for Told {
    fn drop(&mut self) {
        let is_open = self.0.lp.upgrade().is_some_and(|lp| !lp.is_closed());
        if !is_open {
            // Nobody is called any more, and whoever waits is to find that out.
            self.0.forget_callbacks().into_iter().flatten().for_each(Waker::wake);
        }
    }
}

impl Watched {
    const fn side(&self, side: Side) -> &Wanted {
        &self.sides[side as usize]
    }

    fn add(self: &Rc<Self>, side: Side, callback: Rc<dyn Fn()>) -> Result<(), SourceError> {
        // Bound to a name, so that the borrow is over before it is dropped.
        let former = self.side(side).callback.take();
        if self.watch.get().is_some_and(|(_, interest)| side.is_in(interest)) {
            // What was seen for the former, or for who awaited, is not for this one.
            self.disarm(side);
        }
        self.arm(side)?;
        let raced = self.side(side).callback.replace(Some(callback));
        drop((former, raced));
        Ok(())
    }

    fn remove(&self, side: Side) -> bool {
        let removed = self.side(side).callback.take();
        let watches = self.watch.get().is_some_and(|(_, interest)| side.is_in(interest));
        let is_awaited = !self.side(side).waiting.borrow().is_empty();
        let is_open = if watches && !is_awaited {
            self.disarm(side)
        } else {
            self.lp.upgrade().is_some_and(|lp| !lp.is_closed())
        };
        is_open && removed.is_some()
    }

    async fn ready(self: &Rc<Self>, side: Side) -> Result<(), SourceError> {
        let wanted = self.side(side);
        let before = wanted.seen.get();
        poll_fn(|cx: &mut Context<'_>| {
            if wanted.seen.get() != before {
                return Poll::Ready(Ok(()));
            }
            if let Err(error) = self.arm(side) {
                return Poll::Ready(Err(error));
            }
            let known = wanted.waiting.borrow().iter().any(|waker| waker.will_wake(cx.waker()));
            if !known {
                let waker = cx.waker().clone();
                wanted.waiting.borrow_mut().push(waker);
            }
            Poll::Pending
        })
        .await
    }

    /// Has the loop watch for this side, too.
    fn arm(self: &Rc<Self>, side: Side) -> Result<(), SourceError> {
        let lp = self.lp.upgrade().filter(|lp| !lp.is_closed()).ok_or(SourceError::Closed)?;
        let readiness = lp.capabilities().readiness.ok_or(SourceError::Unsupported)?;
        match self.watch.get() {
            Some((_, interest)) if side.is_in(interest) => {}
            Some((handle, interest)) => {
                let interest = side.set(interest, true);
                readiness.modify(handle, interest)?;
                self.watch.set(Some((handle, interest)));
            }
            None => {
                let (told, interest) = (Told(self.clone()), side.interest());
                let see = Rc::new(move |seen: Interest| told.0.see(seen));
                // SAFETY: the source lives longer than the watch, which `unwatch` ends.
                let handle = unsafe { readiness.add(self.raw, interest, Trigger::Level, see) }?;
                self.watch.set(Some((handle, interest)));
            }
        }
        Ok(())
    }

    /// Has the loop watch no more for this side, and says whether it did: not if it is closed.
    fn disarm(&self, side: Side) -> bool {
        let Some((handle, interest)) = self.watch.get() else { return false };
        let rest = side.set(interest, false);
        if rest.is_none() {
            return self.unwatch();
        }
        let lp = self.lp.upgrade();
        let readiness = lp.as_ref().and_then(|lp| lp.capabilities().readiness);
        let modified = readiness.is_some_and(|readiness| readiness.modify(handle, rest).is_ok());
        if modified {
            self.watch.set(Some((handle, rest)));
        }
        modified
    }

    /// Has the loop watch no more.
    fn unwatch(&self) -> bool {
        let Some((handle, _)) = self.watch.take() else { return false };
        let lp = self.lp.upgrade();
        let readiness = lp.as_ref().and_then(|lp| lp.capabilities().readiness);
        readiness.is_some_and(|readiness| readiness.remove(handle))
    }

    /// Drops the callbacks, and gives who waits.
    fn forget_callbacks(&self) -> [Vec<Waker>; 2] {
        // Bound to a name, so that the borrows are over before anything is dropped.
        let callbacks = self.sides.each_ref().map(|wanted| wanted.callback.take());
        drop(callbacks);
        self.sides.each_ref().map(|wanted| wanted.waiting.take())
    }

    /// The source is ready. A callback of the loop.
    fn see(&self, seen: Interest) {
        for &side in [Side::Read, Side::Write].iter().filter(|side| side.is_in(seen)) {
            let wanted = self.side(side);
            wanted.seen.set(wanted.seen.get() + 1);
            let waiting = mem::take(&mut *wanted.waiting.borrow_mut());
            let callback = wanted.callback.borrow().clone();
            if waiting.is_empty() && callback.is_none() {
                // Whoever waited last does not wait again.
                self.disarm(side);
            }
            waiting.into_iter().for_each(Waker::wake);
            if let Some(callback) = callback {
                callback();
            }
        }
    }
}
