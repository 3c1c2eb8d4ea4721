//! What a loop runs: a closure called once, kept inline when it is small.
//!
//! Three words hold most closures, every [`Waker`](core::task::Waker) and every
//! [`Runnable`](crate::Runnable), so scheduling them allocates nothing and a queue of callbacks
//! can live in a fixed array. Bigger closures are boxed.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit, align_of, size_of};

/// Words of payload that need no allocation.
const WORDS: usize = 3;

type Words<const N: usize> = MaybeUninit<[usize; N]>;

/// What can be done with the payload: consume it by calling, or drop it uncalled.
struct VTable<const N: usize, A> {
    call: unsafe fn(*mut Words<N>, A),
    drop: unsafe fn(*mut Words<N>),
}

/// The storage that all kinds of callback share: `N` words, for what is called with an `A`.
pub(crate) struct Raw<const N: usize, A: 'static> {
    words: Words<N>,
    vtable: &'static VTable<N, A>,
}

/// Names the two tables of a closure type, so that they become constants.
struct TableOf<const N: usize, A, F>(PhantomData<(A, F)>);

impl<const N: usize, A, F: FnOnce(A)> TableOf<N, A, F> {
    const FITS: bool = size_of::<F>() <= size_of::<Words<N>>() && align_of::<F>() <= align_of::<Words<N>>();

    const INLINE: VTable<N, A> = VTable {
        // SAFETY: `Raw::new` wrote an `F` at the start of the words, and calls this at most once.
        call: |words, argument| unsafe { words.cast::<F>().read()(argument) },
        // SAFETY: as above, and instead of `call`, never after it.
        drop: |words| unsafe { words.cast::<F>().drop_in_place() },
    };

    const BOXED: VTable<N, A> = VTable {
        // SAFETY: `Raw::new` wrote the pointer of a `Box<F>`; this takes the box back, once.
        call: |words, argument| unsafe { Box::from_raw(words.cast::<*mut F>().read())(argument) },
        // SAFETY: as above, and instead of `call`, never after it.
        drop: |words| drop(unsafe { Box::from_raw(words.cast::<*mut F>().read()) }),
    };
}

impl<const N: usize, A> Raw<N, A> {
    #[inline(always)]
    pub(crate) fn new<F: FnOnce(A)>(function: F) -> Self {
        const { assert!(N > 0, "a box has to fit") };
        let mut words = Words::<N>::uninit();
        let vtable = if TableOf::<N, A, F>::FITS {
            // SAFETY: FITS says that the words have the room and the alignment for an `F`.
            unsafe { words.as_mut_ptr().cast::<F>().write(function) };
            &TableOf::<N, A, F>::INLINE
        } else {
            let boxed = Box::into_raw(Box::new(function));
            // SAFETY: a thin pointer is one word.
            unsafe { words.as_mut_ptr().cast::<*mut F>().write(boxed) };
            &TableOf::<N, A, F>::BOXED
        };
        Self { words, vtable }
    }

    #[inline]
    pub(crate) fn call(self, argument: A) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the payload is consumed here, and ManuallyDrop keeps `drop` from seeing it again.
        unsafe { (this.vtable.call)(&raw mut this.words, argument) }
    }
}

impl<const N: usize, A> Drop for Raw<N, A> {
    fn drop(&mut self) {
        // SAFETY: `call` never lets a `Raw` whose payload it took get here.
        unsafe { (self.vtable.drop)(&raw mut self.words) }
    }
}

/// A closure to be called once, on the context where it was made.
///
/// It is four words big, three of them payload: closures of up to three words are stored inline.
///
/// ```
/// use anyloop::Callback;
/// use std::{cell::Cell, rc::Rc};
///
/// let called = Rc::new(Cell::new(false));
/// let flag = called.clone();
/// let callback = Callback::new(move || flag.set(true));
/// assert!(!called.get());
/// callback.call();
/// assert!(called.get());
/// ```
pub struct Callback {
    raw: Raw<WORDS, ()>,
    /// The payload may be `!Send`.
    local: PhantomData<*mut ()>,
}

impl Callback {
    /// Stores `function`; allocates only if it is bigger than three words.
    #[inline]
    pub fn new(function: impl FnOnce() + 'static) -> Self {
        Self { raw: Raw::new(move |()| function()), local: PhantomData }
    }

    /// Calls it.
    ///
    /// # Panics
    ///
    /// If the closure panics.
    #[inline]
    pub fn call(self) {
        self.raw.call(());
    }
}

/// A closure to be called once, on whatever context it ends up.
///
/// This is what [`Remote::call_soon`](crate::Remote::call_soon) carries to a loop.
///
/// ```
/// # use anyloop::{Callback, SendCallback};
/// let callback = SendCallback::new(|| println!("from another thread"));
/// std::thread::spawn(move || callback.call()).join().unwrap();
/// ```
pub struct SendCallback {
    raw: Raw<WORDS, ()>,
}

impl SendCallback {
    /// Stores `function`; allocates only if it is bigger than three words.
    #[inline]
    pub fn new(function: impl FnOnce() + Send + 'static) -> Self {
        Self { raw: Raw::new(move |()| function()) }
    }

    /// Calls it.
    ///
    /// # Panics
    ///
    /// If the closure panics.
    pub fn call(self) {
        self.raw.call(());
    }
}

impl<F: FnOnce() + 'static> From<F> for Callback {
    #[inline]
    fn from(function: F) -> Self {
        Self::new(function)
    }
}

impl<F: FnOnce() + Send + 'static> From<F> for SendCallback {
    #[inline]
    fn from(function: F) -> Self {
        Self::new(function)
    }
}

impl From<SendCallback> for Callback {
    #[inline]
    fn from(callback: SendCallback) -> Self {
        Self { raw: callback.raw, local: PhantomData }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(..)")
    }
}

impl fmt::Debug for SendCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendCallback(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::rc::Rc;
    use core::cell::Cell;

    /// Counts how often it was dropped.
    struct Dropped(Rc<Cell<u32>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    fn check<const PADDING: usize>(called: bool) {
        let drops = Rc::new(Cell::new(0));
        let calls = Rc::new(Cell::new(0));
        let payload = (Dropped(drops.clone()), calls.clone(), [7_u8; PADDING]);
        let callback = Callback::new(move || {
            let (_dropped, calls, padding) = payload;
            assert!(padding.iter().all(|byte| *byte == 7));
            calls.set(calls.get() + 1);
        });
        assert_eq!(drops.get(), 0);
        if called {
            callback.call()
        } else {
            drop(callback)
        }
        assert_eq!((calls.get(), drops.get()), (u32::from(called), 1));
    }

    #[test]
    fn small_and_big_closures_are_called_or_dropped_exactly_once() {
        for called in [true, false] {
            check::<0>(called);
            check::<8>(called);
            check::<9>(called);
            check::<4096>(called);
        }
    }

    #[test]
    fn over_aligned_closures_are_boxed() {
        #[repr(align(64))]
        struct Aligned(u8);
        let aligned = Aligned(3);
        Callback::new(move || assert_eq!((&raw const aligned).addr() % 64 + usize::from(aligned.0), 3))
            .call();
    }

    #[test]
    fn a_callback_is_four_words() {
        assert_eq!(size_of::<Callback>(), 4 * size_of::<usize>());
        assert_eq!(size_of::<Option<SendCallback>>(), 4 * size_of::<usize>());
    }
}
