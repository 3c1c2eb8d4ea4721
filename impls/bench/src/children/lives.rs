//! And what does all of a child's life take, from its start to its end? Here every peer starts its children as it does.

use std::collections::VecDeque;
use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::process::Command as Program;
use std::time::Duration;

use anyloop::{Child, Command, ExitStatus, Loop, Task, Wait, Watcher, sleep};
use anyloop_bench_nursery::{CHILD, Measured, Watch, observe};

use super::limits::{ByHand, Pidfds};
use super::peers::{Smol, printed};
use super::{ALONE, AMONG, one_cpu};
use crate::case::{Case, Order, Sample, Subject};
use crate::{hello, uv};

/// A loop, which runs for the latest child, and has a task for each of the others.
struct Ours {
    lp: Loop,
    watcher: Watcher,
    latest: Option<Wait>,
    others: VecDeque<Task<ExitStatus>>,
}

impl Ours {
    fn new() -> Self {
        let (lp, watcher) = (anyloop_bench_subject::make(), anyloop_bench_subject::watcher("pidfd"));
        // It waits once, so that what wakes it is there, and takes none of the low descriptors meanwhile.
        lp.run_until_complete(sleep(Duration::from_millis(1))).expect("it runs").expect("it can wait");
        Self { lp, watcher, latest: None, others: VecDeque::new() }
    }

    /// Gives the one that was the latest a task.
    fn displace(&mut self) {
        if let Some(wait) = self.latest.take() {
            self.others.push_back(self.lp.spawn_local(wait).expect("an open loop"));
        }
    }
}

impl Watch for Ours {
    type Child = Child;

    fn spawn(&mut self, input: PipeReader) -> Child {
        let command = Command::new(CHILD).stdin(OwnedFd::from(input));
        self.lp.subprocess_exec_with(&self.watcher, &command).expect("a child")
    }

    fn watch(&mut self, child: Child) {
        self.displace();
        self.latest = Some(child.wait());
    }

    fn settle(&mut self) {
        self.displace();
        self.lp.run_until_complete(async {}).expect("it runs");
    }

    fn next(&mut self) -> i32 {
        let ended = match self.latest.take() {
            Some(wait) => self.lp.run_until_complete(wait),
            None => {
                let other = self.others.pop_front().expect("somebody is awaited");
                self.lp.run_until_complete(other).map(|ended| ended.expect("nobody cancels it"))
            }
        };
        if let ExitStatus::Exited(code) = ended.expect("it runs") { code } else { -1 }
    }
}

/// So much memory is in use meanwhile, if a big process is asked for.
const BIG: usize = 1 << 30;

fn lives<W: Watch>(others: u64, big: bool, make: impl Fn() -> W) -> impl Fn(&Order) -> Sample {
    move |order| {
        let memory = vec![1_u8; if big { BIG } else { 0 }];
        let numbers = observe(&mut make(), Measured::Life, others, order.length);
        drop(std::hint::black_box(memory));
        Sample(numbers)
    }
}

fn tokio(others: u64) -> impl Fn(&Order) -> Sample {
    move |order| {
        let mut program = Program::new(hello::executable("release", "anyloop-bench-tokio"));
        program.arg("life");
        printed(program, others, order)
    }
}

fn subjects(others: u64, big: bool) -> Vec<Subject> {
    let mut subjects = vec![
        Subject::ours("anyloop", lives(others, big, Ours::new)),
        Subject::limit("clone3, shared table, pidfd, epoll", lives(others, big, ByHand::<Pidfds>::new)),
    ];
    if !big {
        subjects.extend([
            Subject::peer("tokio", tokio(others)),
            Subject::peer("async-process", lives(others, big, Smol::new)),
            uv::subject(lives(others, big, uv::Children::new)),
        ]);
    }
    subjects
}

pub(super) fn cases() -> Vec<Case> {
    let case = |name, about, metrics, others, big, length, quick| {
        one_cpu(name, about, metrics, length, quick, subjects(others, big))
    };
    vec![
        case("life-0", "a whole life, no others alive", ALONE, 0, false, 2_000, 100),
        case("life-big", "a whole life, in a process of 1 GiB", ALONE, 0, true, 2_000, 0),
        case("life-100", "a whole life, 100 others alive", AMONG, 100, false, 1_000, 50),
        case("life-1000", "a whole life, 1,000 others alive", AMONG, 1_000, false, 400, 20),
        case("life-5000", "a whole life, 5,000 others alive", AMONG, 5_000, false, 200, 0),
    ]
}
