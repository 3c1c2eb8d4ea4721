//! What differs between hosts: the table of `cfg` of this crate.
//!
//! | | with `std` | without |
//! | --- | --- | --- |
//! | the record of a play | behind a mutex, threads share it | in the context |
//! | panics | caught, and raised by `panic` | not caught, and `panic` does nothing |
//! | a play that hangs | is noticed | hangs |
//! | an event | can be told as soon as it happens | is told after the play |
//! | a forked child | records nothing | there is none |
//!
//! | | with compare-and-swap | without |
//! | --- | --- | --- |
//! | wakers | made with alloc's `Arc` | made with portable-atomic-util's |

use cfg_if::cfg_if;

cfg_if! {
    if #[cfg(feature = "std")] {
        mod answers;
        mod hosted;
        pub(crate) use answers::*;
        pub(crate) use hosted::*;
    } else {
        mod bare;
        pub(crate) use bare::*;
    }
}

cfg_if! {
    if #[cfg(target_has_atomic = "ptr")] {
        mod cas;
        pub(crate) use cas::waker;
    } else {
        mod no_cas;
        pub(crate) use no_cas::waker;
    }
}

/// What a waker does when it is used.
pub(crate) trait Notify: Send + Sync + 'static {
    /// Called for each use, on whatever context.
    fn notify(&self);
}
