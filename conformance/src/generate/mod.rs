//! Which programs are played: strategies for random programs, one for each kind of program.
//!
//! Only the generating half of proptest is used: our own minimiser knows that programs have no
//! preconditions, and finds smaller ones.

mod attach;
mod child;
mod core;
mod fork;
mod future;
mod life;
mod policy;
mod process;
mod reaper;
mod scarce;
mod signal;
mod source;
mod step;
mod takeover;
mod wake;

use std::vec::Vec;

use anyloop::rules::{Rule, run};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::program::{Body, Label, LoopName, PolicyName, Program, Ref, Step, Units};

/// A kind of program, and the families of rules that it is made for.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name, in reports.
    pub name: &'static str,
    /// What every program of this kind needs beside a loop: the family that a subject lacks if it
    /// has none.
    pub needs: &'static str,
    /// The families whose rules are judged on its histories.
    pub families: &'static [&'static str],
    /// How many programs are played unless told otherwise.
    pub programs: u32,
    strategy: fn() -> BoxedStrategy<Program>,
}

/// The families whose rules every run of a loop exercises.
const LOOP: &[&str] = &["run", "ready", "timer", "handle", "cancel", "stop", "close", "wake", "future"];

/// The same, for what a host drives.
const STEP: &[&str] = &["step", "run", "ready", "timer", "handle", "cancel", "stop", "close", "wake"];

/// The rules that every play exercises, whatever it is about.
static EVERYWHERE: [&Rule; 2] = [&run::ALIVE, &run::RETURNS];

/// The kinds, in the order in which they are played.
pub static KINDS: &[Kind] = &[
    Kind { name: "core", needs: "ready", families: LOOP, programs: 1024, strategy: core::programs },
    Kind { name: "wake", needs: "wake", families: LOOP, programs: 256, strategy: wake::programs },
    Kind { name: "future", needs: "future", families: LOOP, programs: 512, strategy: future::programs },
    Kind {
        name: "policy",
        needs: "policy",
        families: &["context", "policy", "handle"],
        programs: 512,
        strategy: policy::programs,
    },
    Kind { name: "child", needs: "child", families: &["child"], programs: 192, strategy: child::programs },
    Kind { name: "handled", needs: "child", families: &["child"], programs: 96, strategy: reaper::handled },
    Kind { name: "attach", needs: "child", families: &["child"], programs: 48, strategy: attach::programs },
    Kind {
        name: "takeover",
        needs: "child",
        families: &["child"],
        programs: 48,
        strategy: takeover::programs,
    },
    Kind { name: "scarce", needs: "child", families: &["child"], programs: 64, strategy: scarce::programs },
    Kind {
        name: "reaper",
        needs: "reaper",
        families: &["reaper"],
        programs: 128,
        strategy: reaper::programs,
    },
    Kind {
        name: "process",
        needs: "process",
        families: &["process"],
        programs: 96,
        strategy: process::programs,
    },
    Kind {
        name: "source",
        needs: "source",
        families: &["source"],
        programs: 512,
        strategy: source::programs,
    },
    Kind {
        name: "life",
        needs: "close",
        families: &["capability", "close", "run"],
        programs: 192,
        strategy: life::programs,
    },
    Kind { name: "step", needs: "step", families: STEP, programs: 256, strategy: step::programs },
    Kind { name: "fork", needs: "fork", families: &["fork"], programs: 192, strategy: fork::programs },
    Kind {
        name: "signal",
        needs: "signal",
        families: &["signal"],
        programs: 192,
        strategy: signal::programs,
    },
];

impl Kind {
    /// Whether `rule` is judged on the histories of this kind.
    #[must_use]
    pub fn judges(&self, rule: &Rule) -> bool {
        self.families.contains(&rule.family()) || EVERYWHERE.contains(&rule)
    }

    /// How many programs of this kind are played if `core` programs of the first kind are.
    #[must_use]
    pub fn scaled(&self, core: Option<u32>) -> u32 {
        let Some(core) = core else { return self.programs };
        let scaled = u64::from(core) * u64::from(self.programs) / u64::from(KINDS[0].programs);
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    }

    /// The programs that belong to `seed`, without end.
    pub fn generate(&self, seed: u64) -> impl Iterator<Item = Program> + use<> {
        let mut bytes = [0; 16];
        let name = fnv(self.name.as_bytes()) ^ seed;
        bytes[..8].copy_from_slice(&name.to_le_bytes());
        bytes[8..].copy_from_slice(&fnv(&name.to_le_bytes()).to_le_bytes());
        // `Config::rng_seed` is ignored by proptest without its feature `std`.
        let rng = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
        let config = Config { failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, rng);
        let strategy = (self.strategy)();
        std::iter::from_fn(move || Some(strategy.new_tree(&mut runner).ok()?.current().labelled()))
    }
}

/// The hash of Fowler, Noll and Vo: a seed that is the same everywhere.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// A choice of steps with weights.
type Choice = Vec<(u32, BoxedStrategy<Step>)>;

/// One of the steps.
fn one_of(choice: Choice) -> BoxedStrategy<Step> {
    proptest::strategy::Union::new_weighted(choice).boxed()
}

/// At most `most` of the steps.
fn body(step: &BoxedStrategy<Step>, most: usize) -> BoxedStrategy<Body> {
    prop::collection::vec(step.clone(), 0..=most).prop_map(Body).boxed()
}

/// A step without operands.
fn just(weight: u32, step: Step) -> (u32, BoxedStrategy<Step>) {
    (weight, Just(step).boxed())
}

/// A step with a body.
fn with_body(
    weight: u32,
    body: &BoxedStrategy<Body>,
    make: fn(Label, Body) -> Step,
) -> (u32, BoxedStrategy<Step>) {
    (weight, body.clone().prop_map(move |body| make(Label(0), body)).boxed())
}

/// A step that mentions a label; which one is decided when the labels are given.
fn with_ref(weight: u32, make: fn(Ref) -> Step) -> (u32, BoxedStrategy<Step>) {
    let anywhere = any::<u16>().prop_map(|number| Ref(Label(number.into())));
    let near = any::<u8>().prop_map(Ref::near);
    (weight, prop_oneof![1 => anywhere, 2 => near].prop_map(make).boxed())
}

/// A step that takes time.
fn with_time(weight: u32, most: u32, make: fn(Units) -> Step) -> (u32, BoxedStrategy<Step>) {
    (weight, (1..=most).prop_map(move |units| make(Units(units))).boxed())
}

/// `at`, with deadlines that are past, equal and to come.
fn at(weight: u32, body: &BoxedStrategy<Body>) -> (u32, BoxedStrategy<Step>) {
    let make = |(when, body)| Step::At { when: Units(when), label: Label(0), body };
    (weight, (0..=6_u32, body.clone()).prop_map(make).boxed())
}

fn loop_name() -> impl Strategy<Value = LoopName> {
    prop_oneof![Just(LoopName::A), Just(LoopName::B)]
}

fn policy_name() -> impl Strategy<Value = PolicyName> {
    prop_oneof![Just(PolicyName::P), Just(PolicyName::Q)]
}
