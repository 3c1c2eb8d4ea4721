//! Programs about sources: readers, writers, and tasks that wait.

use std::vec;

use proptest::collection::vec as many;
use proptest::prelude::*;

use super::{body, just, one_of, with_body, with_time};
use crate::program::{Body, Label, Program, Step, Units, Wire, WireRef};

/// How deep callbacks stand in callbacks.
const DEPTH: u32 = 2;

/// At most so many pairs of sockets to begin with.
const WIRES: usize = 3;

/// So many of them, and of those that come later, are mentioned.
const MENTIONED: u32 = 5;

fn on(weight: u32, make: fn(WireRef) -> Step) -> (u32, BoxedStrategy<Step>) {
    let wire = (0..MENTIONED).prop_map(|number| WireRef(Wire(number)));
    (weight, wire.prop_map(make).boxed())
}

fn called(
    weight: u32,
    body: &BoxedStrategy<Body>,
    make: fn(WireRef, Body) -> Step,
) -> (u32, BoxedStrategy<Step>) {
    let wire = (0..MENTIONED).prop_map(|number| WireRef(Wire(number)));
    (weight, (wire, body.clone()).prop_map(move |(wire, body)| make(wire, body)).boxed())
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let inner = match depth {
        0 => Just(Body::default()).boxed(),
        _ => body(&steps(depth - 1), 4),
    };
    let task = body(&one_of(waiting()), 4);
    let thread = body(&one_of(elsewhere()), 3);
    one_of(vec![
        called(24, &inner, |wire, body| Step::Reader { wire, label: Label(0), body }),
        called(16, &inner, |wire, body| Step::Writer { wire, label: Label(0), body }),
        on(10, |wire| Step::Unreader { wire }),
        on(8, |wire| Step::Unwriter { wire }),
        on(24, |wire| Step::Feed { wire }),
        on(8, |wire| Step::Drain { wire }),
        on(6, |wire| Step::Clog { wire }),
        on(5, |wire| Step::Unclog { wire }),
        on(6, |wire| Step::Hangup { wire }),
        on(7, |wire| Step::Unwire { wire }),
        just(7, Step::Wire { wire: Wire(0) }),
        with_body(6, &inner, |label, body| Step::Soon { label, body }),
        with_body(8, &task, |label, body| Step::Task { label, body }),
        with_body(5, &thread, |label, body| Step::Thread { label, body }),
        just(6, Step::Run),
        just(2, Step::Stop),
        just(1, Step::Close),
        just(3, Step::Panic),
    ])
}

/// What a task does.
fn waiting() -> super::Choice {
    vec![
        on(6, |wire| Step::Readable { wire }),
        on(3, |wire| Step::Writable { wire }),
        on(3, |wire| Step::Drain { wire }),
        on(2, |wire| Step::Feed { wire }),
        on(1, |wire| Step::Unclog { wire }),
        just(1, Step::Yield),
    ]
}

/// What a thread does.
fn elsewhere() -> super::Choice {
    vec![
        on(4, |wire| Step::Feed { wire }),
        on(1, |wire| Step::Hangup { wire }),
        with_time(2, 3, |time| Step::Burn { time }),
    ]
}

/// Some pairs, and what is done with them. Perhaps one goes then, and another comes, which has its number.
fn anything() -> BoxedStrategy<Program> {
    let connect = || Step::Wire { wire: Wire(0) };
    let first = WireRef(Wire(0));
    let renewed = many(steps(1), 1..=5)
        .prop_map(move |steps| [vec![Step::Unwire { wire: first }, connect()], steps].concat());
    let anew = prop_oneof![2 => Just(vec![]), 1 => renewed];
    (1..=WIRES, many(steps(DEPTH), 1..=8), anew)
        .prop_map(move |(wires, steps, anew)| Body([vec![connect(); wires], steps, anew].concat()))
        .boxed()
}

/// What one callback does about the other's source.
fn rivalry(other: WireRef) -> BoxedStrategy<Body> {
    let step = prop_oneof![
        3 => Just(Step::Drain { wire: other }),
        3 => Just(Step::Reader { wire: other, label: Label(0), body: Body::default() }),
        2 => Just(Step::Unreader { wire: other }),
        1 => Just(Step::Unwriter { wire: other }),
        1 => Just(Step::Writer { wire: other, label: Label(0), body: Body::default() }),
        1 => Just(Step::Unwire { wire: other }),
    ];
    many(step, 1..=3).prop_map(Body).boxed()
}

/// Two that are ready at once, each of which deals with the other.
fn rivals() -> BoxedStrategy<Program> {
    let [one, two] = [WireRef(Wire(0)), WireRef(Wire(1))];
    let connect = || Step::Wire { wire: Wire(0) };
    (rivalry(two), rivalry(one), any::<bool>())
        .prop_map(move |(of_one, of_two, writes)| {
            let reader = |wire, body| Step::Reader { wire, label: Label(0), body };
            let writer = Step::Writer { wire: two, label: Label(0), body: Body::default() };
            let mut steps = vec![connect(), connect(), reader(one, of_one), reader(two, of_two)];
            steps.extend(writes.then_some(writer));
            steps.extend([Step::Feed { wire: one }, Step::Feed { wire: two }]);
            Body(steps)
        })
        .boxed()
}

/// One that becomes ready when the loop has waited for a while.
fn from_afar() -> BoxedStrategy<Program> {
    let wire = WireRef(Wire(0));
    let ready = prop_oneof![4 => Just(Step::Feed { wire }), 1 => Just(Step::Hangup { wire })];
    (steps(0), 5..=20_u32, ready)
        .prop_map(move |(step, burn, ready)| {
            let reader = Step::Reader { wire, label: Label(0), body: Body::default() };
            let thread = Body(vec![Step::Burn { time: Units(burn) }, ready]);
            let thread = Step::Thread { label: Label(0), body: thread };
            Body(vec![Step::Wire { wire: Wire(0) }, reader, step, thread, Step::Run])
        })
        .boxed()
}

/// Programs about sources.
pub(super) fn programs() -> BoxedStrategy<Program> {
    prop_oneof![5 => anything(), 3 => rivals(), 1 => from_afar()].boxed()
}
