//! What does it cost to wake a loop from another thread?
//!
//! A round trip is two wakes, between two loops. One producer posts callbacks as fast as it can to
//! one loop.

mod producer;
pub(crate) mod round_trip;

use std::thread;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::case::{CPU_FIRST, Case, Order, Sample, Topic, WALL_FIRST};
use crate::clock::timed;

/// Keeps the calling thread on one CPU.
pub(crate) fn pin(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).expect("the CPU is one of ours");
}

/// Measures `here` on this thread and `there` on another, each on its CPU.
fn together(order: &Order, here: impl FnOnce(), there: impl FnOnce() + Send + 'static) -> Sample {
    let [_, cpu] = order.cpus;
    timed(order.length, || {
        let other = thread::spawn(move || {
            pin(cpu);
            there();
        });
        here();
        other.join().expect("the other thread does its work");
    })
}

pub(crate) fn topic() -> Topic {
    Topic {
        name: "wake",
        about: "one round trip between two loops, or one callback of a producer",
        cases: vec![
            Case {
                name: "round-trip",
                about: "round trip, both loops on one CPU",
                metrics: CPU_FIRST,
                length: 50_000,
                quick: 5_000,
                cpus: 1,
                subjects: round_trip::blocking(),
            },
            Case {
                name: "round-trip-2",
                about: "round trip, a CPU for each loop",
                metrics: WALL_FIRST,
                length: 10_000,
                quick: 2_000,
                cpus: 2,
                subjects: round_trip::blocking(),
            },
            Case {
                name: "round-trip-2-spin",
                about: "round trip, a CPU for each loop, spinning before they sleep",
                metrics: WALL_FIRST,
                length: 200_000,
                quick: 20_000,
                cpus: 2,
                subjects: round_trip::spinning(),
            },
            Case {
                name: "producer",
                about: "callbacks of one producer, on the loop's CPU",
                metrics: CPU_FIRST,
                length: 1_000_000,
                quick: 50_000,
                cpus: 1,
                subjects: producer::subjects(),
            },
        ],
    }
}
