//! What is the number of an error?

use anyloop::OsError;
use rustix::io::Errno;

/// The number of a rustix error.
pub(crate) fn os_error(error: Errno) -> OsError {
    OsError::from_raw(error.raw_os_error())
}
