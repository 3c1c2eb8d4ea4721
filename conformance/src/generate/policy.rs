//! Programs about policies.

use proptest::prelude::*;

use super::{Choice, body, just, loop_name, one_of, policy_name, with_body};
use crate::program::{Body, Label, LoopName, Program, Step};

fn about_loops() -> Choice {
    std::vec![
        (6, loop_name().prop_map(|which| Step::Store { which }).boxed()),
        just(5, Step::Clear),
        just(10, Step::Ask),
        just(4, Step::Ambient),
        just(3, Step::Keep),
        (3, loop_name().prop_map(|which| Step::New { which }).boxed()),
    ]
}

fn about_the_process() -> Choice {
    std::vec![
        (4, policy_name().prop_map(|which| Step::Set { which }).boxed()),
        just(3, Step::Reset),
        just(10, Step::Lookup),
        just(3, Step::Unguard),
    ]
}

fn guard(inner: &BoxedStrategy<Body>) -> (u32, BoxedStrategy<Step>) {
    let make = |(which, body)| Step::Guard { which, body };
    (5, (policy_name(), inner.clone()).prop_map(make).boxed())
}

/// Two guards, the outer of which is dropped first.
fn crossed(inner: &BoxedStrategy<Body>) -> (u32, BoxedStrategy<Step>) {
    let make = |(first, second, mut inner): (_, _, Body)| {
        inner.0.insert(0, Step::Unguard);
        Step::Guard { which: first, body: Body([Step::Guard { which: second, body: inner }].into()) }
    };
    (3, (policy_name(), policy_name(), inner.clone()).prop_map(make).boxed())
}

/// A policy that has a loop, and another that is in force while somebody asks.
fn overridden(inner: &BoxedStrategy<Body>) -> (u32, BoxedStrategy<Step>) {
    let make = |(first, second, which, mut inner): (_, _, _, Body)| {
        inner.0.insert(0, Step::Ambient);
        let other = Step::Guard { which: second, body: inner };
        Step::Guard { which: first, body: Body([Step::Store { which }, other].into()) }
    };
    (3, (policy_name(), policy_name(), loop_name(), inner.clone()).prop_map(make).boxed())
}

/// What chance alone puts together too seldom.
fn stories() -> (u32, BoxedStrategy<Step>) {
    let store = Step::Store { which: LoopName::A };
    let elsewhere = |step| Step::Elsewhere { body: Body([step].into()) };
    let stories = [
        // The policy's own watcher, and the one after that was given up.
        std::vec![Step::Watcher, Step::UnsetWatcher, Step::Watcher],
        // What one context does, and what another has.
        std::vec![store.clone(), elsewhere(Step::Clear), Step::Ask],
        std::vec![Step::Clear, elsewhere(store), Step::Ask],
        std::vec![Step::Keep, elsewhere(Step::Keep), Step::Keep, Step::Keep],
    ];
    let make = |steps| Step::Soon { label: Label(0), body: Body(steps) };
    (3, prop::sample::select(stories.to_vec()).prop_map(make).boxed())
}

fn failing() -> (u32, BoxedStrategy<Step>) {
    let inner = body(&one_of(about_loops()), 3);
    (4, inner.prop_map(|body| Step::Failing { body }).boxed())
}

/// A watcher that is attached to a loop, and then refuses to be attached again.
fn refused() -> (u32, BoxedStrategy<Step>) {
    let store = || prop_oneof![3 => loop_name().prop_map(Some), 1 => Just(None)];
    let make = |(which, watcher, first, second): (_, _, Option<_>, Option<_>)| {
        let store = |which| match which {
            Some(which) => Step::Store { which },
            None => Step::Clear,
        };
        let watcher = Step::SetWatcher { which: watcher };
        let steps = [watcher, store(first), Step::Refuse, store(second), Step::Ask];
        Step::Guard { which, body: Body(steps.into()) }
    };
    (2, (policy_name(), loop_name(), store(), store()).prop_map(make).boxed())
}

fn leaves() -> Choice {
    let mut choice = about_loops();
    choice.extend(about_the_process());
    choice
}

fn elsewhere() -> (u32, BoxedStrategy<Step>) {
    let mut choice = leaves();
    choice.push(guard(&body(&one_of(leaves()), 3)));
    (9, body(&one_of(choice), 4).prop_map(|body| Step::Elsewhere { body }).boxed())
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let mut choice = leaves();
    choice.extend([
        just(4, Step::Watcher),
        (3, loop_name().prop_map(|which| Step::SetWatcher { which }).boxed()),
        just(1, Step::UnsetWatcher),
        stories(),
        just(1, Step::Refuse),
        failing(),
    ]);
    if depth > 0 {
        let inner = body(&steps(depth - 1), 4);
        choice.push(guard(&inner));
        choice.push(crossed(&inner));
        choice.push(overridden(&inner));
        choice.push(refused());
        choice.push(elsewhere());
        choice.push(with_body(4, &inner, |label, body| Step::Soon { label, body }));
        choice.push(just(1, Step::Run));
    }
    one_of(choice)
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    prop::collection::vec(steps(2), 1..=10).prop_map(Body).boxed()
}
