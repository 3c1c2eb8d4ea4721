//! Results as JUnit XML, for build servers: a suite for each subject, a case for each rule.
//!
//! Only what makes a subject fail is a failure here. What it lacks, what the kit cannot judge, and
//! a SHOULD that is broken, which an implementation may have a reason for, are skipped with the
//! reason in words.

use std::format;
use std::string::String;

use super::json::replay;
use crate::check::{Cell, Outcome, Report};

/// All reports as one document.
#[must_use]
pub fn to_junit<'r>(reports: impl IntoIterator<Item = &'r Report>) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"anyloop\">\n");
    for report in reports {
        let failures = report.cells.iter().filter(|cell| cell.is_failure()).count();
        let skipped = report.cells.iter().filter(|cell| reason_to_skip(cell).is_some()).count();
        xml += &format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{}\" skipped=\"{skipped}\">\n",
            escaped(&report.subject),
            report.cells.len() + usize::from(report.fault.is_some()),
            u8::from(report.fault.is_some()),
        );
        if let Some(fault) = &report.fault {
            let (subject, fault) = (escaped(&report.subject), escaped(&format!("{fault}")));
            xml += &format!(
                "    <testcase classname=\"{subject}\" name=\"driver\">\n      <error type=\"driver\" message=\"{fault}\"/>\n    </testcase>\n"
            );
        }
        xml.extend(report.cells.iter().map(|cell| case(report, cell)));
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

fn case(report: &Report, cell: &Cell) -> String {
    let (rule, subject) = (cell.rule, &report.subject);
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"", escaped(subject), escaped(rule.id));
    if let Some(reason) = reason_to_skip(cell) {
        return format!("{head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", escaped(&reason));
    }
    if !cell.is_failure() {
        return format!("{head}/>\n");
    }
    let (message, evidence) = match &cell.outcome {
        Outcome::Broken(failure) => {
            (failure.why.clone(), format!("\n\n{}\nReplay it:  {}", failure.program, replay(report, failure)))
        }
        _ => (format!("vacuous: it never applied, in {} programs", cell.programs), String::new()),
    };
    format!(
        "{head}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
        cell.verdict(),
        escaped(&message),
        escaped(&format!("{}  {}  {}{evidence}", rule.id, rule.level, rule.text)),
    )
}

/// Why a case neither passed nor failed, if so.
fn reason_to_skip(cell: &Cell) -> Option<String> {
    match &cell.outcome {
        Outcome::Lacks(why) => Some(format!("lacks: {why}")),
        Outcome::Unjudged(why) => Some(format!("unjudged: {why}")),
        Outcome::Broken(failure) if !cell.is_failure() => {
            let (level, program) = (cell.rule.level, &failure.program);
            let known = cell.known.as_ref().map(|why| format!(", known: {why}")).unwrap_or_default();
            Some(format!("{level}, broken: {} ({program:#}){known}", failure.why))
        }
        Outcome::Vacuous if !cell.is_failure() => {
            Some(format!("{}, vacuous: it never applied", cell.rule.level))
        }
        Outcome::Holds | Outcome::Vacuous | Outcome::Broken(_) => None,
    }
}

/// Text as XML and HTML take it, in elements and in quoted attributes. What XML cannot hold, such
/// as most control characters, becomes a replacement character.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for next in text.chars() {
        match next {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(next),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn markup_is_escaped_and_control_characters_are_replaced() {
        assert_eq!(
            escaped("a<b> & \"c\" 'd'\n\u{1}ü"),
            "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;\n\u{fffd}ü"
        );
    }
}
