//! Who notices that a child ended.
//!
//! There are two watchers so far: threaded, which blocks a thread for each child and works on
//! every Unix, and pidfd, which lets the loop wait for a descriptor for each child and needs
//! Linux. The second is cheaper by a thread; the first needs nothing from the loop but its remote
//! half.
//!
//! | file | answers |
//! | --- | --- |
//! | `registry.rs` | which children are registered, for whom? |
//! | `end.rs` | how does the news of an end reach the loop, and who collects the child? |
//! | `threaded.rs` | how does a thread wait for a child? |
//! | `collect.rs` | how is the status got? |
//! | `../pidfds/` | how does a loop wait for a child? |

pub(crate) mod collect;
pub(crate) mod end;
pub(crate) mod registry;
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
        Ok("threaded" | "") | Err(_) => Ok(WatcherKind::Threaded),
        Ok(_) => Err(PolicyError::Unsupported("the child watcher that ANYLOOP_CHILD_WATCHER names")),
    }
}
