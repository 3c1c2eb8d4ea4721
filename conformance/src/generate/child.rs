//! Which programs about children are tried: a few children, each with a story, woven together.
//!
//! A child takes more than a millisecond to start, so chance alone would not do: each story is one
//! that some rule is about, and chance decides how they meet.

use std::vec;
use std::vec::Vec;

use proptest::collection::vec as many;
use proptest::prelude::*;
use proptest::sample::select;

use crate::program::{Body, Kid, KidRef, Label, LoopName, PartMut, Plan, Program, Ref, Step, Units};

/// At most so many children in a program.
const KIDS: usize = 3;

/// Generates programs about children.
pub(super) fn programs() -> BoxedStrategy<Program> {
    woven(story())
}

/// Programs about some children, each with a story of that kind.
pub(super) fn woven(story: BoxedStrategy<Vec<Step>>) -> BoxedStrategy<Program> {
    let kids = many((plan(), story), 1..=KIDS);
    let order = many(any::<u8>(), 24);
    let wrapped = many(prop::bool::weighted(0.2), 24);
    let extras = many((extra(), any::<u8>()), 0..=2);
    (kids, order, wrapped, extras)
        .prop_map(|(kids, order, wrapped, extras)| weave(kids, &order, &wrapped, extras))
        .boxed()
}

/// How a child ends: every code matters, 255 above all.
pub(super) fn plan() -> BoxedStrategy<Plan> {
    prop_oneof![
        3 => select(vec![0, 7, 255]).prop_map(Plan::Exit),
        2 => any::<u8>().prop_map(Plan::Exit),
        3 => select(vec![9, 15]).prop_map(Plan::Signal),
    ]
    .boxed()
}

/// The child that a story is about, until the story is told of another.
pub(super) const HERO: KidRef = KidRef(Kid(0));

pub(super) fn watch(body: Vec<Step>) -> Step {
    Step::Watch { kid: HERO, label: Label(0), body: Body(body) }
}

fn thread(body: Vec<Step>) -> Step {
    Step::Thread { label: Label(0), body: Body(body) }
}

/// Signals for a while, some of which find the loop asleep.
fn interruptions() -> Vec<Step> {
    let pause = Step::Burn { time: Units(2) };
    vec![Step::Interrupt, pause.clone(), Step::Interrupt, pause, Step::Interrupt]
}

/// What happens to one child.
fn story() -> BoxedStrategy<Vec<Step>> {
    use Step::{End, Ended, Sigcont, Sigstop, Steal, Unwatch};

    let told = [
        // It ends, and is reported.
        vec![watch(vec![]), End { kid: HERO }],
        vec![watch(vec![]), Ended { kid: HERO }],
        vec![End { kid: HERO }, watch(vec![])],
        // Its callback registers or removes it again.
        vec![watch(vec![watch(vec![])]), End { kid: HERO }],
        vec![watch(vec![Unwatch { kid: HERO }]), End { kid: HERO }],
        // Its callback fails.
        vec![watch(vec![Step::Panic]), End { kid: HERO }],
        vec![watch(vec![Step::Panic]), Ended { kid: HERO }],
    ];
    let before = [
        vec![Ended { kid: HERO }, watch(vec![])],
        vec![Sigstop { kid: HERO }, Sigcont { kid: HERO }, Ended { kid: HERO }, watch(vec![])],
    ];
    let stopped = [
        vec![watch(vec![]), Sigstop { kid: HERO }, Sigcont { kid: HERO }, End { kid: HERO }],
        vec![Sigstop { kid: HERO }, watch(vec![]), Sigcont { kid: HERO }, End { kid: HERO }],
        vec![watch(vec![]), Sigstop { kid: HERO }, End { kid: HERO }, Sigcont { kid: HERO }],
    ];
    let replaced = [
        vec![watch(vec![]), watch(vec![]), End { kid: HERO }],
        vec![watch(vec![]), watch(vec![]), Ended { kid: HERO }, watch(vec![])],
        vec![watch(vec![]), End { kid: HERO }, watch(vec![])],
    ];
    let removed = [
        vec![watch(vec![]), Unwatch { kid: HERO }, End { kid: HERO }],
        vec![watch(vec![]), Unwatch { kid: HERO }, Ended { kid: HERO }, Steal { kid: HERO }],
        vec![watch(vec![]), Unwatch { kid: HERO }, Unwatch { kid: HERO }],
        vec![watch(vec![]), Unwatch { kid: HERO }, watch(vec![]), End { kid: HERO }],
        vec![watch(vec![]), End { kid: HERO }, Unwatch { kid: HERO }],
        vec![Unwatch { kid: HERO }, watch(vec![]), End { kid: HERO }],
    ];
    let unknown = [
        vec![Ended { kid: HERO }, Steal { kid: HERO }, watch(vec![])],
        vec![watch(vec![]), Ended { kid: HERO }, Steal { kid: HERO }],
        vec![watch(vec![]), End { kid: HERO }, Steal { kid: HERO }],
    ];
    let stranger = [
        vec![Ended { kid: HERO }],
        vec![End { kid: HERO }],
        vec![Ended { kid: HERO }, Steal { kid: HERO }],
        vec![],
    ];
    let closed = [
        vec![watch(vec![]), Step::Close],
        vec![watch(vec![]), Step::CloseWatcher, End { kid: HERO }],
        vec![watch(vec![]), Step::CloseWatcher, Step::CloseWatcher, End { kid: HERO }],
        vec![Step::CloseWatcher, watch(vec![]), Ended { kid: HERO }],
        vec![Ended { kid: HERO }, Step::CloseWatcher, watch(vec![])],
    ];
    // Another thread removes it, closes the watcher, or interrupts the loop.
    let raced = [
        vec![watch(vec![]), thread(vec![Unwatch { kid: HERO }]), End { kid: HERO }],
        vec![watch(vec![]), End { kid: HERO }, thread(vec![Unwatch { kid: HERO }])],
        vec![
            watch(vec![]),
            thread(vec![Unwatch { kid: HERO }]),
            End { kid: HERO },
            thread(vec![Unwatch { kid: HERO }]),
        ],
        vec![
            watch(vec![]),
            Ended { kid: HERO },
            thread(vec![Step::Burn { time: Units(1) }, Unwatch { kid: HERO }]),
        ],
        vec![watch(vec![]), thread(vec![Step::CloseWatcher]), End { kid: HERO }],
    ];
    let interrupted = [
        vec![watch(vec![]), thread(vec![Step::Interrupt]), End { kid: HERO }],
        vec![watch(vec![]), thread(interruptions()), End { kid: HERO }],
        vec![watch(vec![]), thread(vec![Step::Interrupt]), Step::Join, Ended { kid: HERO }],
    ];
    let a = LoopName::A;
    let b = LoopName::B;
    let attached = [
        vec![watch(vec![]), Step::Attach { which: a }, End { kid: HERO }],
        vec![watch(vec![]), Step::Attach { which: b }, End { kid: HERO }],
        vec![Step::Attach { which: b }, watch(vec![]), Step::Unattach, Ended { kid: HERO }],
        vec![watch(vec![]), Step::Attach { which: a }, Step::Attach { which: b }, Ended { kid: HERO }],
        vec![watch(vec![]), Step::Unattach, Ended { kid: HERO }, Step::Attach { which: a }],
    ];
    // The loop is busy when it ends, and for as long as nobody tells.
    let spin = || Step::Spin { label: Label(0), until: Ref::near(0) };
    let ends = |end: Step| Step::Soon { label: Label(0), body: Body(vec![spin(), end]) };
    let busy = [
        vec![watch(vec![]), ends(End { kid: HERO })],
        vec![watch(vec![]), ends(Ended { kid: HERO })],
        vec![watch(vec![Step::Panic]), ends(Ended { kid: HERO })],
    ];
    prop_oneof![
        2 => select(busy.to_vec()),
        2 => select(raced.to_vec()),
        2 => select(interrupted.to_vec()),
        2 => select(attached.to_vec()),
        4 => select(told.to_vec()),
        2 => select(before.to_vec()),
        2 => select(stopped.to_vec()),
        2 => select(replaced.to_vec()),
        3 => select(removed.to_vec()),
        2 => select(unknown.to_vec()),
        3 => select(stranger.to_vec()),
        1 => select(closed.to_vec()),
        1 => many(any_step(), 1..=6),
    ]
    .boxed()
}

/// Any step about the child, wherever it leads.
fn any_step() -> BoxedStrategy<Step> {
    let blank = |word| Step::blank(word).unwrap_or(Step::Run);
    let words = vec!["end", "ended", "sigstop", "sigcont", "watch", "unwatch", "steal"];
    select(words).prop_map(blank).boxed()
}

/// What else happens: to all children at once, or to none.
fn extra() -> BoxedStrategy<Step> {
    prop_oneof![
        4 => Just(Step::Run),
        2 => Just(Step::CloseWatcher),
        2 => Just(Step::Close),
        2 => Just(Step::Alien { label: Label(0), body: Body::default() }),
        1 => Just(Step::Stop),
    ]
    .boxed()
}

/// Starts the children, takes the steps of their stories by turns, and puts the extras in between.
fn weave(kids: Vec<(Plan, Vec<Step>)>, order: &[u8], wrapped: &[bool], extras: Vec<(Step, u8)>) -> Program {
    let start = |(plan, _): &(Plan, _)| Step::Child { kid: Kid(0), plan: *plan };
    let mut steps: Vec<Step> = kids.iter().map(start).collect();
    let mut stories: Vec<_> =
        (0..).zip(kids).map(|(kid, (_, story))| about(kid, story).into_iter()).collect();
    let mut choices = order.iter().zip(wrapped).cycle();
    while !stories.is_empty()
        && let Some((choice, wrap)) = choices.next()
    {
        let chosen = usize::from(*choice) % stories.len();
        match stories[chosen].next() {
            Some(step) if *wrap => steps.push(Step::Soon { label: Label(0), body: Body(vec![step]) }),
            Some(step) => steps.push(step),
            None => drop(stories.remove(chosen)),
        }
    }
    for (extra, place) in extras {
        steps.insert(usize::from(place) % (steps.len() + 1), extra);
    }
    Body(steps)
}

/// The same story, of the child that is started as number `kid`.
pub(super) fn about(kid: u32, mut story: Vec<Step>) -> Vec<Step> {
    for part in story.iter_mut().flat_map(Step::parts_mut) {
        match part {
            PartMut::KidRef(hero) => *hero = KidRef(Kid(kid)),
            PartMut::Body(body) => body.0 = about(kid, core::mem::take(&mut body.0)),
            _ => {}
        }
    }
    story
}
