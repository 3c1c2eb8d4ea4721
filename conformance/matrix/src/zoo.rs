//! How it is shown that every judge bites.

use anyloop_conformance::zoo;

use crate::Outcome;

/// Shows every specimen to the judge of the rule that it breaks.
pub(crate) fn run(programs: Option<u32>, seed: u64) -> Outcome {
    println!("{:<24} {:<18} {:>10} {:>14}", "specimen", "killed by", "at program", "steps");
    let rows = zoo::run(programs, seed, |row| {
        let (name, rule) = (row.disease.name, row.disease.rule.id);
        match &row.killed {
            Some(failure) => {
                let steps = format!("{} -> {}", failure.steps, failure.program.len());
                println!("{name:<24} {rule:<18} {:>10} {steps:>14}", failure.number);
            }
            None => println!("{name:<24} {rule:<18}   SURVIVES: it {}", row.disease.what),
        }
    });
    let mut steps: Vec<_> =
        rows.iter().filter_map(|row| row.killed.as_ref()).map(|kill| kill.program.len()).collect();
    steps.sort_unstable();
    let survivors = rows.len() - steps.len();
    let median = steps.get(steps.len() / 2).copied().unwrap_or_default();
    println!(
        "\n{} specimens, {survivors} survivors; minimal programs have {median} steps at the median",
        rows.len()
    );
    if survivors == 0 { Outcome::Well } else { Outcome::Broken }
}
