//! What do a million timers cost, in CPU time?

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::Context;
use std::time::{Duration, Instant};

use anyloop::{Handle, Loop};

use super::{counting_waker, delays, wakes};
use crate::call_soon::Tally;
use crate::case::{Order, Sample, Subject};
use crate::clock::{Stopwatch, cpu_time, heap_in_use, now};
use crate::limits::inline::Inline;
use crate::limits::slab::Key;
use crate::limits::wheel::Wheel;
use crate::{peers, uv};

const MINUTE: u64 = 60_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// After this time the timers of [`fire`] are due; all have to be inserted until then.
fn lead(length: u64) -> u64 {
    if length > 100_000 { 3000 * MILLISECOND } else { 300 * MILLISECOND }
}

fn long_delays(order: &Order) -> Vec<u64> {
    delays(order.length, MINUTE, 16 * MINUTE)
}

fn short_delays(order: &Order) -> Vec<u64> {
    let lead = lead(order.length);
    delays(order.length, lead, lead + 50 * MILLISECOND)
}

/// Inserts and cancels everything twice: the first time shows the memory, the second the time.
fn inserted_and_cancelled(order: &Order, mut insert: impl FnMut(), mut cancel: impl FnMut()) -> Sample {
    let before = heap_in_use();
    insert();
    let heap = (heap_in_use() - before) / order.length as f64;
    cancel();
    let watch = Stopwatch::start();
    insert();
    let inserted = watch.cpu_each(order.length);
    cancel();
    let both = watch.cpu_each(order.length);
    Sample(vec![("both", both), ("insert", inserted), ("cancel", both - inserted), ("heap", heap)])
}

/// Inserts everything, sleeps until right before it is due, and runs until it has fired.
fn fired(order: &Order, insert: impl FnOnce(), run: impl FnOnce()) -> Sample {
    let due = now() + lead(order.length);
    let start = cpu_time();
    insert();
    let inserted = cpu_time();
    let rest = due.checked_sub(now() + 2 * MILLISECOND);
    let rest = rest.expect("the machine is too busy: timers were due before all were inserted");
    std::thread::sleep(Duration::from_nanos(rest));
    run();
    let each = |from, to| (to - from) as f64 / order.length as f64;
    Sample(vec![("fire", each(inserted, cpu_time())), ("insert", each(start, inserted))])
}

/// Inserts timers into a loop; the last one to fire stops it.
fn insert_all(lp: &'static Loop, tally: &'static Tally, delays: &[u64], handles: &mut Vec<Handle>) {
    let base = lp.time();
    handles.extend(delays.iter().map(|delay| {
        let delay = *delay;
        let callback = move || {
            if !tally.hit(delay, 0) {
                lp.stop();
            }
        };
        lp.call_at(base + Duration::from_nanos(delay), callback).expect("the loop is open")
    }));
}

fn anyloop(order: &Order, cancel: bool) -> Sample {
    let lp = crate::call_soon::loop_with_poller();
    let tally = Tally::leaked(order.length, 1);
    let handles = &std::cell::RefCell::new(Vec::with_capacity(order.length as usize));
    if cancel {
        let delays = long_delays(order);
        let insert = || insert_all(lp, tally, &delays, &mut handles.borrow_mut());
        inserted_and_cancelled(order, insert, || {
            for handle in handles.borrow_mut().drain(..) {
                assert!(lp.cancel(handle));
            }
        })
    } else {
        let delays = short_delays(order);
        let insert = || insert_all(lp, tally, &delays, &mut handles.borrow_mut());
        fired(order, insert, || lp.run_forever().expect("it runs"))
    }
}

fn insert_bare(wheel: &mut Wheel, tally: &'static Tally, base: u64, delays: &[u64], keys: &mut Vec<Key>) {
    keys.extend(delays.iter().map(|delay| {
        let delay = *delay;
        wheel.insert(
            base + delay,
            Inline::new(move || {
                tally.hit(delay, 0);
            }),
        )
    }));
}

fn limit(order: &Order, cancel: bool) -> Sample {
    let tally = Tally::leaked(order.length, 1);
    let wheel = &std::cell::RefCell::new(Wheel::new(now()));
    let keys = &std::cell::RefCell::new(Vec::with_capacity(order.length as usize));
    let insert = |delays: &[u64]| {
        insert_bare(&mut wheel.borrow_mut(), tally, now(), delays, &mut keys.borrow_mut());
    };
    if cancel {
        let delays = long_delays(order);
        inserted_and_cancelled(
            order,
            || insert(&delays),
            || {
                let mut wheel = wheel.borrow_mut();
                for key in keys.borrow_mut().drain(..) {
                    assert!(wheel.cancel(key));
                }
                wheel.sweep();
            },
        )
    } else {
        let delays = short_delays(order);
        fired(
            order,
            || insert(&delays),
            || {
                while !tally.is_done() {
                    std::thread::sleep(Duration::from_millis(1));
                    wheel.borrow_mut().advance(now());
                }
            },
        )
    }
}

/// The timers of a runtime: futures that are polled once, with a waker that counts.
fn futures<F: Future + Unpin>(
    order: &Order,
    cancel: bool,
    make: impl Fn(u64) -> F,
    run: impl FnOnce(),
) -> Sample {
    let waker = counting_waker();
    let delays = if cancel { long_delays(order) } else { short_delays(order) };
    let timers = &std::cell::RefCell::new(Vec::with_capacity(delays.len()));
    let insert = || {
        timers.borrow_mut().extend(delays.iter().map(|delay| {
            let mut timer = make(*delay);
            assert!(Pin::new(&mut timer).poll(&mut Context::from_waker(&waker)).is_pending());
            timer
        }));
    };
    let sample = if cancel {
        inserted_and_cancelled(order, insert, || timers.borrow_mut().clear())
    } else {
        fired(order, insert, run)
    };
    // Not dropped: that is no part of either.
    std::mem::forget(timers.take());
    sample
}

fn tokio(order: &Order, cancel: bool) -> Sample {
    let runtime = peers::tokio();
    let _inside = runtime.enter();
    let base = tokio::time::Instant::now();
    let make = |delay| Box::pin(tokio::time::sleep_until(base + Duration::from_nanos(delay)));
    futures(order, cancel, make, || {
        runtime.block_on(async {
            while wakes() < order.length {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    })
}

fn smol(order: &Order, cancel: bool) -> Sample {
    let base = Instant::now();
    let make = |delay| async_io::Timer::at(base + Duration::from_nanos(delay));
    futures(order, cancel, make, || {
        peers::smol(async {
            while wakes() < order.length {
                async_io::Timer::after(Duration::from_millis(1)).await;
            }
        });
    })
}

fn libuv(order: &Order, cancel: bool) -> Sample {
    let delays = if cancel { long_delays(order) } else { short_delays(order) };
    let before = heap_in_use();
    let timers = uv::Timers::new(&delays);
    let own = (heap_in_use() - before) / order.length as f64;
    if cancel {
        let mut sample = inserted_and_cancelled(order, || timers.insert(), || timers.cancel());
        // libuv's timers are made by the user.
        sample.0.iter_mut().filter(|(name, _)| *name == "heap").for_each(|(_, bytes)| *bytes += own);
        sample
    } else {
        fired(order, || timers.insert(), || assert_eq!(black_box(timers.run()), order.length))
    }
}

fn subjects(cancel: bool) -> Vec<Subject> {
    vec![
        Subject::anyloop(move |order| anyloop(order, cancel)),
        Subject::limit("wheel", move |order| limit(order, cancel)),
        Subject::peer("tokio", move |order| tokio(order, cancel)),
        Subject::peer("smol", move |order| smol(order, cancel)),
        uv::subject(move |order| libuv(order, cancel)),
    ]
}

pub(super) fn cancel() -> Vec<Subject> {
    subjects(true)
}

pub(super) fn fire() -> Vec<Subject> {
    subjects(false)
}
