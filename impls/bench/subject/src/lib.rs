//! What is measured: a loop and a policy of which the benchmark sees only the handles.
//!
//! It is a crate of its own, built without LTO, so that every call goes through `dyn EventLoop`,
//! as it does for a user who got the loop from a policy.

use std::time::Duration;

use anyloop::{Loop, Policy, Watcher};
use anyloop_os::{
    DefaultEventLoopPolicy, FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher,
    SelectorEventLoop, ThreadedChildWatcher,
};

/// A new loop of the kind that is measured.
#[inline(never)]
#[must_use]
pub fn make() -> Loop {
    SelectorEventLoop::new()
}

/// The same with a bounded spin before it sleeps, if the calling thread may use two processors now.
#[inline(never)]
#[must_use]
pub fn make_spinning() -> Loop {
    SelectorEventLoop::builder().spin(Duration::from_micros(50)).build()
}

/// The same, but it looks for events in every turn.
#[inline(never)]
#[must_use]
pub fn make_polling() -> Loop {
    SelectorEventLoop::builder().callbacks_between_polls(0).build()
}

/// A policy that makes such loops.
#[inline(never)]
#[must_use]
pub fn policy() -> Policy {
    Policy::new(DefaultEventLoopPolicy::new())
}

/// A child watcher of that kind.
///
/// # Panics
///
/// If there is no such kind.
#[inline(never)]
#[must_use]
pub fn watcher(kind: &str) -> Watcher {
    match kind {
        "threaded" => Watcher::new(ThreadedChildWatcher::new()),
        "pidfd" => Watcher::new(PidfdChildWatcher::new()),
        "multi" => Watcher::new(MultiLoopChildWatcher::new()),
        "safe" => Watcher::new(SafeChildWatcher::new()),
        "fast" => Watcher::new(FastChildWatcher::new()),
        _ => panic!("no watcher is {kind}"),
    }
}
