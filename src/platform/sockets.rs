//! What of this process can a loop watch on Windows? Whatever has a socket.

use std::os::windows::io::{AsRawSocket, AsSocket};

use crate::{AsSource, RawSource};

// SAFETY: `as_socket` lends the socket for as long as the value is lent, so that it stays open until the
// value is dropped or changed.
unsafe impl<T: AsSocket> AsSource for T {
    fn as_source(&self) -> RawSource {
        RawSource(self.as_socket().as_raw_socket().cast_signed() as isize)
    }
}
