//! How it is shown that every judge bites, and bites nobody who is healthy.

use anyloop_conformance::zoo::{self, Row};
use anyloop_conformance::{Options, Specimen, check, generate, trials};

use crate::Outcome;
use crate::say::say;

/// Shows every specimen to the judge of the rule that it breaks, once for each of `seeds` seeds
/// from `seed` on.
pub(crate) fn run(programs: Option<u32>, seed: u64, seeds: u32) -> Outcome {
    let well = healthy(programs, seed);
    let (survivors, mut steps) = match seeds {
        1 => once(programs, seed),
        _ => often(programs, seed, seeds),
    };
    steps.sort_unstable();
    let median = steps.get(steps.len() / 2).copied().unwrap_or_default();
    let specimens = zoo::diseases().count();
    say!(
        "\n{specimens} specimens, {survivors} survivors; minimal programs have {median} steps at the median"
    );
    if !well {
        say!("and the healthy specimen breaks a rule: see above, before the first specimen");
    }
    if well && survivors == 0 { Outcome::Well } else { Outcome::Broken }
}

/// How many times as many programs the healthy specimen has to pass as a sick one may survive.
const TIMES: u32 = 8;

/// Whether the healthy specimen keeps every rule.
fn healthy(programs: Option<u32>, seed: u64) -> bool {
    let programs = programs.unwrap_or(generate::KINDS[0].programs).saturating_mul(TIMES);
    let options = Options { programs: Some(programs), seed, ..Options::default() };
    let report = check("specimen", &Specimen::default(), &options, |_, _, _| {});
    for cell in report.cells.iter().filter(|cell| cell.is_failure()) {
        say!("{}", trials::explain(cell));
    }
    let judged = report.cells.iter().filter(|cell| cell.verdict() == "holds").count();
    say!(
        "the healthy specimen keeps {judged} of {} rules in {TIMES} times as many programs\n",
        report.cells.len()
    );
    report.conforms()
}

/// How many survived, and the lengths of the minimal programs that killed the others.
type Result = (usize, Vec<usize>);

fn length(row: &Row) -> Option<usize> {
    row.killed.as_ref().map(|failure| failure.program.len())
}

/// Tells how each specimen died.
fn once(programs: Option<u32>, seed: u64) -> Result {
    say!("{:<24} {:<18} {:>10} {:>14}", "specimen", "killed by", "at program", "steps");
    let rows = zoo::run(programs, seed, |row| {
        let (name, rule) = (row.disease.name, row.disease.rule.id);
        match &row.killed {
            Some(failure) => {
                let steps = format!("{} -> {}", failure.steps, failure.program.len());
                say!("{name:<24} {rule:<18} {:>10} {steps:>14}", failure.number);
            }
            None => say!("{name:<24} {rule:<18}   SURVIVES: it {}", row.disease.what),
        }
    });
    let steps: Vec<usize> = rows.iter().filter_map(length).collect();
    (rows.len() - steps.len(), steps)
}

/// Tells how often each specimen died. One that lived through any seed counts as a survivor.
fn often(programs: Option<u32>, seed: u64, seeds: u32) -> Result {
    let mut steps = vec![Vec::new(); zoo::diseases().count()];
    for seed in (0..seeds).map(|number| seed.wrapping_add(number.into())) {
        let rows = zoo::run(programs, seed, |_| {});
        let alive: Vec<&str> =
            rows.iter().filter(|row| row.killed.is_none()).map(|row| row.disease.name).collect();
        say!("seed {seed}: {} killed{}", rows.len() - alive.len(), told(&alive));
        for (steps, row) in steps.iter_mut().zip(&rows) {
            steps.extend(length(row));
        }
    }
    say!("\n{:<24} {:<18} {:>10} {:>14}", "specimen", "killed by", "seeds", "longest");
    for (disease, steps) in zoo::diseases().zip(&steps) {
        let killed = format!("{} of {seeds}", steps.len());
        let longest = steps.iter().max().copied().unwrap_or_default();
        say!("{:<24} {:<18} {killed:>10} {longest:>14}", disease.name, disease.rule.id);
    }
    let survivors = steps.iter().filter(|steps| steps.len() < seeds as usize).count();
    (survivors, steps.concat())
}

fn told(alive: &[&str]) -> String {
    if alive.is_empty() { String::new() } else { format!("; these survive: {}", alive.join(", ")) }
}
