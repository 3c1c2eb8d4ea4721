//! Who receives a signal? Any thread that does not block it.

use anyloop::OsError;
use rustix::io::Errno;

use crate::os_error;

/// Lets this thread receive the signals: one that every thread blocks reaches nobody.
pub(crate) fn hear_here(signals: &[i32]) -> Result<(), OsError> {
    // SAFETY: all of a signal set may be zero, and the calls below only write to it.
    let failed = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        signals.iter().any(|signal| libc::sigaddset(&raw mut set, *signal) != 0)
            || libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) != 0
    };
    if failed { Err(os_error(Errno::INVAL)) } else { Ok(()) }
}
