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

        /// Shares a value as a trait object.
        macro_rules! share {
            ($value:expr, $object:ty) => {{
                let shared: $crate::platform::Arc<$object> = $crate::platform::Arc::new($value);
                shared
            }};
        }
    } else {
        pub(crate) use portable_atomic::{AtomicBool, AtomicPtr};
        pub(crate) use portable_atomic_util::Arc;

        /// Shares a value as a trait object. By way of a box, since this Arc cannot be coerced on
        /// stable Rust.
        macro_rules! share {
            ($value:expr, $object:ty) => {{
                let boxed: alloc::boxed::Box<$object> = alloc::boxed::Box::new($value);
                $crate::platform::Arc::from(boxed)
            }};
        }
    }
}

pub(crate) use share;

cfg_if::cfg_if! {
    if #[cfg(all(feature = "std", unix))] {
        mod descriptors;
    } else if #[cfg(all(feature = "std", windows))] {
        mod sockets;
    }
}

cfg_if::cfg_if! {
    if #[cfg(target_has_atomic = "64")] {
        /// Numbers of which each is given once.
        #[derive(Debug)]
        pub(crate) struct Counter(core::sync::atomic::AtomicU64);

        impl Counter {
            pub(crate) const fn new(first: u64) -> Self {
                Self(core::sync::atomic::AtomicU64::new(first))
            }

            /// Takes so many, and gives the first.
            pub(crate) fn take(&self, count: u64) -> u64 {
                self.0.fetch_add(count, core::sync::atomic::Ordering::Relaxed)
            }
        }
    } else {
        /// Numbers of which each is given once.
        #[derive(Debug)]
        pub(crate) struct Counter(Lock<u64>);

        impl Counter {
            pub(crate) const fn new(first: u64) -> Self {
                Self(Lock::new(first))
            }

            /// Takes so many, and gives the first.
            pub(crate) fn take(&self, count: u64) -> u64 {
                self.0.with(|next| core::mem::replace(next, next.wrapping_add(count)))
            }
        }
    }
}
