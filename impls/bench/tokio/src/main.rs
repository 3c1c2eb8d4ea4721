//! How does tokio watch over children? In a program of its own, since the feature that this takes
//! makes its runtimes slower, which are measured for other things as well.
//!
//! `OTHERS LENGTH [life]` prints the numbers, of ends or of whole lives.

use std::io::PipeReader;

use anyloop_bench_nursery::{Measured, Watch, command, observe};
use tokio::process::{Child, Command};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// A runtime with a task for each child.
struct Tokio {
    runtime: Runtime,
    tasks: JoinSet<i32>,
}

impl Watch for Tokio {
    type Child = Child;

    fn spawn(&mut self, input: PipeReader) -> Child {
        let _inside = self.runtime.enter();
        Command::from(command(input)).spawn().expect("a child")
    }

    fn watch(&mut self, mut child: Child) {
        let code = async move { child.wait().await.ok().and_then(|status| status.code()).unwrap_or(-1) };
        self.tasks.spawn_on(code, self.runtime.handle());
    }

    fn settle(&mut self) {
        // They are polled in the order in which they came, and this one is the last.
        self.runtime.block_on(self.runtime.spawn(async {})).expect("a task that does not panic");
    }

    fn next(&mut self) -> i32 {
        let ended = self.runtime.block_on(self.tasks.join_next());
        ended.expect("a child that is watched").expect("a task that does not panic")
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|number| number.parse().ok()).collect();
    let [others, length] = numbers[..] else { panic!("two numbers") };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut tokio = Tokio { runtime, tasks: JoinSet::new() };
    let measured = if std::env::args().any(|word| word == "life") { Measured::Life } else { Measured::End };
    for (metric, value) in observe(&mut tokio, measured, others, length) {
        println!("{metric} {value}");
    }
}
