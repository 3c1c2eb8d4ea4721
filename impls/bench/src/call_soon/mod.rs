//! What does it cost to schedule a callback and to run it?
//!
//! A driver schedules a batch of callbacks and then itself, so each turn runs one batch. Each
//! callback holds three words. With a batch of one the cost is that of a turn, and what counts is
//! how often a loop looks for events, which is a system call.

pub(crate) mod limits;
mod peers;

use std::cell::Cell;
use std::hint::black_box;
use std::task::Waker;
use std::time::Duration;

use anyloop::Loop;

use crate::case::{CPU_FIRST, Case, Metric, Order, Sample, Subject, Topic, metric};
use crate::clock::{heap_in_use, timed};

/// What the callbacks of one run share.
pub(crate) struct Tally {
    pub(crate) ran: Cell<u64>,
    pub(crate) length: u64,
    pub(crate) batch: u64,
    sum: Cell<u64>,
    waker: Cell<Option<Waker>>,
}

impl Tally {
    pub(crate) fn leaked(length: u64, batch: u64) -> &'static Self {
        Box::leak(Box::new(Self {
            ran: Cell::new(0),
            length,
            batch,
            sum: Cell::new(0),
            waker: Cell::new(None),
        }))
    }

    /// One callback ran, with two words of its own. Says whether to go on.
    #[inline(always)]
    pub(crate) fn hit(&self, one: u64, other: u64) -> bool {
        let ran = self.ran.get() + 1;
        self.ran.set(ran);
        self.sum.set(self.sum.get() ^ one ^ other);
        if ran == self.length {
            self.wake();
        }
        ran < self.length
    }

    #[cold]
    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Wakes the future that waits for the end.
    fn wake_when_done(&self, waker: &Waker) {
        self.waker.set(Some(waker.clone()));
    }

    /// What each callback is given besides the tally.
    #[inline(always)]
    pub(crate) fn words(&self, index: u64) -> (u64, u64) {
        (index, self.batch)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.ran.get() >= self.length
    }
}

/// Measures `run`, which runs callbacks until the tally is done.
fn tallied(order: &Order, batch: u64, run: impl FnOnce(&'static Tally)) -> Sample {
    let tally = Tally::leaked(order.length, batch);
    let sample = timed(order.length, || run(tally));
    assert!(tally.is_done(), "the loop ended early");
    black_box(tally.sum.get());
    sample
}

/// A batch, and the driver of the next.
fn kick(lp: &'static Loop, tally: &'static Tally) {
    for index in 1..tally.batch {
        let (one, other) = tally.words(index);
        let handle = lp.call_soon(move || {
            tally.hit(one, other);
        });
        black_box(handle.expect("the loop is open"));
    }
    let handle = lp.call_soon(move || if tally.hit(0, 0) { kick(lp, tally) } else { lp.stop() });
    black_box(handle.expect("the loop is open"));
}

/// A loop that has waited before, so that looking for events is a system call.
pub(crate) fn loop_with_poller() -> &'static Loop {
    with_poller(anyloop_bench_subject::make())
}

fn with_poller(lp: Loop) -> &'static Loop {
    let lp: &'static Loop = Box::leak(Box::new(lp));
    lp.run_until_complete(lp.sleep(Duration::from_micros(50))).expect("it runs").expect("it sleeps");
    lp
}

/// Runs a whole tally on a loop.
pub(crate) fn run(lp: &'static Loop, tally: &'static Tally) {
    kick(lp, tally);
    lp.run_forever().expect("it runs");
}

fn anyloop(order: &Order, batch: u64, make: fn() -> Loop) -> Sample {
    let lp = with_poller(make());
    let mut sample = tallied(order, batch, |tally| run(lp, tally));
    // The ring has its size now. What is queued beyond that has to be allocated.
    let more = Tally::leaked(1, batch);
    let before = heap_in_use();
    kick(lp, more);
    sample.0.push(("heap", (heap_in_use() - before) / batch as f64));
    sample
}

const METRICS: &[Metric] = &[CPU_FIRST[0], CPU_FIRST[1], metric("heap", "B")];

fn case(name: &'static str, batch: u64) -> Case {
    let mut subjects =
        vec![Subject::anyloop(move |order| anyloop(order, batch, anyloop_bench_subject::make))];
    subjects.extend(limits::subjects(batch));
    subjects.extend(peers::subjects(batch));
    Case {
        name,
        about: match batch {
            1 => "one callback a turn",
            100 => "100 callbacks a turn",
            _ => "10,000 callbacks a turn",
        },
        metrics: METRICS,
        length: 5_000_000,
        quick: 200_000,
        cpus: 1,
        subjects,
    }
}

/// One callback a turn, and a look for events in each: what libuv does, and no loop for tasks.
fn polling() -> Case {
    Case {
        name: "batch-1-poll",
        about: "one callback a turn, looking for events in every turn",
        metrics: METRICS,
        length: 1_000_000,
        quick: 50_000,
        cpus: 1,
        subjects: vec![
            Subject::anyloop(|order| anyloop(order, 1, anyloop_bench_subject::make_polling)),
            limits::polling(),
            peers::polling(),
        ],
    }
}

pub(crate) fn topic() -> Topic {
    Topic {
        name: "call_soon",
        about: "schedule a callback of three words, and run it",
        cases: vec![case("batch-1", 1), polling(), case("batch-100", 100), case("batch-10000", 10_000)],
    }
}
