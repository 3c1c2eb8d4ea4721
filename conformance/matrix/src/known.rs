//! What is known to be broken, by whom, and why: strictly, so that the list cannot grow stale.
//!
//! A file of TOML, with an entry for each reason:
//!
//! ```toml
//! [[known]]
//! drivers = ["asyncio-3.11.*/selector+*"]
//! rules = ["timer.tie"]
//! why = "a heap keeps no order among equal deadlines"
//! ```
//!
//! In the name of a driver, `*` stands for any characters. A rule that is broken as its entry says is
//! no failure; one that holds although there is an entry is, unless that says `sometimes = true`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyloop::rules::{self, Rule};
use anyloop_conformance::check::{Cell, Outcome, Report};
use serde::Deserialize;

use crate::nearest;

/// The entries of a file.
#[derive(Debug, Default)]
pub(crate) struct Known {
    file: PathBuf,
    entries: Vec<Entry>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    known: Vec<Entry>,
}

/// Some rules that some drivers break for one reason.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    drivers: Vec<String>,
    rules: Vec<String>,
    why: String,
    /// Whether it depends on chance, so that holding is no news.
    #[serde(default)]
    sometimes: bool,
}

/// What is known of one driver: why it breaks which rules.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    rules: BTreeMap<&'static str, Reason>,
}

#[derive(Debug)]
struct Reason {
    why: String,
    sometimes: bool,
}

impl Known {
    /// Reads the file. What is wrong with it is said in words.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let place = file.display();
        let text = fs::read_to_string(file).map_err(|error| format!("{place} cannot be read: {error}"))?;
        let written: Written = toml::from_str(&text).map_err(|error| format!("{place}: {error}"))?;
        let known = Self { file: file.to_owned(), entries: written.known };
        for entry in &known.entries {
            if entry.why.trim().is_empty() {
                return Err(format!("{place}: the entry for {} does not say why", entry.rules.join(", ")));
            }
            for rule in &entry.rules {
                find(rule).map_err(|why| format!("{place}: {why}"))?;
            }
        }
        Ok(known)
    }

    /// What is known of the driver of that name.
    pub(crate) fn of(&self, driver: &str) -> Result<Expected, String> {
        let mut expected = Expected::default();
        let about = |entry: &&Entry| entry.drivers.iter().any(|pattern| matches(pattern, driver));
        for entry in self.entries.iter().filter(about) {
            for rule in &entry.rules {
                let rule = find(rule)?;
                let reason = Reason { why: entry.why.trim().to_owned(), sometimes: entry.sometimes };
                if expected.rules.insert(rule.id, reason).is_some() {
                    let file = self.file.display();
                    return Err(format!("{file}: there are two entries for {rule} of {driver}"));
                }
            }
        }
        Ok(expected)
    }
}

impl Expected {
    /// The ids of the rules.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.rules.keys().map(|id| (*id).to_owned()).collect()
    }

    /// Why the rule of that cell is known to be broken, if it is, and is known to be.
    pub(crate) fn excuse(&self, cell: &Cell) -> Option<&str> {
        let reason = self.rules.get(cell.rule.id)?;
        matches!(cell.outcome, Outcome::Broken(_)).then_some(&reason.why)
    }

    /// Why the rule of that cell was said to be broken, although it holds.
    pub(crate) fn surprise(&self, cell: &Cell) -> Option<&str> {
        let reason = self.rules.get(cell.rule.id).filter(|reason| !reason.sometimes)?;
        matches!(cell.outcome, Outcome::Holds | Outcome::Lacks(_)).then_some(&reason.why)
    }

    /// Whether no MUST is broken or vacuous but those that are known, and each of those is. One
    /// program alone need not show them all.
    pub(crate) fn is_met(&self, report: &Report, strictly: bool) -> bool {
        let is_right = |cell: &Cell| !cell.is_failure() && (!strictly || self.surprise(cell).is_none());
        report.fault.is_none() && report.cells.iter().all(is_right)
    }
}

/// The rule of that id.
fn find(id: &str) -> Result<&'static Rule, String> {
    let ids = rules::all().map(|rule| rule.id);
    rules::all().find(|rule| rule.id == id).ok_or_else(|| nearest::unknown("rule", id, ids))
}

/// Whether `name` is what `pattern` says, in which `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(matches("asyncio-3.11.*/selector+*", "asyncio-3.11.7/selector+pidfd"));
        assert!(matches("*", ""));
        assert!(matches("sim", "sim"));
        assert!(matches("a*b*c", "a1b2b3c"));
        assert!(!matches("asyncio-3.11.*/selector+safe", "asyncio-3.11.7/selector+fast"));
        assert!(!matches("sim", "sim2"));
        assert!(!matches("a*b", "abc"));
    }
}
