//! What do very many timers cost, and how late is a timer?
//!
//! calloop is not asked about a million timers: it cancels in O(n). monoio and tokio wait in whole
//! milliseconds, like libuv.

mod lateness;
mod many;

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::case::{Case, Metric, Topic, metric};
use crate::clock::Random;

/// So many delays between two bounds, in nanoseconds.
pub(crate) fn delays(length: u64, from: u64, to: u64) -> Vec<u64> {
    let mut random = Random::new();
    (0..length).map(|_| from + random.below(to - from)).collect()
}

static WAKES: AtomicU64 = AtomicU64::new(0);

/// How often a [`counting_waker`] was woken.
fn wakes() -> u64 {
    WAKES.load(Ordering::Relaxed)
}

/// A waker that only counts: cheaper than any task.
fn counting_waker() -> Waker {
    fn count(_: *const ()) {
        WAKES.fetch_add(1, Ordering::Relaxed);
    }
    static TABLE: RawWakerVTable =
        RawWakerVTable::new(|_| RawWaker::new(std::ptr::null(), &TABLE), count, count, |_| {});
    // SAFETY: the functions use nothing but a static, so they are sound on every thread.
    unsafe { Waker::new(std::ptr::null(), &TABLE) }
}

const CANCEL: &[Metric] =
    &[metric("both", "ns"), metric("insert", "ns"), metric("cancel", "ns"), metric("heap", "B")];
const FIRE: &[Metric] = &[metric("fire", "ns"), metric("insert", "ns")];
const LATENESS: &[Metric] =
    &[metric("median", "us"), metric("earliest", "us"), metric("p99", "us"), metric("latest", "us")];

pub(crate) fn topic() -> Topic {
    Topic {
        name: "timers",
        about: "one timer",
        cases: vec![
            Case {
                name: "cancel",
                about: "a million timers of 1 to 16 minutes: insert all, cancel all, in warm memory",
                metrics: CANCEL,
                length: 1_000_000,
                quick: 50_000,
                cpus: 1,
                subjects: many::cancel(),
            },
            Case {
                name: "fire",
                about: "a million timers within 50 ms: run them all",
                metrics: FIRE,
                length: 1_000_000,
                quick: 50_000,
                cpus: 1,
                subjects: many::fire(),
            },
            Case {
                name: "lateness",
                about: "a thousand timers of 1 to 50 ms",
                metrics: LATENESS,
                length: 1000,
                quick: 200,
                cpus: 1,
                subjects: lateness::subjects(),
            },
        ],
    }
}
