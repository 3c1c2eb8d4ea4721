//! How is a thread started that takes as little as can be?
//!
//! std's threads ask the system for a second stack each, to say so if the first one overflows. That is
//! a third of what a thread costs here, and more memory than all the rest of it.

use std::ffi::c_void;
use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{io, ptr};

/// Enough for a system call and a post; threads of the usual size would cost address space.
const STACK: usize = 64 * 1024;

/// What a thread does.
pub(super) trait Work: Send + Sync {
    fn work(self: Arc<Self>);
}

/// Has a thread do the work, which nobody waits for. Gives it back if there is no thread to be had.
pub(super) fn start<W: Work>(work: Arc<W>) -> Result<(), (io::Error, Arc<W>)> {
    // Without a box of its own: a thread that allocates or frees has that much more to itself.
    let raw = Arc::into_raw(work);
    let mut attributes = MaybeUninit::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: the attributes are used between their being made and destroyed, and `run` gets what it
    // asks for, once.
    let error = unsafe {
        match libc::pthread_attr_init(attributes) {
            0 => {
                // Neither is refused: both are values that the system names, or has named as enough.
                libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED);
                libc::pthread_attr_setstacksize(attributes, STACK);
                let mut thread = MaybeUninit::uninit();
                let error =
                    libc::pthread_create(thread.as_mut_ptr(), attributes, run::<W>, raw.cast_mut().cast());
                libc::pthread_attr_destroy(attributes);
                error
            }
            error => error,
        }
    };
    if error == 0 {
        return Ok(());
    }
    // SAFETY: no thread was started, so this is the only one that has it.
    Err((io::Error::from_raw_os_error(error), unsafe { Arc::from_raw(raw) }))
}

extern "C" fn run<W: Work>(raw: *mut c_void) -> *mut c_void {
    // SAFETY: `start` leaked it for this thread.
    let work = unsafe { Arc::from_raw(raw.cast_const().cast::<W>()) };
    // What panics here is what the users have dropped, and it costs this thread only.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| work.work())) {
        mem::forget(payload);
    }
    ptr::null_mut()
}
