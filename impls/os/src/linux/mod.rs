//! What there is on Linux alone.
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | which thread is this, and has it a processor of its own? |
//! | `uring.rs` | is there an io_uring? |

pub(crate) mod uring;

pub(crate) fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// Whether the calling thread may use one processor only.
pub(crate) fn is_alone() -> bool {
    rustix::thread::sched_getaffinity(None).is_ok_and(|processors| processors.count() == 1)
}

pub(crate) use libc::__errno_location as errno_location;
