//! Which rules does a program break on a reference loop?

use std::time::Duration;

use anyloop::Policy;
use anyloop::rules::{self, Level, Rule};
use anyloop_conformance::check::{Played, Source};
use anyloop_conformance::judges::{self, Evidence, Verdict};
use anyloop_conformance::minimise::{Effort, minimise};
use anyloop_conformance::program::{Body, Part, Step};
use anyloop_conformance::{History, Program, Subject, quoted};
use anyloop_os::{DefaultEventLoopPolicy, WatcherKind};

use crate::sim::Sim;

/// The default policy, with that watcher.
struct Os(WatcherKind);

impl Subject for Os {
    fn policy(&self) -> Policy {
        Policy::new(DefaultEventLoopPolicy::new().child_watcher(self.0))
    }
}

/// What a smaller program is worth: less than the patience of the fuzzer.
const EFFORT: Effort = Effort { tries: 1000, time: Duration::from_secs(10) };

/// The first MUST that a history breaks, and how.
fn broken(history: &History, source: &dyn Source) -> Option<(&'static Rule, String)> {
    let evidence = Evidence::new(history);
    let is_wanted =
        |rule: &Rule| rule.level == Level::Must && !source.lacks().iter().any(|lack| lack.covers(rule));
    rules::all().filter(|rule| is_wanted(rule)).find_map(|rule| match judges::judge(rule, &evidence)? {
        Verdict::Broken { why } => Some((rule, why)),
        Verdict::Holds { .. } => None,
    })
}

/// Plays a program on what is called `name` in the matrix.
///
/// # Panics
///
/// If it breaks a MUST: with the smallest program found that does.
fn check_on(name: &str, subject: &dyn Subject, program: &Program) {
    let source = Played::new(subject);
    let play = |program: &Program| source.play(program).ok().and_then(|history| broken(&history, &source));
    let Some((rule, why)) = play(program) else { return };
    let breaks = |program: &Program| play(program).is_some_and(|(again, _)| again == rule);
    let (small, _) = minimise(program, EFFORT, breaks);
    let again = play(&small).map_or_else(|| "not again, when it was played once more".into(), |(_, why)| why);
    panic!(
        "{rule} is broken on {name}: {why}\n\n{small}\n    {again}\n    Replay it:  anyloop check {name} --program {}\n",
        quoted(&small)
    );
}

/// Whether real processes are started or forked in it.
fn has_processes(body: &Body) -> bool {
    let has =
        |step: &Step| matches!(step, Step::Child { .. } | Step::Fork | Step::Probe | Step::Alien { .. });
    body.0.iter().any(|step| has(step) || step.body().is_some_and(has_processes))
}

/// How long it keeps a loop waiting, or busy, in units.
fn units(body: &Body) -> u32 {
    let of = |part| match part {
        Part::Units(units) => units.0,
        Part::Body(body) => units(body),
        _ => 0,
    };
    body.0.iter().flat_map(Step::parts).map(of).fold(0, u32::saturating_add)
}

/// Plays a program on the simulation, and on epoll if that does not take too long. One of several
/// programs that start processes is played with real ones: that is what the number decides.
pub fn check(program: &Program, number: u64) {
    check_on("sim", &Sim::default(), program);
    let is_rare = number.is_multiple_of(64);
    if units(program) > 100 || (has_processes(program) && !is_rare) {
        return;
    }
    match number / 64 % 2 {
        0 => check_on("os/epoll+threaded", &Os(WatcherKind::Threaded), program),
        _ => check_on("os/epoll+pidfd", &Os(WatcherKind::Pidfd), program),
    }
}
