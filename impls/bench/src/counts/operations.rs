//! Which hot paths are counted? Each as a run of so many operations, after a warm-up that does not
//! depend on how many.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

use anyloop::{Handle, Loop};

use crate::call_soon::{self, Tally, loop_with_poller};
use crate::case::{Case, Order, Sample, Subject, Topic};
use crate::clock::now;
use crate::limits::inline::Inline;
use crate::limits::slab::Key;
use crate::limits::stack::Stack;
use crate::limits::wheel::Wheel;
use crate::timers::delays;
use crate::{policy, wake};

/// A hot path.
pub(super) struct Operation {
    pub(super) name: &'static str,
    /// Who does it by hand.
    pub(super) by_hand: &'static str,
    /// The operation that this one contains, and that is counted by itself.
    pub(super) without: Option<&'static str>,
    /// How often it is done: the difference is what counts.
    pub(super) lengths: [u64; 2],
    /// How often it is counted: more than once if it depends on what time it is. The least counts.
    pub(super) tries: u32,
}

const fn operation(name: &'static str, by_hand: &'static str) -> Operation {
    Operation { name, by_hand, without: None, lengths: [20_000, 60_000], tries: 1 }
}

const fn without(mut operation: Operation, part: &'static str) -> Operation {
    operation.without = Some(part);
    operation
}

/// For what depends on what time it is.
const fn shaky(mut operation: Operation) -> Operation {
    operation.tries = 4;
    operation
}

const fn shorter(mut operation: Operation) -> Operation {
    operation.lengths = [1_000, 3_000];
    operation
}

const WHEEL: &str = "wheel";
const INSERT: &str = "timer insert";

pub(super) const OPERATIONS: &[Operation] = &[
    operation("call_soon, batch of 1", "slab"),
    operation("call_soon, batch of 100", "slab"),
    shaky(operation(INSERT, WHEEL)),
    shaky(without(operation("timer cancel", WHEEL), INSERT)),
    shaky(without(operation("timer fire", WHEEL), INSERT)),
    operation("remote call_soon", "stack"),
    shaky(shorter(operation("wake, round trip", "stacks, eventfd"))),
    operation("get_event_loop", "read, clone, drop"),
];

/// So many timers are there in the warm-up.
const MOST: u64 = 60_000;

fn quietly(work: impl Fn(u64) + 'static) -> impl Fn(&Order) -> Sample {
    move |order| {
        work(order.length);
        Sample(Vec::new())
    }
}

fn batches(batch: u64) -> [Subject; 2] {
    let tally = move |length| Tally::leaked(length, batch);
    [
        Subject::anyloop(quietly(move |length| call_soon::run(loop_with_poller(), tally(length)))),
        Subject::limit("slab", quietly(move |length| call_soon::limits::run_slab(tally(length)))),
    ]
}

/// What is done with timers after they were inserted.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    Cancel,
    Fire,
}

/// Deadlines for the warm-up and for those that do not fire: beyond 2⁴⁴ nanoseconds, where a wheel
/// of base 64 begins a bucket, and hours from now. So where they go does not depend on what time it
/// is.
fn far(length: u64) -> Vec<u64> {
    let start = now().next_multiple_of(1 << 44);
    delays(length, start, start + (1 << 42))
}

/// Deadlines for those that fire: 2²⁶ nanoseconds, which begin where a wheel of base 64 begins a
/// bucket, and not where it begins a bucket of the next level. So where they go does not depend
/// on what time it is.
fn near(length: u64) -> Vec<u64> {
    loop {
        let now = now();
        let start = (now + 20_000_000).next_multiple_of(1 << 26);
        if start >> 32 == now >> 32 {
            return delays(length, start, start + (1 << 26));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn sleep_until_due(deadlines: &[u64]) {
    let latest = deadlines.iter().max().expect("there are some");
    std::thread::sleep(Duration::from_nanos(latest.saturating_sub(now())) + Duration::from_millis(2));
}

fn insert(lp: &'static Loop, tally: &'static Tally, deadlines: &[u64]) -> Vec<Handle> {
    let mut handles = Vec::with_capacity(deadlines.len());
    for deadline in deadlines {
        let callback = move || {
            if !tally.hit(1, 2) {
                lp.stop();
            }
        };
        handles
            .push(lp.call_at(anyloop::Instant::from_nanos(*deadline), callback).expect("the loop is open"));
    }
    handles
}

fn loop_timers(length: u64, then: Then) {
    let lp = loop_with_poller();
    let cancel_all = |handles: Vec<Handle>| handles.into_iter().for_each(|handle| assert!(lp.cancel(handle)));
    let tally = Tally::leaked(length, 1);
    cancel_all(insert(lp, tally, &far(MOST)));
    // One turn, so that the queue knows what time it is.
    lp.stop();
    lp.run_forever().expect("it runs");
    match then {
        Then::Nothing => drop(black_box(insert(lp, tally, &far(length)))),
        Then::Cancel => cancel_all(insert(lp, tally, &far(length))),
        Then::Fire => {
            let deadlines = near(length);
            black_box(insert(lp, tally, &deadlines));
            sleep_until_due(&deadlines);
            lp.run_forever().expect("it runs");
        }
    }
}

fn insert_by_hand(wheel: &mut Wheel, tally: &'static Tally, deadlines: &[u64]) -> Vec<Key> {
    let mut keys = Vec::with_capacity(deadlines.len());
    for deadline in deadlines {
        let callback = Inline::new(move || {
            tally.hit(1, 2);
        });
        keys.push(wheel.insert(*deadline, callback));
    }
    keys
}

fn wheel_timers(length: u64, then: Then) {
    let wheel = RefCell::new(Wheel::new(now()));
    let cancel_all = |keys: Vec<Key>| {
        keys.into_iter().for_each(|key| assert!(wheel.borrow_mut().cancel(key)));
        wheel.borrow_mut().sweep();
    };
    let tally = Tally::leaked(length, 1);
    let insert = |deadlines: &[u64]| insert_by_hand(&mut wheel.borrow_mut(), tally, deadlines);
    cancel_all(insert(&far(MOST)));
    match then {
        Then::Nothing => drop(black_box(insert(&far(length)))),
        Then::Cancel => cancel_all(insert(&far(length))),
        Then::Fire => {
            let deadlines = near(length);
            black_box(insert(&deadlines));
            sleep_until_due(&deadlines);
            wheel.borrow_mut().advance(now());
            assert!(tally.is_done());
        }
    }
    // Not dropped: that is no part of any of them.
    std::mem::forget(wheel);
}

fn timers(then: Then) -> [Subject; 2] {
    [
        Subject::anyloop(quietly(move |length| loop_timers(length, then))),
        Subject::limit(WHEEL, quietly(move |length| wheel_timers(length, then))),
    ]
}

/// Posted and run on one thread: what the queue costs without a wake.
fn remote() -> [Subject; 2] {
    let anyloop = |length| {
        let lp = loop_with_poller();
        let remote = lp.remote();
        for word in 0..length {
            let post = remote.call_soon(move || {
                black_box(word);
            });
            post.expect("the loop is open");
        }
        remote.stop();
        lp.run_forever().expect("it runs");
    };
    let stack = |length| {
        let stack: &'static Stack = Box::leak(Box::new(Stack::new()));
        for word in 0..length {
            stack.push(move || {
                black_box(word);
            });
        }
        assert_eq!(stack.run(), length);
    };
    [Subject::anyloop(quietly(anyloop)), Subject::limit("stack", quietly(stack))]
}

/// The operations as cases, for `--one`.
pub(crate) fn topic() -> Topic {
    let case =
        |name, subjects| Case { name, about: "", metrics: &[], length: 0, quick: 0, cpus: 1, subjects };
    let cases = vec![
        case("call_soon, batch of 1", batches(1).into()),
        case("call_soon, batch of 100", batches(100).into()),
        case(INSERT, timers(Then::Nothing).into()),
        case("timer cancel", timers(Then::Cancel).into()),
        case("timer fire", timers(Then::Fire).into()),
        case("remote call_soon", remote().into()),
        case("wake, round trip", wake::round_trip::blocking()),
        case("get_event_loop", policy::get_event_loop_subjects()),
    ];
    Topic { name: "counts", about: "", cases }
}
