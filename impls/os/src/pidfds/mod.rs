//! What there is for children on Linux: descriptors that stand for them.
//!
//! | file | answers |
//! | --- | --- |
//! | `watcher.rs` | how does it wait for children? |
//! | `info.rs` | how did a child end that somebody else has collected? |

mod info;
pub(crate) mod watcher;

pub(crate) use info::lost_status;
pub(crate) use watcher::wait_id;

use anyloop::{PolicyError, Watcher};

use crate::children::chosen;
use crate::{
    FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher, ThreadedChildWatcher,
    WatcherKind,
};

/// What a policy uses that is told to use `kind`.
pub(crate) fn in_use(kind: WatcherKind) -> Result<WatcherKind, PolicyError> {
    Ok(match chosen(kind)? {
        WatcherKind::Pidfd if PidfdChildWatcher::probe().is_err() => WatcherKind::Threaded,
        kind => kind,
    })
}

pub(crate) fn new_child_watcher(kind: WatcherKind) -> Result<Watcher, PolicyError> {
    Ok(match in_use(kind)? {
        WatcherKind::Pidfd => Watcher::new(PidfdChildWatcher::new()),
        WatcherKind::MultiLoop => Watcher::new(MultiLoopChildWatcher::new()),
        WatcherKind::Safe => Watcher::new(SafeChildWatcher::new()),
        WatcherKind::Fast => Watcher::new(FastChildWatcher::new()),
        _ => Watcher::new(ThreadedChildWatcher::new()),
    })
}
