//! What differs between hosts: the one table of `cfg` in this crate.
//!
//! | | with `std` | without | without compare-and-swap |
//! | --- | --- | --- | --- |
//! | locks | std's | spin | spin over portable-atomic |
//! | context | the thread | what [`register_context`](crate::register_context) was given | the same |
//! | panics | caught | not caught | not caught |
//! | shared pointers | alloc's | alloc's | portable-atomic-util's |

cfg_if::cfg_if! {
    if #[cfg(feature = "std")] {
        mod hosted;
        pub(crate) use hosted::*;
    } else {
        mod bare;
        pub(crate) use bare::*;
    }
}

cfg_if::cfg_if! {
    if #[cfg(target_has_atomic = "ptr")] {
        pub(crate) use alloc::sync::Arc;
        pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr};
    } else {
        pub(crate) use portable_atomic::{AtomicBool, AtomicPtr};
        pub(crate) use portable_atomic_util::Arc;
    }
}
