//! Programs about handlers of signals.

use std::vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::{at, body, just, one_of, with_body};
use crate::program::{Body, Kid, KidRef, Label, Plan, Program, SignalName, Step};

fn own() -> impl Strategy<Value = SignalName> {
    prop_oneof![3 => Just(SignalName::Usr1), 2 => Just(SignalName::Usr2)]
}

fn raise() -> (u32, BoxedStrategy<Step>) {
    (8, own().prop_map(|signal| Step::Raise { signal }).boxed())
}

/// A thread that raises signals, and gives the loop work.
fn thread() -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    let step = one_of(vec![raise(), with_body(3, &empty, |label, body| Step::Post { label, body })]);
    body(&step, 5)
}

/// Steps that a handler takes when it is called first.
fn inner() -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    let step = one_of(vec![
        just(4, Step::Panic),
        raise(),
        (3, own().prop_map(|signal| Step::UnSignal { signal }).boxed()),
        with_body(2, &empty, |label, body| Step::Soon { label, body }),
        just(1, Step::Stop),
    ]);
    prop_oneof![2 => empty, 1 => body(&step, 2)].boxed()
}

fn on_signal(weight: u32, inner: &BoxedStrategy<Body>) -> (u32, BoxedStrategy<Step>) {
    let make = |(signal, body)| Step::OnSignal { signal, label: Label(0), body };
    (weight, (own(), inner.clone()).prop_map(make).boxed())
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let callback = match depth {
        0 => Just(Body::default()).boxed(),
        _ => body(&steps(depth - 1), 3),
    };
    let bad = select(vec![SignalName::Kill, SignalName::Segv, SignalName::Zero, SignalName::Huge]);
    let bad = (bad, any::<bool>()).prop_map(|(signal, adds)| match adds {
        true => Step::OnSignal { signal, label: Label(0), body: Body::default() },
        false => Step::UnSignal { signal },
    });
    one_of(vec![
        on_signal(10, &inner()),
        raise(),
        (4, own().prop_map(|signal| Step::UnSignal { signal }).boxed()),
        (2, own().prop_map(|signal| Step::Also { signal }).boxed()),
        (2, bad.boxed()),
        with_body(4, &thread(), |label, body| Step::Thread { label, body }),
        with_body(4, &callback, |label, body| Step::Soon { label, body }),
        at(3, &callback),
        just(5, Step::Run),
        just(1, Step::Close),
        just(1, Step::Stop),
    ])
}

/// Programs in which a child watcher may listen for the same signal.
fn beside() -> BoxedStrategy<Program> {
    let kid = KidRef(Kid(0));
    let chld = SignalName::Chld;
    let on = || Step::OnSignal { signal: chld, label: Label(0), body: Body::default() };
    let child = |code| Step::Child { kid: Kid(0), plan: Plan::Exit(code) };
    let watch = || Step::Watch { kid, label: Label(0), body: Body::default() };
    let stories = vec![
        vec![on(), child(0), watch(), Step::End { kid }, Step::Raise { signal: chld }],
        vec![child(3), on(), watch(), Step::Raise { signal: chld }, Step::End { kid }],
        vec![child(7), watch(), on(), Step::Ended { kid }, Step::Raise { signal: chld }, Step::Run],
        vec![child(1), watch(), on(), Step::Run, Step::UnSignal { signal: chld }, Step::End { kid }],
    ];
    select(stories).prop_map(Body).boxed()
}

/// Programs in which a handler panics, and is to be called again.
fn again() -> BoxedStrategy<Program> {
    let between = prop::collection::vec(steps(0), 0..=3);
    (own(), between)
        .prop_map(|(signal, between)| {
            let body = Body(vec![Step::Panic]);
            let begins =
                [Step::OnSignal { signal, label: Label(0), body }, Step::Raise { signal }, Step::Run];
            Body(begins.into_iter().chain(between).chain([Step::Raise { signal }, Step::Run]).collect())
        })
        .boxed()
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    let alone = prop::collection::vec(steps(1), 1..=8).prop_map(Body);
    prop_oneof![8 => alone, 1 => beside(), 1 => again()].boxed()
}
