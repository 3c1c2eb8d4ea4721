//! What there is on Unix systems other than Linux.

pub(crate) fn is_main_thread() -> bool {
    // SAFETY: it takes nothing and only looks at the calling thread.
    unsafe { libc::pthread_main_np() != 0 }
}

/// Whether the calling thread may use one processor only: these systems do not all tell.
pub(crate) const fn is_alone() -> bool {
    false
}

pub(crate) use libc::__error as errno_location;
