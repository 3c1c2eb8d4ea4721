//! Programs about callbacks and runs.

use proptest::prelude::*;

use super::{at, body, just, one_of, with_body, with_ref, with_time};
use crate::program::{Body, Label, Program, Ref, Step};

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

pub(super) fn programs() -> BoxedStrategy<Program> {
    prop::collection::vec(steps(DEPTH), 1..=9).prop_map(Body).boxed()
}
