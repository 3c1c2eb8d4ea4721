//! Which implementations can be judged here.

use anyloop::Policy;
use anyloop_conformance::Subject;
use anyloop_os::{DefaultEventLoopPolicy, WatcherKind};

use crate::{Outcome, nearest};

/// An implementation with its name in the matrix.
pub(crate) struct Candidate {
    /// `crate/loop+watcher`.
    pub(crate) name: &'static str,
    watcher: WatcherKind,
    /// Why it cannot run on this machine, if it cannot.
    pub(crate) missing: Option<String>,
}

impl Subject for Candidate {
    fn policy(&self) -> Policy {
        Policy::new(DefaultEventLoopPolicy::new().child_watcher(self.watcher))
    }
}

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        fn epoll() -> Option<String> {
            None
        }

        fn pidfd() -> Option<String> {
            let refused = anyloop_os::PidfdChildWatcher::probe().err()?;
            Some(format!("the kernel gives no pidfd: {refused}"))
        }
    } else {
        fn epoll() -> Option<String> {
            Some("epoll is Linux's".into())
        }

        fn pidfd() -> Option<String> {
            Some("pidfds are Linux's".into())
        }
    }
}

/// All of them, also those that cannot run here.
pub(crate) fn all() -> Vec<Candidate> {
    vec![
        Candidate { name: "os/epoll+threaded", watcher: WatcherKind::Threaded, missing: epoll() },
        Candidate { name: "os/epoll+pidfd", watcher: WatcherKind::Pidfd, missing: epoll().or_else(pidfd) },
    ]
}

/// Those of the given names, or, if there are none, all that can run here.
pub(crate) fn choose(names: &[String]) -> Result<Vec<Candidate>, String> {
    if names.is_empty() {
        return Ok(all().into_iter().filter(|subject| subject.missing.is_none()).collect());
    }
    let choose_one = |name: &String| {
        let known = all().into_iter().find(|subject| subject.name == *name);
        match known {
            Some(Candidate { missing: Some(why), .. }) => Err(format!("`{name}` cannot run here: {why}")),
            Some(subject) => Ok(subject),
            None => Err(nearest::unknown("subject", name, all().iter().map(|subject| subject.name))),
        }
    };
    names.iter().map(choose_one).collect()
}

/// Lists them.
pub(crate) fn list() -> Outcome {
    for subject in all() {
        match subject.missing {
            None => println!("{}", subject.name),
            Some(why) => println!("{:<20} not here: {why}", subject.name),
        }
    }
    Outcome::Well
}
