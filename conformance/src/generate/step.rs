//! Programs of hosts that drive a loop turn by turn.

use proptest::prelude::*;

use super::{at, body, just, one_of, with_body, with_ref, with_time};
use crate::program::{Body, Label, Program, Ref, Step, Units};

fn turn(weight: u32) -> (u32, BoxedStrategy<Step>) {
    (weight, (0..=4_u32).prop_map(|wait| Step::Turn { wait: Units(wait) }).boxed())
}

/// A timer that has to wait for longer than any step: queues may keep such apart.
fn later(weight: u32) -> (u32, BoxedStrategy<Step>) {
    let make = |when| Step::At { when: Units(when), label: Label(0), body: Body::default() };
    (weight, (20..=60_u32).prop_map(make).boxed())
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let inner = match depth {
        0 => Just(Body::default()).boxed(),
        _ => body(&steps(depth - 1), 3),
    };
    one_of(std::vec![
        turn(16),
        with_body(10, &inner, |label, body| Step::Soon { label, body }),
        at(10, &inner),
        later(3),
        with_body(3, &inner, |label, body| Step::Never { label, body }),
        with_body(6, &inner, |label, body| Step::Post { label, body }),
        with_ref(6, |of| Step::Cancel { of }),
        with_time(2, 4, |time| Step::Burn { time }),
        just(4, Step::Stop),
        just(3, Step::Run),
        just(1, Step::Close),
        just(1, Step::Panic),
    ])
}

/// A timer that is known to be the next, and is cancelled then, among other things.
fn cancelled() -> BoxedStrategy<Program> {
    let some = || prop::collection::vec(steps(0), 0..=2);
    (some(), later(1).1, 0..=1_u32, some())
        .prop_map(|(before, timer, wait, after)| {
            let turn = Step::Turn { wait: Units(wait) };
            // The nearest label is the timer's.
            let steps = [timer, turn.clone(), Step::Cancel { of: Ref::near(2) }, turn];
            Body(before.into_iter().chain(steps).chain(after).collect())
        })
        .boxed()
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    let any = prop::collection::vec(steps(2), 1..=9).prop_map(Body);
    prop_oneof![12 => any, 1 => cancelled()].boxed()
}
