//! Results as JSON: what each rule says, who was judged, and a cell for each of both.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use anyloop::rules::{self, Rule};
use serde::Serialize;

use crate::check::{Cell, Failure, Outcome, Report};
use crate::history::Event;
use crate::{text, zoo};

/// What is in `results.json`, as a JSON schema (draft 2020-12). It stands beside the results under
/// the name [`SCHEMA_FILE`].
pub static SCHEMA: &str = include_str!("results.schema.json");

/// The name by which results refer to their schema.
pub const SCHEMA_FILE: &str = "results.schema.json";

/// The number of the format. It changes when a reader of the former one would be misled.
const FORMAT: u32 = 1;

/// All reports as one document, with line breaks.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "text and numbers are always JSON")]
pub fn to_json<'r>(reports: impl IntoIterator<Item = &'r Report>) -> String {
    let reports: Vec<&Report> = reports.into_iter().collect();
    let mut json = serde_json::to_string_pretty(&document(&reports)).expect("text and numbers are JSON");
    json.push('\n');
    json
}

/// As [`to_json`], in one line that a `<script>` element can hold.
pub(super) fn to_script(reports: &[&Report]) -> String {
    // Inside of a string, where alone it can stand, `<` may be written so.
    serde_json::to_string(&document(reports)).expect("text and numbers are JSON").replace('<', "\\u003c")
}

/// The command that plays the program of a failure again, as a shell takes it.
#[must_use]
pub fn replay(report: &Report, failure: &Failure) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-_.".contains(&byte);
    let subject = &report.subject;
    let selector = match &report.selector {
        Some(selector) => selector.clone(),
        None if subject.bytes().all(is_plain) => subject.clone(),
        None => format!("'{}'", subject.replace('\'', "'\\''")),
    };
    format!("anyloop check {selector} --program {}", text::quoted(&failure.program))
}

/// The rules that some report has a cell for, in their usual order.
pub(super) fn rules_of(reports: &[&Report]) -> Vec<&'static Rule> {
    let mut told: Vec<&'static Rule> = Vec::new();
    for rule in reports.iter().flat_map(|report| report.cells.iter().map(|cell| cell.rule)) {
        if !told.contains(&rule) {
            told.push(rule);
        }
    }
    // One that is not known stands at the end, rather than being lost.
    told.sort_by_key(|rule| rules::all().position(|known| known == *rule).unwrap_or(usize::MAX));
    told
}

#[derive(Serialize)]
struct Document<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    format: u32,
    kit: &'static str,
    rules: Vec<RuleEntry>,
    subjects: Vec<SubjectEntry<'r>>,
    cells: Vec<CellEntry<'r>>,
}

#[derive(Serialize)]
struct RuleEntry {
    id: &'static str,
    family: &'static str,
    level: String,
    text: &'static str,
    intent: &'static str,
    check: &'static str,
    ancestors: &'static [&'static str],
    specimens: Vec<Specimen>,
}

/// A specimen of the zoo that breaks the rule: what it does is what to look for in a subject.
#[derive(Serialize)]
struct Specimen {
    name: &'static str,
    what: &'static str,
}

#[derive(Serialize)]
struct SubjectEntry<'r> {
    name: &'r str,
    os: &'static str,
    seed: u64,
    /// What its driver did wrong, if that ended the judging early.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Serialize)]
struct CellEntry<'r> {
    subject: &'r str,
    rule: &'static str,
    level: String,
    verdict: &'static str,
    exercised: usize,
    programs: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureEntry>,
}

#[derive(Serialize)]
struct FailureEntry {
    program: String,
    replay: String,
    kind: &'static str,
    number: u32,
    steps: usize,
    minimal: usize,
    tries: u32,
    history: Vec<EventEntry>,
}

#[derive(Serialize)]
struct EventEntry {
    at: Option<u64>,
    context: u32,
    what: String,
    details: String,
}

fn document<'r>(reports: &[&'r Report]) -> Document<'r> {
    Document {
        schema: SCHEMA_FILE,
        format: FORMAT,
        kit: env!("CARGO_PKG_VERSION"),
        rules: rules_of(reports).into_iter().map(rule_entry).collect(),
        subjects: reports
            .iter()
            .map(|report| SubjectEntry {
                name: &report.subject,
                os: report.os,
                seed: report.seed,
                fault: report.fault.as_ref().map(ToString::to_string),
            })
            .collect(),
        cells: reports
            .iter()
            .flat_map(|report| report.cells.iter().map(|cell| cell_entry(report, cell)))
            .collect(),
    }
}

fn rule_entry(rule: &'static Rule) -> RuleEntry {
    let specimens = zoo::diseases()
        .filter(|disease| disease.rule == rule)
        .map(|disease| Specimen { name: disease.name, what: disease.what })
        .collect();
    RuleEntry {
        id: rule.id,
        family: rule.family(),
        level: rule.level.to_string(),
        text: rule.text,
        intent: rule.intent,
        check: rule.check,
        ancestors: rule.ancestors,
        specimens,
    }
}

fn cell_entry<'r>(report: &'r Report, cell: &'r Cell) -> CellEntry<'r> {
    let (why, failure) = match &cell.outcome {
        Outcome::Broken(failure) => (Some(&*failure.why), Some(failure_entry(report, failure))),
        Outcome::Lacks(why) => (Some(&**why), None),
        Outcome::Unjudged(why) => (Some(*why), None),
        Outcome::Holds | Outcome::Vacuous => (None, None),
    };
    CellEntry {
        subject: &report.subject,
        rule: cell.rule.id,
        level: cell.rule.level.to_string(),
        verdict: cell.verdict(),
        exercised: cell.exercised,
        programs: cell.programs,
        why,
        known: cell.known.as_deref().filter(|_| failure.is_some()),
        failure,
    }
}

fn failure_entry(report: &Report, failure: &Failure) -> FailureEntry {
    FailureEntry {
        program: failure.program.to_string(),
        replay: replay(report, failure),
        kind: failure.kind,
        number: failure.number,
        steps: failure.steps,
        minimal: failure.program.len(),
        tries: failure.tries,
        history: failure.history.events.iter().map(event_entry).collect(),
    }
}

/// `Asking { label: #1, how: Soon }` is what `Asking`, with the details `label: #1, how: Soon`.
fn event_entry(event: &Event) -> EventEntry {
    let words = format!("{:?}", event.what);
    let (what, details) = words.split_once(' ').unwrap_or((&words, ""));
    let details = details.strip_prefix("{ ").and_then(|inner| inner.strip_suffix(" }")).unwrap_or(details);
    EventEntry { at: event.at, context: event.context, what: what.to_string(), details: details.to_string() }
}
