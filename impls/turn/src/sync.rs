//! What differs between targets: the one table of `cfg` in this crate.
//!
//! With `--cfg loom` they are loom's, which plays every interleaving that the memory model allows;
//! the models stand in `inbox/models.rs`.

cfg_if::cfg_if! {
    if #[cfg(loom)] {
        pub(crate) use loom::hint::spin_loop;
        pub(crate) use loom::sync::Arc;
        pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
    } else if #[cfg(target_has_atomic = "ptr")] {
        pub(crate) use alloc::sync::Arc;
        pub(crate) use core::hint::spin_loop;
        pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
    } else {
        pub(crate) use core::hint::spin_loop;
        pub(crate) use core::sync::atomic::Ordering;
        pub(crate) use portable_atomic::{AtomicBool, AtomicPtr, AtomicUsize};
        pub(crate) use portable_atomic_util::Arc;
    }
}

cfg_if::cfg_if! {
    if #[cfg(all(target_arch = "x86_64", not(miri)))] {
        /// Asks the processor to have `item` in its cache soon.
        #[inline(always)]
        pub(crate) fn prefetch<T>(item: &T) {
            use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: it is a hint, and the pointer is valid.
            unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const *item).cast()) }
        }
    } else {
        /// There is no stable way to ask for it here.
        #[inline(always)]
        pub(crate) fn prefetch<T>(_: &T) {}
    }
}
