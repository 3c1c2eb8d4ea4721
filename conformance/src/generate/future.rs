//! Programs about tasks.

use std::vec::Vec;

use proptest::prelude::*;

use super::{Choice, at, body, just, one_of, with_body, with_ref, with_time};
use crate::program::{Body, Label, Program, Ref, Step, Units};

/// A task that starts another and awaits it, to a good end or a bad one.
fn awaited() -> (u32, BoxedStrategy<Step>) {
    let make = |steps: Vec<Step>| {
        // The nearest label before the step is the inner task's, which has none inside.
        let inner = Step::Task { label: Label(0), body: Body(steps) };
        let body = Body([inner, Step::Await { of: Ref::near(2) }].into());
        Step::Task { label: Label(0), body }
    };
    let ends = [Step::Yield, Step::Panic].map(|end| std::vec![Step::Yield, end]);
    (4, prop::sample::select(ends.to_vec()).prop_map(make).boxed())
}

/// A task that awaits the next, which is finished by itself or by time.
fn awaited_beside() -> (u32, BoxedStrategy<Step>) {
    let make = |steps: Vec<Step>| {
        let waits = Step::Task { label: Label(0), body: Body([Step::Await { of: Ref::near(3) }].into()) };
        let ends = Step::Task { label: Label(0), body: Body(steps) };
        Step::Soon { label: Label(0), body: Body([waits, ends].into()) }
    };
    let ends = [std::vec![], std::vec![Step::Sleep { time: Units(1) }]];
    (3, prop::sample::select(ends.to_vec()).prop_map(make).boxed())
}

/// What callbacks and tasks do alike.
fn common(inner: &BoxedStrategy<Body>, task: &BoxedStrategy<Body>) -> Choice {
    std::vec![
        with_body(6, inner, |label, body| Step::Soon { label, body }),
        at(4, inner),
        with_body(8, task, |label, body| Step::Task { label, body }),
        with_ref(8, |of| Step::Wake { of }),
        with_ref(4, |of| Step::Abort { of }),
        with_ref(3, |of| Step::TaskScope { of }),
        with_ref(3, |of| Step::Detach { of }),
        with_time(1, 3, |time| Step::Burn { time }),
        just(2, Step::Stop),
        awaited(),
        awaited_beside(),
    ]
}

fn task(depth: u32) -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    let (inner, deeper) = match depth {
        0 => (empty.clone(), empty),
        _ => (callback(depth - 1), task(depth - 1)),
    };
    let mut choice = common(&inner, &deeper);
    choice.extend([
        just(7, Step::Yield),
        with_time(6, 4, |time| Step::Sleep { time }),
        just(7, Step::Park),
        with_ref(12, |of| Step::Await { of }),
        just(2, Step::Panic),
    ]);
    body(&one_of(choice), 4)
}

fn callback(depth: u32) -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    match depth {
        0 => empty,
        _ => body(&one_of(common(&callback(depth - 1), &task(depth - 1))), 3),
    }
}

fn thread() -> BoxedStrategy<Body> {
    let step =
        one_of(std::vec![with_ref(4, |of| Step::Wake { of }), with_time(2, 3, |time| Step::Burn { time }),]);
    body(&step, 4)
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    let mut choice = common(&callback(2), &task(2));
    choice.extend([
        with_body(5, &task(2), |label, body| Step::Until { label, body }),
        with_body(2, &thread(), |label, body| Step::Thread { label, body }),
        just(3, Step::Run),
        just(1, Step::Close),
    ]);
    prop::collection::vec(one_of(choice), 1..=7).prop_map(Body).boxed()
}
