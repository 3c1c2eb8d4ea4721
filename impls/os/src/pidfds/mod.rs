//! What there is for children on Linux: descriptors that stand for them.
//!
//! | file | answers |
//! | --- | --- |
//! | `spawn.rs` | how does a loop start programs? |
//! | `watcher.rs` | how does it wait for children? |

mod spawn;
pub(crate) mod watcher;

pub(crate) use watcher::wait_id;

use anyloop::{PolicyError, Processes, Watcher};

use crate::children::chosen;
use crate::{PidfdChildWatcher, ThreadedChildWatcher, WatcherKind};

/// How a loop starts programs.
pub(crate) const SPAWNER: Option<&'static dyn Processes> = Some(&spawn::Spawner);

pub(crate) fn new_child_watcher(kind: WatcherKind) -> Result<Watcher, PolicyError> {
    Ok(match chosen(kind)? {
        WatcherKind::Pidfd if PidfdChildWatcher::probe().is_ok() => Watcher::new(PidfdChildWatcher::new()),
        _ => Watcher::new(ThreadedChildWatcher::new()),
    })
}
