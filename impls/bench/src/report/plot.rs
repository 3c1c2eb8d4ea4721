//! What does a picture show? A topic's cases, with a bar for each subject and its spread.
//!
//! The scale is logarithmic, since peers are powers of ten apart: each vertical line is ten times
//! the one before.

use std::fmt::Write;

use super::short;
use crate::case::Kind;
use crate::results::{CaseResults, Spread, SubjectResults, TopicResults};

const WIDTH: f64 = 900.0;
const LABELS: f64 = 190.0;
const NUMBERS: f64 = 170.0;
const ROW: f64 = 22.0;
const HEAD: f64 = 54.0;

const STYLE: &str = "text{font:13px sans-serif;fill:#222}.title{font-size:17px;font-weight:bold}\
.case{font-weight:bold}.number{fill:#555}.grid{stroke:#ddd}.spread{stroke:#222;stroke-width:1.5}\
.anyloop{fill:#c8553d}.limit{fill:#b9c3cc}.peer{fill:#588b8b}";

/// From numbers to places on the picture.
struct Scale {
    first: f64,
    last: f64,
}

impl Scale {
    /// From the power of ten below the least to the one above the most.
    fn of(rows: &[(&SubjectResults, Spread)]) -> Self {
        let least = rows.iter().map(|row| row.1.min).filter(|min| *min > 0.0).fold(f64::MAX, f64::min);
        let most = rows.iter().map(|row| row.1.max).fold(f64::MIN_POSITIVE, f64::max);
        let first = least.log10().floor() - if least.log10().fract() == 0.0 { 1.0 } else { 0.0 };
        Self { first, last: most.log10().ceil().max(first + 1.0) }
    }

    fn place(&self, number: f64) -> f64 {
        let share = (number.max(f64::MIN_POSITIVE).log10() - self.first) / (self.last - self.first);
        LABELS + share.clamp(0.0, 1.0) * (WIDTH - LABELS - NUMBERS)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.first as i32..=self.last as i32).map(|power| 10_f64.powi(power))
    }
}

/// The picture of a topic, as SVG.
pub(crate) fn of(topic: &TopicResults) -> String {
    let mut body = String::new();
    let mut top = 44.0;
    for case in topic.cases.iter().filter(|case| !case.ranking().is_empty()) {
        top = add_case(&mut body, case, top);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{top}\" \
         viewBox=\"0 0 {WIDTH} {top}\">\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"12\" y=\"26\">{}: {}</text>\n{body}</svg>\n",
        topic.name,
        escaped(topic.about)
    )
}

/// Adds a case below `top`, and gives where it ends. Writing into a string does not fail.
fn add_case(body: &mut String, case: &CaseResults, top: f64) -> f64 {
    let rows = case.ranking();
    let scale = Scale::of(&rows);
    let (first_row, unit) = (top + HEAD, case.unit(case.main_metric()));
    let bottom = first_row + ROW * rows.len() as f64;
    let title = escaped(&format!("{}: {} ({} {unit})", case.name, case.about, case.main_metric()));
    let _ = writeln!(body, "<text class=\"case\" x=\"12\" y=\"{}\">{title}</text>", top + 24.0);
    for decade in scale.decades() {
        let (x, label) =
            (scale.place(decade), if decade < 0.01 { format!("{decade}") } else { short(decade) });
        let label = label.trim_end_matches(".00").trim_end_matches(".0").to_owned();
        let _ = writeln!(
            body,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{first_row}\" y2=\"{bottom}\"/>"
        );
        let above = first_row - 6.0;
        let _ = writeln!(
            body,
            "<text class=\"number\" x=\"{x:.1}\" y=\"{above}\" text-anchor=\"middle\">{label}</text>"
        );
    }
    for (index, (subject, spread)) in rows.iter().enumerate() {
        add_row(body, &scale, subject, spread, first_row + ROW * index as f64);
    }
    bottom + 16.0
}

fn add_row(body: &mut String, scale: &Scale, subject: &SubjectResults, spread: &Spread, top: f64) {
    let middle = top + ROW / 2.0;
    let class = match subject.kind {
        Kind::Anyloop => "anyloop",
        Kind::Limit => "limit",
        Kind::Peer => "peer",
    };
    let (least, most) = (scale.place(spread.min), scale.place(spread.max));
    let (bar, height) = (scale.place(spread.median) - LABELS, ROW - 6.0);
    let _ = writeln!(
        body,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        LABELS - 8.0,
        middle + 4.5,
        escaped(subject.name)
    );
    let _ = writeln!(
        body,
        "<rect class=\"{class}\" x=\"{LABELS}\" y=\"{}\" width=\"{bar:.1}\" height=\"{height}\"/>",
        top + 3.0
    );
    let _ = writeln!(
        body,
        "<line class=\"spread\" x1=\"{least:.1}\" x2=\"{most:.1}\" y1=\"{middle}\" y2=\"{middle}\"/>"
    );
    let _ = writeln!(
        body,
        "<text class=\"number\" x=\"{:.1}\" y=\"{}\">{} [{} - {}]</text>",
        most.max(LABELS + bar) + 6.0,
        middle + 4.5,
        short(spread.median),
        short(spread.min),
        short(spread.max)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
