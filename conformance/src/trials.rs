//! How the rules become tests of an implementation: one trial a rule, named after it.

use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::vec::Vec;
use std::{env, format, process};

use anyloop::rules::{self, Rule};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::check::{Cell, Options, Outcome, Played, Report, check_source};
use crate::generate::KINDS;
use crate::judges::{self, Treatment};
use crate::program::Program;
use crate::subject::{Lack, Subject};
use crate::{corpus, platform, protocol, text, world};

/// What a trial finds in its way: the verdicts so far.
static CELLS: Mutex<BTreeMap<&'static str, Cell>> = Mutex::new(BTreeMap::new());

/// The `main` of a test binary that judges `S`, which is called `name` in reports.
///
/// With `ANYLOOP_PROGRAM` in the environment only that program is played.
pub fn main<S: Subject + Default>(name: &'static str) -> ! {
    world::enter_if_child();
    if env::var_os(protocol::DRIVE).is_some_and(|what| what == protocol::SUBJECT) {
        let subject = S::default();
        protocol::serve(name, &Played::new(&subject));
    }
    let mut arguments = Arguments::from_args();
    // On the main thread, one after the other: a policy may make loops by itself only there, and
    // there is only one policy of the process.
    arguments.test_threads = Some(1);
    let program = match given_program() {
        Ok(program) => program,
        Err(error) => {
            std::eprintln!("ANYLOOP_PROGRAM is no program: {error}");
            process::exit(2);
        }
    };
    if let Err(error) = corpus::programs() {
        std::eprintln!("the kit is damaged: {error}");
        process::exit(2);
    }
    // A subject that panics while it is made lacks nothing: each trial says what happened.
    let lacks = platform::catch(|| S::default().lacks()).unwrap_or_default();
    let unfiltered = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let trials: Vec<Trial> = rules::all()
        .map(|rule| {
            let program = program.clone();
            let ignored = reason_to_ignore(&lacks, rule);
            let kind = match &ignored {
                Some(why) => format!("{name}: {why}"),
                None => name.to_string(),
            };
            Trial::test(rule.id, move || verdict::<S>(name, rule, program, unfiltered))
                .with_kind(kind)
                .with_ignored_flag(ignored.is_some())
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if unfiltered && conclusion.num_passed + conclusion.num_failed == 0 {
        std::eprintln!("no rule was judged");
        process::exit(1);
    }
    conclusion.exit()
}

/// Says now and then how far it has come, on the standard error: one that hangs takes its time.
fn progress(name: &str) -> impl FnMut(&'static str, u32, u32) {
    const SELDOM: Duration = Duration::from_secs(10);
    let mut said = Instant::now();
    move |kind, done, total| {
        if said.elapsed() >= SELDOM {
            said = Instant::now();
            std::eprintln!("still judging {name}: {done} of {total} programs of the kind {kind}");
        }
    }
}

fn given_program() -> Result<Option<Program>, text::ParseError> {
    env::var("ANYLOOP_PROGRAM").ok().map(|text| text.parse()).transpose()
}

/// Why a rule is not judged, if it is not.
fn reason_to_ignore(lacks: &[Lack], rule: &Rule) -> Option<String> {
    match judges::find(rule) {
        Some(Treatment::Unjudged(why)) => Some(why.to_string()),
        _ => lacks.iter().find(|lack| lack.covers(rule)).map(|lack| lack.why.to_string()),
    }
}

/// The verdict on one rule. All rules that are judged on the same histories are judged together,
/// when the first of them is asked for; all rules are, if all are asked for.
fn verdict<S: Subject + Default>(
    name: &str,
    rule: &'static Rule,
    program: Option<Program>,
    all: bool,
) -> Result<(), Failed> {
    platform::catch(|| drop(S::default()))
        .map_err(|panic| format!("the subject panicked while it was made: {panic}"))?;
    let mut cells = CELLS.lock().unwrap_or_else(PoisonError::into_inner);
    if !cells.contains_key(rule.id) {
        let kinds = KINDS.iter().filter(|kind| !all && kind.judges(rule));
        let rules = kinds.flat_map(|kind| kind.families).map(|family| (*family).to_string()).collect();
        let options = Options { rules, program, ..Options::default() };
        let driver = protocol::isolated(protocol::SUBJECT).map_err(|fault| fault.to_string())?;
        let report: Report = check_source(name, &driver, &options, progress(name));
        if let Some(fault) = report.fault {
            return Err(Failed::from(fault.to_string()));
        }
        cells.extend(report.cells.into_iter().map(|cell| (cell.rule.id, cell)));
    }
    match cells.get(rule.id) {
        Some(cell) if cell.is_failure() => Err(Failed::from(explain(cell) + &replay(cell))),
        Some(_) => Ok(()),
        None => Err(Failed::from(format!("no kind of program is made for {rule}"))),
    }
}

/// The command that plays the program of a failure again.
fn replay(cell: &Cell) -> String {
    let Outcome::Broken(failure) = &cell.outcome else { return String::new() };
    let binary = env::args().next().unwrap_or_default();
    format!("    Replay it:  ANYLOOP_PROGRAM={} {binary} {}\n", text::quoted(&failure.program), cell.rule)
}

/// What a failure looks like: the rule, what happened, and the program that makes it happen.
#[must_use]
pub fn explain(cell: &Cell) -> String {
    let Cell { rule, outcome, programs, .. } = cell;
    let head = format!("{}  {}  {}\n", rule.id, rule.level, rule.text);
    match outcome {
        Outcome::Holds => head,
        Outcome::Lacks(why) => format!("{head}    not judged: {why}\n"),
        Outcome::Unjudged(why) => format!("{head}    not judged: {why}\n"),
        Outcome::Vacuous => format!(
            "{head}    vacuous: it never applied, in {programs} programs. If the subject has nothing of that kind, \
             say so in its lacks(): Lack::family({:?}, why), or Lack::rule\n",
            rule.family(),
        ),
        Outcome::Broken(failure) => {
            let steps = failure.program.len();
            let mut lines: Vec<String> = Vec::new();
            lines.push(format!(
                "{head}    {}        [{}, {} -> {steps} steps, {} tries]\n",
                failure.why,
                failure.origin(),
                failure.steps,
                failure.tries
            ));
            lines.extend(failure.program.to_string().lines().map(|line| format!("        {line}")));
            lines.push(String::new());
            lines.join("\n")
        }
    }
}
