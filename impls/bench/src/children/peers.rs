//! What do others take? Those that are no part of this program are started, and print the numbers.

use std::io::PipeReader;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use anyloop_bench_nursery::{CHILD, Watch};
use async_channel::{Receiver, Sender};
use async_executor::LocalExecutor;

use super::observed;
use crate::case::{Order, Sample, Subject};
use crate::runner::numbers_of;
use crate::{hello, uv};

/// async-process, with a task for each child.
pub(super) struct Smol {
    executor: LocalExecutor<'static>,
    tell: Sender<i32>,
    told: Receiver<i32>,
}

impl Smol {
    pub(super) fn new() -> Self {
        let (tell, told) = async_channel::unbounded();
        Self { executor: LocalExecutor::new(), tell, told }
    }
}

impl Watch for Smol {
    type Child = async_process::Child;

    fn spawn(&mut self, input: PipeReader) -> Self::Child {
        async_process::Command::new(CHILD).stdin(input).spawn().expect("a child")
    }

    fn watch(&mut self, mut child: Self::Child) {
        let tell = self.tell.clone();
        let waits = async move {
            let code = child.status().await.ok().and_then(|status| status.code());
            tell.try_send(code.unwrap_or(-1)).expect("somebody listens");
        };
        self.executor.spawn(waits).detach();
    }

    fn settle(&mut self) {
        while self.executor.try_tick() {}
    }

    fn next(&mut self) -> i32 {
        async_io::block_on(self.executor.run(self.told.recv())).expect("somebody tells")
    }
}

impl Watch for uv::Children {
    type Child = ();

    fn spawn(&mut self, input: PipeReader) {
        uv::Children::spawn(self, CHILD, input);
    }

    fn watch(&mut self, (): ()) {}

    fn next(&mut self) -> i32 {
        uv::Children::next(self)
    }
}

/// What a program prints that is told how many others there are, and how many children end.
pub(super) fn printed(mut program: Command, others: u64, order: &Order) -> Sample {
    let output = program.args([others, order.length].map(|number| number.to_string()));
    let numbers = numbers_of(output.arg(CHILD)).unwrap_or_else(|trouble| panic!("{trouble}"));
    // The names are those of the topic's metrics, and the process that measures ends soon.
    Sample(numbers.into_iter().map(|(metric, value)| (&*metric.leak(), value)).collect())
}

fn tokio(others: u64) -> impl Fn(&Order) -> Sample {
    move |order| printed(Command::new(hello::executable("release", "anyloop-bench-tokio")), others, order)
}

/// Why asyncio's watchers cannot be measured.
fn lacks_python() -> Option<&'static str> {
    static LACK: LazyLock<Option<&str>> = LazyLock::new(|| {
        let has_them = "import asyncio; asyncio.PidfdChildWatcher, asyncio.MultiLoopChildWatcher";
        let mut python = Command::new("python3");
        match python.args(["-Wignore", "-c", has_them]).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => None,
            Ok(_) => Some("python3 is not one of 3.9 to 3.13, which have all watchers"),
            Err(_) => Some("there is no python3"),
        }
    });
    *LACK
}

fn asyncio(others: u64, name: &'static str, kind: &'static str, ours: &'static str) -> Subject {
    let measure = move |order: &Order| {
        let mut program = Command::new("python3");
        program.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/children.py")).arg(kind);
        printed(program, others, order)
    };
    Subject::peer(name, measure).unless(lacks_python).against(ours)
}

pub(super) fn subjects(others: u64) -> Vec<Subject> {
    vec![
        Subject::peer("tokio", tokio(others)).against("anyloop pidfd"),
        Subject::peer("async-process", observed(others, Smol::new)).against("anyloop pidfd"),
        uv::subject(observed(others, uv::Children::new)).against("anyloop multi"),
        asyncio(others, "asyncio threaded", "Threaded", "anyloop threaded"),
        asyncio(others, "asyncio pidfd", "Pidfd", "anyloop pidfd"),
        // Its handler may interrupt itself, and then it loses a status to itself.
        asyncio(others, "asyncio multi", "MultiLoop", "anyloop multi").flawed(),
        asyncio(others, "asyncio safe", "Safe", "anyloop safe"),
        asyncio(others, "asyncio fast", "Fast", "anyloop fast"),
    ]
}
