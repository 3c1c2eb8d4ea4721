//! A subject that panics while it is made is a verdict, not a crash.

use std::env;
use std::process::Command;

use anyloop::rules::policy;
use anyloop::{EventLoopPolicy, Loop, Policy, PolicyError};
use anyloop_conformance::check::{Options, Outcome};
use anyloop_conformance::{Program, Specimen, Subject, check, trials, world};

/// Where the panic is.
#[derive(Clone, Copy)]
enum Panicking {
    Policy,
    Loop,
}

impl Subject for Panicking {
    fn policy(&self) -> Policy {
        match self {
            Self::Policy => panic!("no policy today"),
            Self::Loop => Policy::new(NoLoopToday),
        }
    }
}

struct NoLoopToday;

impl EventLoopPolicy for NoLoopToday {
    fn get_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Err(PolicyError::no_current_loop())
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, _: Option<Loop>) -> Result<(), PolicyError> {
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        panic!("no loop today")
    }
}

/// Panics before there is anything to ask.
struct Unmade;

impl Default for Unmade {
    fn default() -> Self {
        panic!("no subject today")
    }
}

impl Subject for Unmade {
    fn policy(&self) -> Policy {
        Specimen::default().policy()
    }
}

const TRIALS: &str = "CONSTRUCTOR_TRIALS";

fn main() {
    world::enter_if_child();
    if env::var_os(TRIALS).is_some() {
        trials::main::<Unmade>("unmade");
    }
    every_rule_fails_and_one_says_why(Panicking::Policy, "no policy today");
    every_rule_fails_and_one_says_why(Panicking::Loop, "no loop today");
    one_program_is_a_verdict_too();
    every_trial_fails_and_says_why();
    println!("a subject that panics while it is made is a verdict");
}

fn every_rule_fails_and_one_says_why(subject: Panicking, words: &str) {
    let options = Options { programs: Some(8), ..Options::default() };
    let report = check("panicking", &subject, &options, |_, _, _| {});
    let held: Vec<_> = report.cells.iter().filter(|cell| cell.verdict() == "holds").collect();
    assert!(held.is_empty(), "without a loop nothing can hold: {held:?}");
    assert!(!report.conforms());
    let cell = report.cells.iter().find(|cell| *cell.rule == policy::NEW).unwrap();
    let Outcome::Broken(failure) = &cell.outcome else { panic!("{cell:?}") };
    assert!(failure.why.contains(words), "{}", failure.why);
}

fn one_program_is_a_verdict_too() {
    let program: Program = "soon #1; run".parse().unwrap();
    let options =
        Options { program: Some(program), rules: vec!["ready".into(), "timer".into()], ..Options::default() };
    let report = check("panicking", &Panicking::Loop, &options, |_, _, _| {});
    assert!(!report.conforms(), "nothing was shown, and that is no success: {report:?}");
}

fn every_trial_fails_and_says_why() {
    let output = Command::new(env::current_exe().unwrap()).env(TRIALS, "1").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(101), "{stdout}");
    assert!(stdout.contains("no subject today"), "{stdout}");
    assert!(stdout.contains(" 0 passed"), "{stdout}");
}
