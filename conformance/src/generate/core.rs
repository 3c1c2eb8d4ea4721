//! Programs about callbacks and runs.

use proptest::prelude::*;

use super::{at, body, just, one_of, with_body, with_ref, with_time};
use crate::program::{Body, Label, Program, Ref, Step, Units};

/// How deep callbacks stand in callbacks.
const DEPTH: u32 = 3;

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let inner = match depth {
        0 => Just(Body::default()).boxed(),
        _ => body(&steps(depth - 1), 4),
    };
    let spin = |of: Ref| Step::Spin { label: Label(0), until: of };
    one_of(std::vec![
        with_body(24, &inner, |label, body| Step::Soon { label, body }),
        at(20, &inner),
        with_body(2, &inner, |label, body| Step::Never { label, body }),
        with_body(10, &inner, |label, body| Step::Touchy { label, body }),
        with_body(5, &inner, |label, body| Step::Post { label, body }),
        with_ref(20, |of| Step::Cancel { of }),
        with_ref(4, |of| Step::Scope { of }),
        just(2, Step::Handler),
        just(1, Step::Fragile),
        with_ref(4, |of| Step::Foreign { of }),
        with_time(7, 4, |time| Step::Burn { time }),
        with_ref(4, spin),
        just(8, Step::Stop),
        just(4, Step::Run),
        just(3, Step::Other),
        just(2, Step::Close),
        just(3, Step::Panic),
    ])
}

/// More callbacks at once than any queue is made for at first, many of which are cancelled: that is
/// where tables grow, numbers are leased anew, and what was cancelled is swept up.
fn crowd() -> BoxedStrategy<Program> {
    // How many, and how often `soon` is among them: of 22 chances, twice that and one.
    let size = prop_oneof![
        8 => (20..=160_usize, 0..=10_u32),
        1 => (1100..=1300_usize, Just(10)),
    ];
    // From all at once to some that wait for long.
    let latest = prop_oneof![3 => Just(6_u32), 6 => Just(60), 1 => Just(700)];
    (size, latest)
        .prop_flat_map(|((size, soon), latest)| {
            let empty = Just(Body::default()).boxed();
            let at = (0..=latest).prop_map(|when| Step::At {
                when: Units(when),
                label: Label(0),
                body: Body::default(),
            });
            let ask = one_of(std::vec![
                with_body(1, &empty, |label, body| Step::Post { label, body }),
                with_body(2 * soon + 1, &empty, |label, body| Step::Soon { label, body }),
                (21 - 2 * soon, at.boxed()),
            ]);
            let cancel = any::<u16>().prop_map(|number| Step::Cancel { of: Ref(Label(number.into())) });
            let asked = prop::collection::vec(ask, size);
            let cancelled = prop::collection::vec(cancel, 0..=2 * size);
            (asked, cancelled, 0..=size, 0..=size)
        })
        .prop_map(|(mut steps, mut cancelled, outside, early)| {
            let mut inside = steps.split_off(outside);
            inside.extend(cancelled.split_off(early.min(cancelled.len())));
            steps.extend(cancelled);
            steps.extend([Step::Soon { label: Label(0), body: Body(inside) }, Step::Run]);
            Body(steps)
        })
        .boxed()
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    let steps = prop::collection::vec(steps(DEPTH), 1..=9).prop_map(Body);
    prop_oneof![40 => steps, 1 => crowd()].boxed()
}
