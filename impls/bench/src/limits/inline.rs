//! How cheap is a callback that is stored and called? Three words in place, and one pointer.

use std::mem::{ManuallyDrop, MaybeUninit};

type Words = MaybeUninit<[usize; 3]>;

/// A closure of up to three words.
pub(crate) struct Inline {
    words: Words,
    /// Takes the closure out of the words, and calls it if it is told so.
    take: unsafe fn(*mut Words, bool),
}

impl Inline {
    #[inline(always)]
    pub(crate) fn new<F: FnOnce() + 'static>(function: F) -> Self {
        const {
            assert!(size_of::<F>() <= size_of::<Words>() && align_of::<F>() <= align_of::<Words>());
        }
        let mut words = Words::uninit();
        // SAFETY: the assertion says that the words have the room and the alignment.
        unsafe { words.as_mut_ptr().cast::<F>().write(function) };
        Self {
            words,
            take: |words, call| {
                // SAFETY: `new` wrote an `F` there, and both callers consume the words.
                let function = unsafe { words.cast::<F>().read() };
                if call {
                    function();
                }
            },
        }
    }

    #[inline(always)]
    pub(crate) fn call(self) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the closure is consumed here, and `drop` does not see it again.
        unsafe { (this.take)(&raw mut this.words, true) };
    }
}

impl Drop for Inline {
    fn drop(&mut self) {
        // SAFETY: `call` never lets a closure that it took get here.
        unsafe { (self.take)(&raw mut self.words, false) };
    }
}
