//! What there is on Linux: the epoll loop, pidfds, and the usual watcher.
//!
//! | file | answers |
//! | --- | --- |
//! | `selector.rs` | what is a `SelectorEventLoop`? |
//! | `epoll.rs` | what does it wait for? |
//! | `wait.rs` | how does it sleep? |
//! | `eventfd.rs` | how is it woken? |
//! | `fork.rs` | is this still the process that made it? |
//! | `spawn.rs` | how does it start programs? |
//! | `pidfd.rs` | how does it wait for children? |

pub(crate) mod epoll;
pub(crate) mod eventfd;
pub(crate) mod fork;
pub(crate) mod pidfd;
pub(crate) mod selector;
pub(crate) mod spawn;
pub(crate) mod wait;

pub(crate) use pidfd::wait_id;

use anyloop::{Loop, PolicyError, Watcher};

use crate::{PidfdChildWatcher, SelectorEventLoop, ThreadedChildWatcher, WatcherKind};

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Ok(SelectorEventLoop::new())
}

pub(crate) fn new_child_watcher(kind: WatcherKind) -> Result<Watcher, PolicyError> {
    Ok(match kind {
        WatcherKind::Pidfd if PidfdChildWatcher::probe().is_ok() => Watcher::new(PidfdChildWatcher::new()),
        _ => Watcher::new(ThreadedChildWatcher::new()),
    })
}

pub(crate) fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// The number of a rustix error.
pub(crate) fn os_error(error: rustix::io::Errno) -> anyloop::OsError {
    anyloop::OsError::from_raw(error.raw_os_error())
}
