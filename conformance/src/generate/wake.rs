//! Programs about work from other threads.

use proptest::prelude::*;

use super::{at, body, just, one_of, with_body, with_ref, with_time};
use crate::program::{Body, Program, Step};

fn inner() -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    let leaf = one_of(std::vec![
        with_body(4, &empty, |label, body| Step::Soon { label, body }),
        with_body(4, &empty, |label, body| Step::Post { label, body }),
        with_ref(2, |of| Step::Cancel { of }),
        just(1, Step::Stop),
    ]);
    body(&leaf, 3)
}

fn thread() -> BoxedStrategy<Body> {
    let inner = inner();
    let step = one_of(std::vec![
        with_body(8, &inner, |label, body| Step::Soon { label, body }),
        with_time(4, 3, |time| Step::Burn { time }),
        just(3, Step::Stop),
    ]);
    body(&step, 5)
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let inner = match depth {
        0 => inner(),
        _ => body(&steps(depth - 1), 3),
    };
    one_of(std::vec![
        with_body(8, &thread(), |label, body| Step::Thread { label, body }),
        with_body(8, &inner, |label, body| Step::Soon { label, body }),
        with_body(8, &inner, |label, body| Step::Post { label, body }),
        at(4, &inner),
        with_ref(2, |of| Step::Cancel { of }),
        with_time(2, 3, |time| Step::Burn { time }),
        just(3, Step::Join),
        just(3, Step::Run),
        just(2, Step::Stop),
        just(1, Step::Close),
    ])
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    prop::collection::vec(steps(1), 1..=6).prop_map(Body).boxed()
}
