//! What can go wrong when the process forks: the diseases, and what both processes share.
//!
//! Memory is copied, so a child can disturb its parent only by way of the kernel. Here that is a
//! pair of sockets; for real loops it is a poller, or whatever wakes them.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use anyloop::rules::{Rule, fork as rules};

use super::{Bug, Disease, loop_, policy, root, watcher};

/// Something that a loop shares with the loop that a forked child inherits.
pub(super) struct Wire([UnixStream; 2]);

impl Wire {
    /// A wire, if the system gives one.
    pub(super) fn new() -> Option<Self> {
        let (near, far) = UnixStream::pair().ok()?;
        far.set_nonblocking(true).ok()?;
        Some(Self([near, far]))
    }

    /// Lets every process hear something.
    pub(super) fn ring(&self) {
        // If the wire is full, there is something to be heard already.
        let _ = (&self.0[0]).write(&[1]);
    }

    /// Whether there is something to be heard, which then is not there any more.
    pub(super) fn rang(&self) -> bool {
        (&self.0[1]).read(&mut [0; 16]).is_ok_and(|heard| heard > 0)
    }
}

/// What is noticed only where processes fork.
pub(super) static DISEASES: &[Disease] = &[
    sick(
        "still running",
        "in a forked child, the loop that ran in the parent is said to be running",
        &rules::RUNNING,
        Bug::Root(root::Bug::RunsInChild),
    ),
    sick(
        "says that it runs on",
        "in a forked child, it says that it is running if it was",
        &rules::RUNNING,
        Bug::Loop(loop_::Bug::SaysRunningInChild),
    ),
    sick(
        "keeps its loop",
        "gives a forked child the loop of the parent",
        &rules::CURRENT,
        Bug::Policy(policy::Bug::KeepsLoopInChild),
    ),
    sick(
        "pretends to run",
        "in a forked child, a run does nothing and is no error",
        &rules::REFUSES,
        Bug::Loop(loop_::Bug::RunsInChild),
    ),
    sick(
        "closes in the child",
        "in a forked child, it can be closed",
        &rules::REFUSES,
        Bug::Loop(loop_::Bug::ClosesInChild),
    ),
    sick(
        "accepts in the child",
        "in a forked child, it accepts callbacks",
        &rules::REFUSES,
        Bug::Loop(loop_::Bug::AcceptsInChild),
    ),
    sick(
        "remote half accepts",
        "in a forked child, its remote half accepts, and drops",
        &rules::REFUSES,
        Bug::Loop(loop_::Bug::RemoteAcceptsInChild),
    ),
    sick(
        "bears the wrong stamp",
        "its loops belong to the process in which the policy was made",
        &rules::FRESH,
        Bug::Policy(policy::Bug::StampsOnce),
    ),
    sick(
        "finishes in the child",
        "in a forked child, it runs what is ready before it refuses",
        &rules::CALLS,
        Bug::Loop(loop_::Bug::FinishesInChild),
    ),
    sick(
        "runs on in the child",
        "in a forked child, the run goes on with the callbacks of its turn, and ends well",
        &rules::ENDS,
        Bug::Loop(loop_::Bug::RunsOnInChild),
    ),
    sick(
        "ends well in the child",
        "in a forked child, a run gives the output of its future, if that was at its end when the process forked",
        &rules::ENDS,
        Bug::Root(root::Bug::FinishesInChild),
    ),
    sick(
        "drops in the child",
        "in a forked child, it drops its callbacks with itself",
        &rules::DROPS,
        Bug::Loop(loop_::Bug::DropsInChild),
    ),
    sick(
        "tells in the child",
        "closing it in a forked child calls what is registered",
        &rules::CALLS,
        Bug::Watcher(watcher::Sick::TellsInChild),
    ),
    sick(
        "waits in the child",
        "closing it in a forked child waits for a thread of the parent",
        &rules::RETURNS,
        Bug::Loop(loop_::Bug::WaitsInChild),
    ),
    sick(
        "stops the parent",
        "a stop in a forked child stops the loop of the parent",
        &rules::PARENT,
        Bug::Loop(loop_::Bug::StopsParent),
    ),
    sick(
        "empties the parent",
        "closing it in a forked child empties the loop of the parent",
        &rules::PARENT,
        Bug::Loop(loop_::Bug::EmptiesParent),
    ),
    sick(
        "ends from afar",
        "closing it in a forked child ends the children of the parent",
        &rules::CHILD,
        Bug::Watcher(watcher::Sick::EndsFromChild),
    ),
    sick(
        "watches in the child",
        "in a forked child, it says that it is active",
        &rules::WATCHER,
        Bug::Watcher(watcher::Sick::ActiveInChild),
    ),
    sick(
        "removes in the child",
        "in a forked child, it removes what the parent has registered",
        &rules::WATCHER,
        Bug::Watcher(watcher::Sick::RemovesInChild),
    ),
    sick(
        "keeps its watcher",
        "gives a forked child the watcher of the parent",
        &rules::REPORTS,
        Bug::Policy(policy::Bug::KeepsWatcherInChild),
    ),
];

const fn sick(name: &'static str, what: &'static str, rule: &'static Rule, bug: Bug) -> Disease {
    Disease { name, what, rule, bug }
}
