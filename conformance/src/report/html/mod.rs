//! Results as one HTML page: rules by implementations, and behind each cell its evidence.
//!
//! The table is written here and can be read without scripts. The page carries the results as
//! JSON, from which `page.js` fills the panel that a cell opens. It never asks the network for
//! anything, and its content security policy says so to the browser. A cell has an address:
//! `index.html#cell=SUBJECT/RULE`.

use std::format;
use std::string::String;
use std::vec::Vec;

use anyloop::rules::Rule;

use super::json::{rules_of, to_script};
use super::junit::escaped;
use crate::check::{Cell, Outcome, Report};

/// Where `{{name}}` stands, a part is put.
static PAGE: &str = include_str!("page.html");
static STYLE: &str = include_str!("page.css");
static SCRIPT: &str = include_str!("page.js");

/// All reports as one page.
#[must_use]
pub fn to_html<'r>(reports: impl IntoIterator<Item = &'r Report>) -> String {
    let reports: Vec<&Report> = reports.into_iter().collect();
    let mut page = String::new();
    // Only the page itself is searched for names: what is put in may hold anything.
    for (at, piece) in PAGE.split("{{").enumerate() {
        let (name, rest) = if at == 0 { ("", piece) } else { piece.split_once("}}").unwrap_or(("", piece)) };
        page += &part(name, &reports);
        page += rest;
    }
    page
}

fn part(name: &str, reports: &[&Report]) -> String {
    match name {
        "style" => STYLE.into(),
        "script" => SCRIPT.into(),
        "data" => to_script(reports),
        "kit" => escaped(env!("CARGO_PKG_VERSION")),
        "finding" => finding(reports),
        "head" => reports.iter().map(|report| subject_head(report)).collect(),
        "body" => body(reports),
        _ => String::new(),
    }
}

/// What somebody wants to know first: is anything broken, and where?
fn finding(reports: &[&Report]) -> String {
    let fault = |report: &&Report| {
        let fault = report.fault.as_ref()?;
        let (subject, fault) = (escaped(&report.subject), escaped(&format!("{fault}")));
        Some(format!("<p class=\"finding\">{subject} was not judged to the end: {fault}.</p>\n"))
    };
    let faults: String = reports.iter().filter_map(fault).collect();
    let failures: Vec<String> = reports
        .iter()
        .flat_map(|report| {
            report.cells.iter().filter(|cell| cell.is_failure()).map(|cell| link(report, cell))
        })
        .collect();
    if failures.is_empty() {
        return faults + "<p class=\"finding\">No MUST is broken or vacuous.</p>";
    }
    format!(
        "{faults}<p class=\"finding\">These MUST be kept, and are broken or vacuous:</p>\n<ul class=\"finding\">\n{}</ul>",
        failures.concat()
    )
}

fn link(report: &Report, cell: &Cell) -> String {
    let address = escaped(&address(&report.subject, cell.rule));
    let (subject, rule, verdict) = (escaped(&report.subject), escaped(cell.rule.id), cell.verdict());
    format!("<li><a href=\"#{address}\">{subject}: <code>{rule}</code></a> is {verdict}</li>\n")
}

/// The fragment that names a cell.
fn address(subject: &str, rule: &Rule) -> String {
    let mut address = String::from("cell=");
    for byte in subject.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'+' => {
                address.push(byte.into())
            }
            other => address += &format!("%{other:02X}"),
        }
    }
    address + "/" + rule.id
}

fn subject_head(report: &Report) -> String {
    format!(
        "<th scope=\"col\" class=\"subject\">{}<small>{}, seed {}</small></th>\n",
        escaped(&report.subject),
        escaped(report.os),
        report.seed
    )
}

/// One group of rows for each family.
fn body(reports: &[&Report]) -> String {
    let mut body = String::new();
    let mut family = "";
    let columns = 3 + reports.len();
    for rule in rules_of(reports) {
        if rule.family() != family {
            body += if family.is_empty() { "" } else { "</tbody>\n" };
            family = rule.family();
            body += &format!(
                "<tbody>\n<tr class=\"family\"><th colspan=\"{columns}\" scope=\"rowgroup\"><span>{}</span></th></tr>\n",
                escaped(family)
            );
        }
        body += &row(rule, reports);
    }
    body + if family.is_empty() { "" } else { "</tbody>\n" }
}

fn row(rule: &Rule, reports: &[&Report]) -> String {
    // Cells are numbered as in the JSON: report by report.
    let mut before = 0;
    let mut cells = String::new();
    for report in reports {
        cells += &match report.cells.iter().position(|cell| cell.rule == rule) {
            Some(at) => button(&report.subject, &report.cells[at], before + at),
            None => "<td class=\"cell\"><span class=\"none\">not asked</span></td>\n".into(),
        };
        before += report.cells.len();
    }
    let quiet =
        reports.iter().filter_map(|report| report.cell(rule)).all(|cell| cell.outcome == Outcome::Holds);
    format!(
        "<tr{}><th scope=\"row\"><code>{}</code></th><td class=\"level\">{}</td><td class=\"text\">{}</td>\n{cells}</tr>\n",
        if quiet { " class=\"quiet\"" } else { "" },
        escaped(rule.id),
        rule.level,
        prose(rule.text),
    )
}

/// A rule's text: what stands in backticks is code.
fn prose(text: &str) -> String {
    let piece = |(at, piece)| match at % 2 {
        0 => escaped(piece),
        _ => format!("<code>{}</code>", escaped(piece)),
    };
    text.split('`').enumerate().map(piece).collect()
}

fn button(subject: &str, cell: &Cell, number: usize) -> String {
    let (sign, verdict) = (sign(cell), cell.verdict());
    let forgiven = matches!(cell.outcome, Outcome::Broken(_)) && !cell.is_failure();
    let class = if forgiven { "departs" } else { verdict };
    let label =
        escaped(&format!("{subject}, {}, {}: {verdict}. Show the evidence.", cell.rule.id, cell.rule.level));
    format!(
        "<td class=\"cell\"><button type=\"button\" class=\"{class}\" data-cell=\"{number}\" \
         aria-haspopup=\"dialog\" aria-label=\"{label}\"><span aria-hidden=\"true\">{sign}</span> {verdict}</button></td>\n"
    )
}

/// Beside the word, for eyes that wander over many cells.
fn sign(cell: &Cell) -> &'static str {
    match cell.outcome {
        Outcome::Holds => "✓",
        Outcome::Broken(_) => "✗",
        Outcome::Vacuous => "○",
        Outcome::Lacks(_) => "–",
        Outcome::Unjudged(_) => "?",
    }
}
