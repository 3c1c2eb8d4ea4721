//! What do anyloop's watchers take?

use std::collections::VecDeque;
use std::io::PipeReader;
use std::sync::{Arc, Mutex, PoisonError};

use anyloop::{ChildToken, ExitStatus, Loop, Pid, Watcher, get_running_loop};
use anyloop_bench_nursery::{Watch, command};

use super::observed;
use crate::case::Subject;

/// A watcher and a loop that is told.
struct Ours {
    lp: Loop,
    watcher: Watcher,
    told: Arc<Mutex<VecDeque<i32>>>,
}

impl Ours {
    fn new(name: &str) -> Self {
        let (lp, watcher) = (anyloop_bench_subject::make(), anyloop_bench_subject::watcher(name));
        watcher.attach_loop(Some(&lp)).expect("a loop for descriptors");
        Self { lp, watcher, told: Arc::default() }
    }
}

impl Watch for Ours {
    type Child = Pid;

    #[expect(clippy::zombie_processes, reason = "the watcher collects it")]
    fn spawn(&mut self, input: PipeReader) -> Pid {
        let child = command(input).spawn().expect("a child");
        Pid::new(child.id() as i32).expect("a number")
    }

    fn watch(&mut self, child: Pid) {
        let told = self.told.clone();
        let tell = move |_, status| {
            let code = if let ExitStatus::Exited(code) = status { code } else { -1 };
            told.lock().unwrap_or_else(PoisonError::into_inner).push_back(code);
            get_running_loop().expect("it is told by the loop").stop();
        };
        let watched = self.watcher.watch_on(&self.lp, ChildToken::from(child), tell);
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
