//! Programs that fork: with work of every kind on its way, inside of callbacks and outside.

use proptest::prelude::*;
use proptest::sample::select;

use super::{at, body, just, loop_name, one_of, with_body, with_ref, with_time};
use crate::program::{Body, Kid, KidRef, Label, Plan, Program, Step};

fn thread() -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    let step = one_of(std::vec![
        with_body(4, &empty, |label, body| Step::Soon { label, body }),
        with_time(2, 3, |time| Step::Burn { time }),
    ]);
    body(&step, 3)
}

fn task() -> BoxedStrategy<Body> {
    let step = one_of(std::vec![
        just(3, Step::Fork),
        just(2, Step::Yield),
        just(1, Step::Park),
        with_time(3, 3, |time| Step::Sleep { time }),
    ]);
    body(&step, 3)
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let inner = match depth {
        0 => body(&just(1, Step::Fork).1, 1),
        _ => body(&steps(depth - 1), 3),
    };
    one_of(std::vec![
        just(10, Step::Fork),
        with_body(8, &inner, |label, body| Step::Soon { label, body }),
        at(8, &inner),
        with_body(2, &inner, |label, body| Step::Never { label, body }),
        with_body(4, &inner, |label, body| Step::Post { label, body }),
        with_body(3, &thread(), |label, body| Step::Thread { label, body }),
        with_body(3, &task(), |label, body| Step::Task { label, body }),
        with_body(2, &task(), |label, body| Step::Until { label, body }),
        with_ref(2, |of| Step::Cancel { of }),
        (4, loop_name().prop_map(|which| Step::Store { which }).boxed()),
        just(4, Step::Ask),
        just(1, Step::Ambient),
        just(1, Step::Clear),
        just(3, Step::Run),
        just(1, Step::Stop),
        just(1, Step::Close),
    ])
}

fn about_loops() -> BoxedStrategy<Program> {
    prop::collection::vec(steps(1), 1..=7).prop_map(Body).boxed()
}

/// One child, which is watched while the process forks.
fn about_children() -> BoxedStrategy<Program> {
    const KID: KidRef = KidRef(Kid(0));
    let plan = prop_oneof![
        select(std::vec![0, 7, 255]).prop_map(Plan::Exit),
        select(std::vec![9, 15]).prop_map(Plan::Signal),
    ];
    let fork = || {
        prop_oneof![Just(Step::Fork), Just(Step::Soon { label: Label(0), body: Body([Step::Fork].into()) }),]
    };
    let end = prop_oneof![Just(Step::End { kid: KID }), Just(Step::Ended { kid: KID })];
    let make = |(plan, before, end, after): (_, Step, Step, Option<Step>)| {
        let watch = Step::Watch { kid: KID, label: Label(0), body: Body::default() };
        let steps = [Step::Child { kid: Kid(0), plan }, watch, before, end];
        Body(steps.into_iter().chain(after).collect())
    };
    (plan, fork(), end, proptest::option::of(fork())).prop_map(make).boxed()
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    prop_oneof![3 => about_loops(), 1 => about_children()].boxed()
}
