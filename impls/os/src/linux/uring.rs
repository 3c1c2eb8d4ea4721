//! Does the kernel give an io_uring? No loop is made for it so far.

use anyloop::OsError;
use rustix::io_uring::{io_uring_params, io_uring_setup};

use crate::os_error;

/// Whether the kernel gives this process an io_uring, tried and let go of again.
///
/// # Errors
///
/// What the kernel answered: `ENOSYS` if it is too old, `EPERM` where it is switched off or refused by a
/// sandbox.
pub fn probe_io_uring() -> Result<(), OsError> {
    let mut params = io_uring_params::default();
    // SAFETY: the parameters ask for a ring of the kernel's own making: no flag is set that would
    // have it use memory or descriptors of ours. The ring is closed with what is returned.
    unsafe { io_uring_setup(1, &mut params) }.map(drop).map_err(os_error)
}
