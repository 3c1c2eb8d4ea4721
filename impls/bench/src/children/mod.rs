//! What does it cost to notice that a child has ended, and to collect it?
//!
//! One child after the other is watched, told to end, and its end told of, while others are alive
//! that are watched as well; spawning it is excluded. Those who only watch what they have spawned
//! themselves do that within the call that spawns, which favours them. At last the others end all at
//! once.
//!
//! | file | answers |
//! | --- | --- |
//! | `watchers.rs` | what do anyloop's watchers take? |
//! | `limits.rs` | what does it take by hand? |
//! | `peers.rs` | what do others take? |
//! | `lives.rs` | and what does all of a child's life take, from its start to its end? |
//! | `../../nursery/` | who are the children, and how is it measured? |
//! | `../../processes/`, `../../children.py` | how do those do it who run in a program of their own? |

mod limits;
mod lives;
mod peers;
mod watchers;

use anyloop_bench_nursery::{Measured, Watch, observe};

use crate::case::{Case, Metric, Order, Sample, Subject, Topic, metric};

const ALONE: &[Metric] = &[metric("cpu", "ns"), metric("wall", "ns")];
const AMONG: &[Metric] = &[
    metric("cpu", "ns"),
    metric("wall", "ns"),
    metric("together", "ns"),
    metric("memory", "B"),
    metric("threads", ""),
];

/// Measures a new one.
fn observed<W: Watch>(others: u64, make: impl Fn() -> W) -> impl Fn(&Order) -> Sample {
    move |order| Sample(observe(&mut make(), Measured::End, others, order.length))
}

fn subjects(others: u64) -> Vec<Subject> {
    let [ours, limits, peers] = [watchers::subjects, limits::subjects, peers::subjects];
    [ours(others), limits(others), peers(others)].into_iter().flatten().collect()
}

/// A case for one processor.
fn one_cpu(
    name: &'static str,
    about: &'static str,
    metrics: &'static [Metric],
    length: u64,
    quick: u64,
    subjects: Vec<Subject>,
) -> Case {
    Case { name, about, metrics, length, quick, cpus: 1, subjects }
}

pub(crate) fn topic() -> Topic {
    let case = |name, about, metrics, others, length, quick| {
        one_cpu(name, about, metrics, length, quick, subjects(others))
    };
    let of_ends = [
        case("0", "no others alive", ALONE, 0, 2_000, 100),
        case("100", "100 others alive", AMONG, 100, 1_000, 50),
        case("1000", "1,000 others alive", AMONG, 1_000, 400, 20),
        // To start so many takes longer than all other short samples together.
        case("5000", "5,000 others alive", AMONG, 5_000, 200, 0),
    ];
    Topic {
        name: "children",
        about: "one child: its end, noticed and collected, or all of its life",
        cases: of_ends.into_iter().chain(lives::cases()).collect(),
    }
}
