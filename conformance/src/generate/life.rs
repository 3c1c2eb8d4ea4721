//! Programs about the life of a loop: what it offers, what interrupts it, and what it leaves behind.

use proptest::prelude::*;

use super::{at, body, just, one_of, with_body, with_time};
use crate::program::{Body, Program, Step};

/// A thread that interrupts the loop, and gives it work.
fn thread() -> BoxedStrategy<Body> {
    let empty = Just(Body::default()).boxed();
    let step = one_of(std::vec![
        just(6, Step::Interrupt),
        with_time(4, 2, |time| Step::Burn { time }),
        with_body(2, &empty, |label, body| Step::Soon { label, body }),
        just(1, Step::Stop),
    ]);
    body(&step, 5)
}

fn steps(depth: u32) -> BoxedStrategy<Step> {
    let inner = match depth {
        0 => Just(Body::default()).boxed(),
        _ => body(&steps(depth - 1), 3),
    };
    one_of(std::vec![
        just(8, Step::Probe),
        just(3, Step::Discard),
        just(3, Step::Abandon),
        with_body(8, &thread(), |label, body| Step::Thread { label, body }),
        with_body(8, &inner, |label, body| Step::Soon { label, body }),
        at(8, &inner),
        just(4, Step::Run),
        just(2, Step::Close),
        just(1, Step::Stop),
        just(1, Step::Handler),
    ])
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    prop::collection::vec(steps(1), 1..=8).prop_map(Body).boxed()
}
