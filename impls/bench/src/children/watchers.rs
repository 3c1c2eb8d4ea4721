//! What do anyloop's watchers take? The one for pidfds is told of children that the loop has started, which come with
//! theirs; the others of numbers, from std.

use std::collections::VecDeque;
use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use anyloop::{ChildToken, Command, ExitStatus, Loop, Pid, Watcher, get_running_loop};
use anyloop_bench_nursery::{CHILD, Watch, command};

use super::observed;
use crate::case::Subject;

/// A watcher and a loop that is told.
struct Ours {
    lp: Loop,
    watcher: Watcher,
    /// Whether the loop starts the children.
    starts: bool,
    told: Arc<Mutex<VecDeque<i32>>>,
}

impl Ours {
    fn new(name: &str) -> Self {
        let (lp, watcher) = (anyloop_bench_subject::make(), anyloop_bench_subject::watcher(name));
        watcher.attach_loop(Some(&lp)).expect("a loop for descriptors");
        Self { lp, watcher, starts: name == "pidfd", told: Arc::default() }
    }
}

impl Watch for Ours {
    type Child = ChildToken;

    #[expect(clippy::zombie_processes, reason = "the watcher collects it")]
    fn spawn(&mut self, input: PipeReader) -> ChildToken {
        if self.starts {
            let command = Command::new(CHILD).stdin(OwnedFd::from(input));
            let processes = self.lp.capabilities().processes.expect("a loop that starts programs");
            return processes.spawn(&command).expect("a child").token;
        }
        let child = command(input).spawn().expect("a child");
        Pid::new(child.id() as i32).expect("a number").into()
    }

    fn watch(&mut self, child: ChildToken) {
        let told = self.told.clone();
        let tell = move |_, status| {
            let code = if let ExitStatus::Exited(code) = status { code } else { -1 };
            told.lock().unwrap_or_else(PoisonError::into_inner).push_back(code);
            get_running_loop().expect("it is told by the loop").stop();
        };
        let watched = self.watcher.watch_on(&self.lp, child, tell);
        assert!(watched.is_ok_and(|former| former.is_none()), "it can be watched");
    }

    fn next(&mut self) -> i32 {
        loop {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match told {
                Some(code) => return code,
                None => self.lp.run_forever().expect("it runs"),
            }
        }
    }
}

pub(super) fn subjects(others: u64) -> Vec<Subject> {
    let ours = |name, kind| Subject::ours(name, observed(others, move || Ours::new(kind)));
    vec![
        ours("anyloop threaded", "threaded"),
        ours("anyloop pidfd", "pidfd"),
        ours("anyloop multi", "multi"),
        ours("anyloop safe", "safe"),
        ours("anyloop fast", "fast"),
    ]
}
