//! Programs in which another loop takes a child over.

use std::vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::child::{HERO, watch, woven};
use crate::program::{Label, LoopName, Program, Step};

/// The loop is of this thread or of another, and perhaps the child is taken back.
pub(super) fn programs() -> BoxedStrategy<Program> {
    use Step::{End, Ended};
    let take = |which| Step::TakeOver { which, kid: HERO, label: Label(0) };
    let watch = || watch(vec![]);
    let (here, there) = (LoopName::A, LoopName::B);
    let stories = vec![
        vec![watch(), take(here), End { kid: HERO }],
        vec![watch(), take(there), End { kid: HERO }],
        vec![watch(), take(here), End { kid: HERO }, Step::Other],
        vec![watch(), Ended { kid: HERO }, take(here)],
        vec![watch(), End { kid: HERO }, take(there)],
        vec![take(here), watch(), End { kid: HERO }],
        vec![take(there), watch(), Ended { kid: HERO }],
        vec![take(there), take(here), End { kid: HERO }],
        vec![watch(), take(there), take(there), Ended { kid: HERO }],
        vec![watch(), take(here), Step::Unwatch { kid: HERO }, End { kid: HERO }],
    ];
    woven(select(stories).boxed())
}
