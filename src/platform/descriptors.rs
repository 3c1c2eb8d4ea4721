//! What of this process can a loop watch, and a program be given? Whatever has a descriptor.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{ChildStdin, ChildStdout};

use crate::{AsSource, Given, RawSource, Stdio};

// SAFETY: `as_fd` lends the descriptor for as long as the value is lent, so that it stays open until the
// value is dropped or changed.
unsafe impl<T: AsFd> AsSource for T {
    fn as_source(&self) -> RawSource {
        RawSource(self.as_fd().as_raw_fd() as isize)
    }
}

impl From<OwnedFd> for Stdio {
    /// The descriptor, which stays open for as long as this lives.
    fn from(fd: OwnedFd) -> Self {
        let raw = RawSource(fd.as_raw_fd() as isize);
        // SAFETY: the descriptor belongs to the owner that goes with it.
        Self::Given(unsafe { Given::new(raw, fd) })
    }
}

/// The same, from what is made of a descriptor.
macro_rules! given {
    ($($owner:ty),*) => {$(
        impl From<$owner> for Stdio {
            fn from(owner: $owner) -> Self {
                OwnedFd::from(owner).into()
            }
        }
    )*};
}

given!(File, ChildStdin, ChildStdout);
