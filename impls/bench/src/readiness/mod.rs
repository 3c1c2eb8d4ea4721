//! What does it cost to be told that a descriptor is ready?
//!
//! A byte goes to and fro between two ends of a socket, both watched by one loop on one thread: a hop is a
//! wait, a read and a write. Beside them others are watched that never become ready. And then there are many
//! that always are ready, and nobody reads.
//!
//! | file | answers |
//! | --- | --- |
//! | `court.rs` | who plays, and what is a hop? |
//! | `ours.rs` | what do anyloop's callbacks and futures take? |
//! | `pollers.rs` | what do those take that only say who is ready: the bare limit, mio and polling? |
//! | `peers.rs` | what do other loops take? |
//! | `calls.rs` | how many system calls is a hop? |

mod calls;
mod court;
mod ours;
mod peers;
mod pollers;

use std::hint::black_box;
use std::os::fd::OwnedFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::case::{Case, Metric, Order, Sample, Subject, Topic, metric};
use crate::clock::{Stopwatch, heap_in_use, timed};
use crate::limits::eventfd::new_eventfd;
use crate::uv;
use court::{Court, Loop};

const HOP: &[Metric] = &[metric("cpu", "ns"), metric("wall", "ns"), metric("calls", "")];
const REGISTERED: &[Metric] = &[metric("heap", "B"), metric("add", "ns"), metric("sources", "")];
const READY: &[Metric] = &[metric("cpu", "ns"), metric("wall", "ns"), metric("left", "B")];

/// Descriptors that are none of the sources: what a loop opens, and the program has.
const SPARE: u64 = 100;

/// Lets this process open as many descriptors as it may, and says how many sources that makes.
fn room() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // If it is refused, there is the room that there was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).saturating_sub(SPARE)
}

const MANY: u64 = 10_000;

fn lacks_room() -> Option<&'static str> {
    (room() < MANY).then_some("the hard limit of descriptors is too low: see `ulimit -Hn`")
}

/// Descriptors that are never ready, or always.
fn sources(length: u64, ready: bool) -> Vec<OwnedFd> {
    assert!(length <= room(), "there are not enough descriptors to be had");
    (0..length).map(|_| new_eventfd(u32::from(ready))).collect()
}

/// Hops beside so many who are idle.
fn hops<L: Loop>(idle: u64) -> impl Fn(&Order) -> Sample {
    move |order| {
        let mut lp = L::new();
        sources(idle, false).into_iter().for_each(|source| lp.idle(source));
        let court = Court::leaked(order.length);
        // Whoever makes room for what is ready has made it then.
        lp.play(Court::leaked(2));
        let mut sample = calls::marked(|| timed(order.length, || lp.play(court)));
        assert!(court.is_over(), "the loop ended early");
        sample.0.extend(calls::of_each_hop().map(|calls| ("calls", calls)));
        sample
    }
}

/// What it takes to watch so many, or as many as there may be.
fn registered<L: Loop>(order: &Order) -> Sample {
    let length = order.length.min(room());
    let sources = sources(length, false);
    let mut lp = L::new();
    let before = heap_in_use();
    let watch = Stopwatch::start();
    sources.into_iter().for_each(|source| lp.idle(source));
    let add = watch.cpu_each(length);
    let heap = (heap_in_use() - before) / length as f64;
    black_box(&mut lp);
    Sample(vec![("heap", heap), ("add", add), ("sources", length as f64)])
}

/// How many are ready all the time.
const ALWAYS: u64 = 1_000;

/// Measures `run`, which runs so many callbacks of sources that are always ready, and what it leaves on the
/// heap.
fn left(order: &Order, mut run: impl FnMut(u64)) -> Sample {
    // Whoever makes room for what is ready has made it then.
    run(2 * ALWAYS);
    let (before, mut left) = (heap_in_use(), 0.0);
    let mut sample = timed(order.length, || {
        run(order.length);
        // In here, since a sample is on the heap, too.
        left = heap_in_use() - before;
    });
    sample.0.push(("left", left));
    sample
}

fn subjects(idle: u64) -> Vec<Subject> {
    vec![
        Subject::anyloop(hops::<ours::Readers>(idle)),
        Subject::ours("anyloop awaited", hops::<ours::Awaited>(idle)),
        Subject::limit("epoll, level", hops::<pollers::Level>(idle)),
        Subject::limit("epoll, edge", hops::<pollers::Edge>(idle)),
        Subject::peer("mio", hops::<pollers::Mio>(idle)),
        Subject::peer("polling", hops::<pollers::Polling>(idle)),
        Subject::peer("calloop", hops::<peers::Calloop>(idle)),
        Subject::peer("tokio", hops::<peers::Tokio>(idle)).against("anyloop awaited"),
        uv::subject(hops::<uv::Watched>(idle)),
    ]
}

fn hopping(name: &'static str, about: &'static str, idle: u64) -> Case {
    let subjects = subjects(idle)
        .into_iter()
        .map(|subject| if idle < MANY { subject } else { subject.unless(lacks_room) })
        .collect();
    Case { name, about, metrics: HOP, length: 200_000, quick: 5_000, cpus: 1, subjects }
}

pub(crate) fn topic() -> Topic {
    Topic {
        name: "readiness",
        about: "one hop between two ends of a socket, or one source that is watched",
        cases: vec![
            hopping("hop-1", "hop beside 1 that is idle", 1),
            hopping("hop-100", "hop beside 100 that are idle", 100),
            hopping("hop-10000", "hop beside 10,000 that are idle", MANY),
            Case {
                name: "registered",
                about: "sources that are watched and idle: 100,000, or as many as the system lets be",
                metrics: REGISTERED,
                length: 100_000,
                quick: 500,
                cpus: 1,
                subjects: vec![
                    Subject::anyloop(registered::<ours::Readers>),
                    Subject::ours("anyloop awaited", registered::<ours::Awaited>),
                    Subject::limit("epoll, level", registered::<pollers::Level>),
                    Subject::peer("mio", registered::<pollers::Mio>),
                    Subject::peer("polling", registered::<pollers::Polling>),
                    Subject::peer("calloop", registered::<peers::Calloop>),
                    Subject::peer("tokio", registered::<peers::Tokio>).against("anyloop awaited"),
                    uv::subject(registered::<uv::Watched>),
                ],
            },
            Case {
                name: "ready-1000",
                about: "callback of 1,000 sources that are always ready, and what all leave on the heap",
                metrics: READY,
                length: 10_000_000,
                quick: 100_000,
                cpus: 1,
                subjects: vec![
                    Subject::anyloop(ours::always_ready),
                    Subject::limit("epoll, level", pollers::always_ready::<pollers::Epoll<false>>),
                    Subject::peer("polling", pollers::always_ready::<pollers::PollingPoller>),
                ],
            },
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plays<L: Loop>() {
        let mut lp = L::new();
        sources(3, false).into_iter().for_each(|source| lp.idle(source));
        // An odd length too: then the other end is the last.
        for length in [2, 5] {
            let court = Court::leaked(length);
            lp.play(court);
            assert!(court.is_over());
        }
    }

    #[test]
    fn everybody_plays_to_the_end_more_than_once() {
        plays::<ours::Readers>();
        plays::<ours::Awaited>();
        plays::<pollers::Level>();
        plays::<pollers::Edge>();
        plays::<pollers::Mio>();
        plays::<pollers::Polling>();
        plays::<peers::Calloop>();
        plays::<peers::Tokio>();
        if cfg!(libuv) {
            plays::<uv::Watched>();
        }
    }
}
