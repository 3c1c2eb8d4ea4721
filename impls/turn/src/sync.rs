//! Which atomics, on which target: the one table of `cfg` in this crate.

cfg_if::cfg_if! {
    if #[cfg(target_has_atomic = "ptr")] {
        pub(crate) use alloc::sync::Arc;
        pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
    } else {
        pub(crate) use core::sync::atomic::Ordering;
        pub(crate) use portable_atomic::{AtomicBool, AtomicPtr, AtomicUsize};
        pub(crate) use portable_atomic_util::Arc;
    }
}
