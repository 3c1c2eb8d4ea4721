//! Which implementations can be judged here.

mod sim;

use std::rc::Rc;
use std::time::Duration;

use anyloop::rules::child;
use anyloop::{Loop, Policy};
use anyloop_conformance::world::World;
use anyloop_conformance::{Lack, Subject};
use anyloop_os::{DefaultEventLoopPolicy, WatcherKind};

use crate::say::say;
use crate::{Outcome, nearest};

/// An implementation with its name in the matrix.
pub(crate) struct Candidate {
    /// `crate/loop+watcher`.
    pub(crate) name: String,
    subject: Box<dyn Subject>,
    /// Why it cannot run on this machine, if it cannot.
    pub(crate) missing: Option<String>,
}

impl Subject for Candidate {
    fn policy(&self) -> Policy {
        self.subject.policy()
    }

    fn lacks(&self) -> Vec<Lack> {
        self.subject.lacks()
    }

    fn patience(&self) -> Duration {
        self.subject.patience()
    }

    fn burn(&self) -> fn(&Loop, Duration) {
        self.subject.burn()
    }

    fn world(&self) -> Option<Rc<dyn World>> {
        self.subject.world()
    }
}

/// The default policy, with that watcher.
struct Os(WatcherKind);

/// For watchers that listen on the loop that they are attached to.
const ATTACHED: Lack =
    Lack::rule(&child::ATTACHED, "it notices ends while the loop runs that it is attached to, and no other");

/// For watchers that leave strangers alone.
const MODEST: Lack = Lack::family("reaper", "it collects no children but those that are registered");

/// What the watcher lacks that takes everybody's children.
const GREEDY: &str = "it collects every child of the process, whoever started it";

impl Subject for Os {
    fn policy(&self) -> Policy {
        Policy::new(DefaultEventLoopPolicy::new().child_watcher(self.0))
    }

    fn lacks(&self) -> Vec<Lack> {
        match self.0 {
            WatcherKind::Safe => vec![ATTACHED, MODEST],
            WatcherKind::Fast => vec![
                ATTACHED,
                Lack::rule(&child::STRANGER, GREEDY),
                Lack::rule(&child::CALLER, GREEDY),
                Lack::rule(&child::REFUSED, GREEDY),
            ],
            _ => vec![MODEST],
        }
    }
}

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        /// What the loop waits with.
        const POLLER: &str = anyloop_os::SelectorEventLoop::poller();

        fn loops() -> Option<String> {
            None
        }

        fn pidfd() -> Option<String> {
            let refused = anyloop_os::PidfdChildWatcher::probe().err()?;
            Some(format!("the kernel gives no pidfd: {refused}"))
        }
    } else {
        /// What the loop waits with where it runs.
        const POLLER: &str = "epoll";

        fn loops() -> Option<String> {
            Some("the loops of this system are only type-checked so far".into())
        }

        fn pidfd() -> Option<String> {
            Some("pidfds are Linux's".into())
        }
    }
}

/// All of them, also those that cannot run here.
pub(crate) fn all() -> Vec<Candidate> {
    let os = |watcher: &str, kind, missing: Option<String>| {
        let missing = loops().or(missing);
        Candidate { name: format!("os/{POLLER}+{watcher}"), subject: Box::new(Os(kind)), missing }
    };
    vec![
        os("threaded", WatcherKind::Threaded, None),
        os("pidfd", WatcherKind::Pidfd, pidfd()),
        os("multi", WatcherKind::MultiLoop, None),
        os("safe", WatcherKind::Safe, None),
        os("fast", WatcherKind::Fast, None),
        Candidate { name: "sim".into(), subject: Box::<sim::Sim>::default(), missing: None },
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
            None => Err(nearest::unknown("subject", name, all().iter().map(|subject| &*subject.name))),
        }
    };
    names.iter().map(choose_one).collect()
}

/// Lists them.
pub(crate) fn list() -> Outcome {
    for subject in all() {
        match subject.missing {
            None => say!("{}", subject.name),
            Some(why) => say!("{:<20} not here: {why}", subject.name),
        }
    }
    Outcome::Well
}
