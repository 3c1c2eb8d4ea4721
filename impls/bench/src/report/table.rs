//! What does a terminal show? For each case a table, the best first.

use std::fmt::Write;

use super::short;
use crate::case::Kind;
use crate::results::{CaseResults, SubjectResults, TopicResults};

/// The tables of a topic.
pub(crate) fn of(topic: &TopicResults) -> String {
    let mut text = format!(
        "{}: {} (others took {:.0} % of the CPUs meanwhile)\n\n",
        topic.name,
        topic.about,
        topic.disturbance * 100.0
    );
    for case in &topic.cases {
        text += &case_table(topic.name, case);
        text.push('\n');
    }
    text
}

fn case_table(topic: &str, case: &CaseResults) -> String {
    let main = case.main_metric();
    let mut rows = vec![header(case)];
    for (subject, spread) in case.ranking() {
        let mut row = vec![
            label(subject),
            short(spread.median),
            format!("[{} - {}]", short(spread.min), short(spread.max)),
        ];
        let ours = case.subject(subject.against).and_then(|ours| ours.spread(main));
        row.push(match ours {
            Some(ours) if subject.kind != Kind::Anyloop => format!("{:.2} x", ours.median / spread.median),
            _ => String::new(),
        });
        for (metric, _) in &case.metrics[1..] {
            row.push(subject.spread(metric).map_or_else(String::new, |spread| short(spread.median)));
        }
        rows.push(row);
    }
    let mut text = format!("### {topic} {}: {}\n\n{}", case.name, case.about, aligned(&rows));
    for subject in &case.subjects {
        if let Some(trouble) = &subject.trouble {
            // Into a string, which does not fail.
            let _ = writeln!(text, "missing: {}: {trouble}", subject.name);
        }
    }
    text
}

fn header(case: &CaseResults) -> Vec<String> {
    let mut names = case.metrics.iter().map(|(name, unit)| format!("{name} {unit}"));
    let main = names.next().unwrap_or_default();
    let mut row = vec![String::new(), main, "[min - max]".into(), "anyloop is".into()];
    row.extend(names);
    row
}

fn label(subject: &SubjectResults) -> String {
    match subject.kind {
        Kind::Anyloop => format!("**{}**", subject.name),
        Kind::Limit => format!("limit: {}", subject.name),
        Kind::Peer => subject.name.into(),
    }
}

/// A Markdown table that is readable as it stands.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(3);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let _ = if column == 0 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text += "|\n";
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { '-' } else { ':' };
                let _ = write!(text, "| {}{end} ", "-".repeat(width - 1));
            }
            text += "|\n";
        }
    }
    text
}
