//! Programs that have the loop start others, and go through scenes with them.

use std::vec;

use proptest::prelude::*;
use proptest::sample::select;

use crate::program::{Body, Label, Plan, Program, Scene, Step};

/// At most so many scenes at once.
const SCENES: usize = 3;

fn plan() -> BoxedStrategy<Plan> {
    prop_oneof![
        2 => select(vec![0, 7, 255]).prop_map(Plan::Exit),
        1 => any::<u8>().prop_map(Plan::Exit),
        2 => select(vec![1, 9, 15]).prop_map(Plan::Signal),
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

/// Whoever is refused, or closes the watcher, comes last, or is alone.
fn is_harmless(scene: Scene) -> bool {
    !matches!(scene, Scene::Inactive | Scene::Missing | Scene::Nowhere)
}

pub(super) fn programs() -> BoxedStrategy<Program> {
    let scenes = || Scene::ALL.iter().map(|(_, scene)| *scene);
    let harmless = select(scenes().filter(|scene| is_harmless(*scene)).collect::<vec::Vec<_>>()).boxed();
    let others = select(scenes().filter(|scene| !is_harmless(*scene)).collect::<vec::Vec<_>>()).boxed();
    let several = prop::collection::vec(step(harmless), 1..=SCENES).prop_map(Body);
    let alone = step(others).prop_map(|step| Body(vec![step]));
    prop_oneof![5 => several, 1 => alone].boxed()
}
