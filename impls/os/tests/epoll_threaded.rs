//! The epoll loop with the threaded child watcher, against every rule.

use anyloop::Policy;
use anyloop_conformance::{Lack, Subject, trials};
use anyloop_os::{DefaultEventLoopPolicy, WatcherKind};

#[derive(Default)]
struct Epoll;

impl Subject for Epoll {
    fn policy(&self) -> Policy {
        Policy::new(DefaultEventLoopPolicy::new().child_watcher(WatcherKind::Threaded))
    }

    fn lacks(&self) -> Vec<Lack> {
        vec![Lack::family("reaper", "it collects no children but those that are registered")]
    }
}

fn main() {
    trials::main::<Epoll>("os/epoll+threaded")
}
