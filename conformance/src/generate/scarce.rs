//! Programs in which a registration is refused, or cannot be: the watcher is closed, or no descriptor is to be had.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::child::{HERO, about, plan, watch, woven};
use crate::program::{Body, Kid, Label, LoopName, Plan, Program, Step};

/// Some children have a handle of the system beforehand, and some need one.
pub(super) fn programs() -> BoxedStrategy<Program> {
    use Step::{CloseWatcher, End, Ended, Unattach};
    let scarce = |steps| Step::Scarce { body: Body(steps) };
    let take = || Step::TakeOver { which: LoopName::A, kid: HERO, label: Label(0) };
    let attach = |which| Step::Attach { which };
    let watch = || watch(vec![]);
    let refused = vec![
        vec![watch(), CloseWatcher, watch(), End { kid: HERO }],
        vec![scarce(vec![watch()]), End { kid: HERO }],
        vec![scarce(vec![watch()]), watch(), Ended { kid: HERO }],
        vec![watch(), scarce(vec![watch()]), End { kid: HERO }],
        vec![watch(), scarce(vec![take()]), End { kid: HERO }],
        vec![watch(), scarce(vec![take()]), take(), Ended { kid: HERO }],
        vec![watch(), Ended { kid: HERO }, scarce(vec![take()])],
        vec![watch(), scarce(vec![attach(LoopName::B)]), End { kid: HERO }],
        vec![watch(), Unattach, scarce(vec![attach(LoopName::A)]), attach(LoopName::A), End { kid: HERO }],
    ];
    prop_oneof![4 => woven(select(refused).boxed()), 1 => lives_on()].boxed()
}

/// Two children, of which the second is removed and lives on; it has no handle of the system beforehand.
fn lives_on() -> BoxedStrategy<Program> {
    use Step::{Ended, Run, Unwatch};
    let first = vec![vec![], vec![watch(vec![]), Ended { kid: HERO }, Run], vec![Ended { kid: HERO }]];
    let second = vec![vec![], vec![Run], vec![Step::CloseWatcher]];
    let make = |(plans, first, last): ([Plan; 2], Vec<Step>, Vec<Step>)| {
        let start = |plan| Step::Child { kid: Kid(0), plan };
        let removed = about(1, vec![watch(vec![]), Unwatch { kid: HERO }]);
        Body(plans.into_iter().map(start).chain(first).chain(removed).chain(last).collect())
    };
    ([plan(), plan()], select(first), select(second)).prop_map(make).boxed()
}
