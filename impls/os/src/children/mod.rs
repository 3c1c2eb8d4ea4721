//! Who notices that a child ended.
//!
//! Two need nothing but the child: threaded blocks a thread for each and works on every Unix, pidfd
//! lets the loop wait for a descriptor for each and needs Linux. The others listen for SIGCHLD:
//! multi on every loop that has children, safe and fast on the one that they are attached to; the
//! first two of these ask for each child that waits, and fast collects whatever there is.
//!
//! | file | answers |
//! | --- | --- |
//! | `registry.rs` | which children are registered, for whom? |
//! | `end.rs` | how does the news of an end reach the loop, and who collects the child? |
//! | `threaded.rs` | how does a thread wait for a child? |
//! | `thread.rs` | how is a thread started that takes as little as can be? |
//! | `collect.rs` | how is the status got? |
//! | `../pidfds/` | how does a loop wait for a child? |
//! | `../sigchld/` | how does a loop listen for the signal? |

pub(crate) mod collect;
pub(crate) mod end;
pub(crate) mod registry;
mod thread;
pub(crate) mod threaded;

use anyloop::PolicyError;

use crate::WatcherKind;

/// The kind of watcher that `kind` stands for: what the environment says, if that was asked for.
pub(crate) fn chosen(kind: WatcherKind) -> Result<WatcherKind, PolicyError> {
    if kind != WatcherKind::FromEnvironment {
        return Ok(kind);
    }
    match std::env::var("ANYLOOP_CHILD_WATCHER").as_deref() {
        Ok("pidfd") => Ok(WatcherKind::Pidfd),
        Ok("multi") => Ok(WatcherKind::MultiLoop),
        Ok("safe") => Ok(WatcherKind::Safe),
        Ok("fast") => Ok(WatcherKind::Fast),
        Ok("threaded" | "") | Err(_) => Ok(WatcherKind::Threaded),
        Ok(_) => Err(PolicyError::Unsupported("the child watcher that ANYLOOP_CHILD_WATCHER names")),
    }
}
