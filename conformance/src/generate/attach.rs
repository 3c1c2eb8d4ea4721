//! Programs in which a watcher is attached, detached and closed while children are registered.

use std::vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::child::{HERO, watch, woven};
use crate::program::{LoopName, Program, Step};

/// Before and after the child is registered, and twice over.
pub(super) fn programs() -> BoxedStrategy<Program> {
    use Step::{CloseWatcher, End, Ended, Unattach};
    let attach = || Step::Attach { which: LoopName::A };
    let watch = || watch(vec![]);
    let stories = vec![
        vec![Unattach, watch(), End { kid: HERO }],
        vec![Unattach, watch(), attach(), watch(), Ended { kid: HERO }],
        vec![watch(), Unattach, Ended { kid: HERO }],
        vec![watch(), Unattach, Unattach, End { kid: HERO }],
        vec![watch(), Unattach, Step::Run, attach(), End { kid: HERO }],
        vec![watch(), Unattach, Step::Unwatch { kid: HERO }, Ended { kid: HERO }],
        vec![watch(), attach(), attach(), End { kid: HERO }],
        vec![watch(), CloseWatcher, Unattach, End { kid: HERO }],
        vec![watch(), CloseWatcher, attach(), End { kid: HERO }],
        vec![CloseWatcher, attach(), watch(), End { kid: HERO }],
        vec![watch(), Ended { kid: HERO }, Unattach, attach(), Step::Run],
    ];
    woven(select(stories).boxed())
}
