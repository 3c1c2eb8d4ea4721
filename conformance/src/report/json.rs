//! Results as JSON: one object for each rule and subject.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::check::{Cell, Outcome, Report};

/// The cells of all reports, as one array.
#[must_use]
pub fn to_json<'r>(reports: impl IntoIterator<Item = &'r Report>) -> String {
    let cells: Vec<String> = reports
        .into_iter()
        .flat_map(|report| report.cells.iter().map(move |cell| object(report, cell)))
        .collect();
    format!("[\n{}\n]\n", cells.join(",\n"))
}

fn object(report: &Report, cell: &Cell) -> String {
    let mut members = Members(String::new());
    members.text("subject", &report.subject);
    members.text("os", report.os);
    members.text("kit", env!("CARGO_PKG_VERSION"));
    members.text("rule", cell.rule.id);
    members.text("level", &cell.rule.level.to_string());
    members.text("verdict", cell.verdict());
    members.number("exercised", cell.exercised as u64);
    members.number("programs", cell.programs.into());
    members.number("seed", report.seed);
    match &cell.outcome {
        Outcome::Broken(failure) => {
            members.text("why", &failure.why);
            members.text("program", &format!("{:#}", failure.program));
            members.text("kind", failure.kind);
            members.number("number", failure.number.into());
            members.number("steps", failure.steps as u64);
            members.number("minimal", failure.program.len() as u64);
            members.number("tries", failure.tries.into());
        }
        Outcome::Lacks(why) | Outcome::Unjudged(why) => members.text("why", why),
        Outcome::Holds | Outcome::Vacuous => {}
    }
    format!("  {{{}}}", members.0)
}

/// The members of an object.
struct Members(String);

impl Members {
    fn name(&mut self, name: &str) {
        let comma = if self.0.is_empty() { "" } else { ", " };
        self.0.push_str(&format!("{comma}{}: ", quoted(name)));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push_str(&quoted(value));
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.0.push_str(&value.to_string());
    }
}

/// A JSON string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for next in text.chars() {
        match next {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(quoted("a \"b\" \\ \n \u{1} ü"), "\"a \\\"b\\\" \\\\ \\n \\u0001 ü\"");
    }
}
