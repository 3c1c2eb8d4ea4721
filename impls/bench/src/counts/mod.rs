//! How many instructions does an operation take, and has that grown?
//!
//! | file | answers |
//! | --- | --- |
//! | `operations.rs` | which hot paths are counted? |
//! | `callgrind.rs` | how are they counted? |
//! | `record.rs` | what did they take before, with this compiler? |
//! | `base.rs` | and if nobody ever counted with this compiler? |
//!
//! Instructions do not depend on what else the machine does, so they can be checked by a machine
//! that is busy. They depend on the compiler, the processor's kind and the C library.

mod base;
mod callgrind;
mod operations;
mod record;

use std::collections::BTreeMap;
use std::process::ExitCode;

pub(crate) use operations::topic;

use operations::{OPERATIONS, Operation};

/// Growth beyond this is a failure.
const TOLERANCE: f64 = 0.05;

/// The goal: at most so many times what it takes by hand.
const GOAL: f64 = 1.3;

/// Instructions by operation.
type Counts = BTreeMap<String, f64>;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Writes what was counted into counts.toml, as what this compiler makes of it.
    #[arg(long)]
    record: bool,
    /// Prints anyloop's counts as JSON and nothing else.
    #[arg(long, hide = true)]
    json: bool,
}

/// What an operation takes.
struct Counted {
    name: &'static str,
    ours: f64,
    by_hand: f64,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match count_and_compare(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Says whether nothing has grown.
fn count_and_compare(arguments: &Arguments) -> Result<bool, String> {
    callgrind::check()?;
    if arguments.json {
        let counts: Result<Counts, String> = OPERATIONS
            .iter()
            .map(|operation| Ok((operation.name.into(), count(operation, "anyloop")?)))
            .collect();
        println!("{}", serde_json::json!(counts?));
        return Ok(true);
    }
    let counted: Result<Vec<Counted>, String> = OPERATIONS.iter().map(count_both).collect();
    let counted = counted?;
    let now: Counts = counted.iter().map(|counted| (counted.name.into(), round(counted.ours))).collect();
    if arguments.record {
        record::write(&now)?;
        println!("{}", table(&counted, &now));
        return Ok(true);
    }
    let (before, source) = match record::read()? {
        Some(before) => (before, format!("counts.toml for {}", record::key())),
        None => {
            println!("counts.toml knows nothing of {}: the base commit is counted as well", record::key());
            base::count()?
        }
    };
    println!("{}", table(&counted, &before));
    Ok(judge(&now, &before, &source))
}

fn count_both(operation: &Operation) -> Result<Counted, String> {
    let (ours, by_hand) = (count(operation, "anyloop")?, count(operation, operation.by_hand)?);
    Ok(Counted { name: operation.name, ours, by_hand })
}

/// Instructions of one operation, without those of the operation that it contains.
fn count(operation: &Operation, subject: &str) -> Result<f64, String> {
    let own = callgrind::each(operation, subject)?;
    let Some(part) = operation.without else { return Ok(own) };
    let part = OPERATIONS.iter().find(|other| other.name == part).ok_or("there is no such part")?;
    Ok(own - callgrind::each(part, subject)?)
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn table(counted: &[Counted], before: &Counts) -> String {
    let mut text = format!(
        "| {:<26} | {:>7} | {:>7} | {:>7} | {:>7} | {:>7} | {:<7} |\n| {:-<26} | {:->6}: | {:->6}: | {:->6}: | {:->6}: | {:->6}: | {:-<7} |\n",
        "instructions for", "before", "now", "growth", "by hand", "ratio", "goal", "", "", "", "", "", "", ""
    );
    for Counted { name, ours, by_hand } in counted {
        let (old, growth) = match before.get(*name) {
            Some(old) => (format!("{old:.1}"), format!("{:+.1} %", (ours / old - 1.0) * 100.0)),
            None => ("new".into(), String::new()),
        };
        let ratio = ours / by_hand;
        let goal = if ratio <= GOAL { "met" } else { "not met" };
        text += &format!(
            "| {name:<26} | {old:>7} | {ours:>7.1} | {growth:>7} | {by_hand:>7.1} | {ratio:>7.2} | {goal:<7} |\n"
        );
    }
    text
}

/// Says which paths have grown or shrunk too much to be overlooked, and whether none has grown.
fn judge(now: &Counts, before: &Counts, source: &str) -> bool {
    let mut fine = true;
    for (name, now) in now {
        let Some(before) = before.get(name) else {
            println!("{name} is not in {source}: --record adds it");
            continue;
        };
        let growth = now / before - 1.0;
        if growth > TOLERANCE {
            println!("{name} has grown by {:.1} % against {source}", growth * 100.0);
            fine = false;
        } else if growth < -TOLERANCE {
            println!("{name} takes {:.1} % less than in {source}: --record keeps it so", -growth * 100.0);
        }
    }
    if fine {
        println!("nothing has grown by more than {:.0} % against {source}", TOLERANCE * 100.0);
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(number: f64) -> Counts {
        Counts::from([("a".into(), number)])
    }

    #[test]
    fn only_growth_beyond_the_tolerance_is_a_failure() {
        assert!(judge(&counts(104.9), &counts(100.0), "test"));
        assert!(!judge(&counts(105.1), &counts(100.0), "test"));
        assert!(judge(&counts(10.0), &counts(100.0), "test"));
        assert!(judge(&counts(10.0), &Counts::new(), "test"));
    }
}
