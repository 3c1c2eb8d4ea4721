//! Programs that have the loop start others, and go through scenes with them.

use std::vec;

use proptest::prelude::*;
use proptest::sample::select;

use crate::program::{Body, Label, Plan, Program, Scene, Step};

/// At most so many scenes at once.
const SCENES: usize = 4;

fn plan() -> BoxedStrategy<Plan> {
    prop_oneof![
        2 => select(vec![0, 7, 255]).prop_map(Plan::Exit),
        1 => any::<u8>().prop_map(Plan::Exit),
        // None that whoever runs the kit may have ignored, as `nohup` does with the first.
        2 => select(vec![9, 14, 15]).prop_map(Plan::Signal),
    ]
    .boxed()
}

/// One scene, outside of every callback or inside of one.
fn step(scene: BoxedStrategy<Scene>) -> BoxedStrategy<Step> {
    let make = |(scene, plan, inside)| {
        let program = Step::Program { label: Label(0), scene, plan };
        if inside { Step::Soon { label: Label(0), body: Body(vec![program]) } } else { program }
    };
    (scene, plan(), prop::bool::weighted(0.3)).prop_map(make).boxed()
}

/// Those that may go on beside one another. Who closes the watcher is alone, and so is who counts descriptors.
const TOGETHER: [Scene; 17] = [
    Scene::Awaited,
    Scene::Outlived,
    Scene::Line,
    Scene::Flood,
    Scene::Filter,
    Scene::Talk,
    Scene::Deaf,
    Scene::Signalled,
    Scene::Late,
    Scene::Killed,
    Scene::Detached,
    Scene::Orphaned,
    Scene::Untold,
    Scene::Given,
    Scene::Merged,
    Scene::Piped,
    Scene::Null,
];

pub(super) fn programs() -> BoxedStrategy<Program> {
    let together = step(select(TOGETHER.to_vec()).boxed());
    let several = prop::collection::vec(together, 1..=SCENES).prop_map(Body);
    let alone = prop_oneof![2 => Just(Scene::Inactive), 1 => Just(Scene::Missing), 1 => Just(Scene::Nowhere)];
    let alone = step(alone.boxed()).prop_map(|step| Body(vec![step]));
    prop_oneof![4 => several, 1 => alone].boxed()
}
