//! Programs about children that nobody has registered, and about the signal of their end.

use std::vec;
use std::vec::Vec;

use proptest::collection::vec as many;
use proptest::prelude::*;
use proptest::sample::select;

use super::child::plan;
use crate::program::{Body, Kid, KidRef, Label, LoopName, Plan, Program, Step, Units};

/// At most so many children in a program.
const KIDS: usize = 3;

fn watch(kid: KidRef) -> Step {
    Step::Watch { kid, label: Label(0), body: Body::default() }
}

/// What happens to the child of that number, of which a watcher may tell though nobody has registered it.
fn stranger(number: u32, story: u8, plan: Plan) -> Vec<Step> {
    let kid = KidRef(Kid(number));
    let child = Step::Child { kid: Kid(0), plan };
    let bracket = |steps| Step::Bracket { body: Body(steps) };
    // So long that the loop comes to look outside.
    let moment = || Step::At { when: Units(4), label: Label(0), body: Body::default() };
    match story {
        0 => vec![child, Step::End { kid }],
        1 => vec![child, Step::Ended { kid }, Step::Run],
        2 => vec![child, Step::Ended { kid }, Step::Claim { kid }, Step::Claim { kid }],
        3 => vec![child, Step::Ended { kid }, Step::Run, Step::Claim { kid }],
        4 => vec![child, watch(kid), Step::End { kid }],
        5 => vec![bracket(vec![child, Step::Ended { kid }, moment(), Step::Run, watch(kid)])],
        6 => vec![bracket(vec![child, Step::Ended { kid }, moment(), Step::Run]), Step::Run],
        7 => vec![bracket(vec![bracket(vec![child, Step::Ended { kid }]), moment(), Step::Run, watch(kid)])],
        8 => vec![bracket(vec![
            bracket(vec![child, Step::Ended { kid }, moment(), Step::Run]),
            moment(),
            Step::Run,
            watch(kid),
        ])],
        9 => vec![child, Step::Ended { kid }],
        _ => vec![bracket(vec![child, Step::Ended { kid }, watch(kid)]), Step::Run],
    }
}

/// Programs about strangers.
pub(super) fn programs() -> BoxedStrategy<Program> {
    let stories = many((0..11_u8, plan()), 1..=KIDS);
    (any::<bool>(), any::<bool>(), stories)
        .prop_map(|(adopts, asks, stories)| {
            // Of those that nobody registers.
            let strangers = |(number, (story, _)): (u32, &(u8, Plan))| {
                (asks && matches!(story, 0..=3 | 9..)).then_some(number)
            };
            let strangers: Vec<u32> = (0..).zip(&stories).filter_map(strangers).collect();
            let told = (0..).zip(stories).flat_map(|(number, (story, plan))| stranger(number, story, plan));
            // When all are there, so that each has to be kept beside the others.
            let claims = strangers.into_iter().map(|number| Step::Claim { kid: KidRef(Kid(number)) });
            Body(adopts.then_some(Step::Adopt).into_iter().chain(told).chain(claims).collect())
        })
        .boxed()
}

/// Programs in which somebody else has arranged for the signal of a child's end.
pub(super) fn handled() -> BoxedStrategy<Program> {
    let kid = KidRef(Kid(0));
    let attach = || Step::Attach { which: LoopName::A };
    let stories = [
        vec![watch(kid), Step::End { kid }],
        vec![watch(kid), Step::Ended { kid }, Step::Run],
        vec![Step::Ended { kid }, watch(kid)],
        vec![watch(kid), watch(kid), Step::End { kid }],
        vec![watch(kid), Step::Sigstop { kid }, Step::Sigcont { kid }, Step::End { kid }],
        vec![watch(kid), Step::Unwatch { kid }, Step::Ended { kid }],
        vec![watch(kid), Step::Ended { kid }, Step::Close],
        vec![watch(kid), Step::Jolt, Step::End { kid }],
        vec![watch(kid), Step::Ended { kid }, Step::Run, Step::CloseWatcher],
        vec![watch(kid), Step::CloseWatcher, Step::End { kid }, Step::Unattach],
        vec![watch(kid), Step::Ended { kid }, Step::Run, Step::Unattach],
        vec![watch(kid), Step::Unattach, attach(), Step::CloseWatcher, Step::End { kid }],
        vec![watch(kid), Step::End { kid }, Step::Run, Step::CloseWatcher, attach()],
    ];
    let first = select(vec![Step::Heed, Step::Ignore, Step::Block]);
    (first, many((plan(), select(stories.to_vec())), 1..=KIDS))
        .prop_map(|(first, stories)| {
            let of = |(number, (plan, story)): (u32, (Plan, Vec<Step>))| {
                core::iter::once(Step::Child { kid: Kid(0), plan }).chain(super::child::about(number, story))
            };
            Body(core::iter::once(first).chain((0..).zip(stories).flat_map(of)).collect())
        })
        .boxed()
}
