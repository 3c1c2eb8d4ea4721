//! What there is on Linux: the epoll loop.
//!
//! | file | answers |
//! | --- | --- |
//! | `selector.rs` | what is a `SelectorEventLoop`? |
//! | `epoll.rs` | what does it wait for? |
//! | `wait.rs` | how does it sleep? |
//! | `clock.rs` | what time is it? |
//! | `eventfd.rs` | how is it woken? |
//! | `uring.rs` | is there an io_uring? |

pub(crate) mod clock;
pub(crate) mod epoll;
pub(crate) mod eventfd;
pub(crate) mod selector;
pub(crate) mod uring;
pub(crate) mod wait;

use std::rc::Rc;

use anyloop::{Command, Loop, PolicyError, SpawnFailure, Spawned};

use crate::SelectorEventLoop;

/// Starts a program, whose pipes the epoll is to wait for.
pub(crate) type Spawner = fn(&Command, &Rc<epoll::Epoll>) -> Result<Spawned, SpawnFailure>;

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Ok(SelectorEventLoop::new())
}

pub(crate) fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// The number of a rustix error.
pub(crate) fn os_error(error: rustix::io::Errno) -> anyloop::OsError {
    anyloop::OsError::from_raw(error.raw_os_error())
}
