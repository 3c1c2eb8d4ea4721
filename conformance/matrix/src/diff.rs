//! How one program is played on several subjects, and where their histories part.

mod align;

use anyloop_conformance::quoted;
use console::{Alignment, Term, pad_str};

use self::align::{Row, Told, is_common, same, sections};
use crate::say::say;
use crate::{Outcome, actor, given};

/// The options of `anyloop diff`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program, or a file that ends in `.loop`.
    program: String,
    /// What to play it on: two or more of `anyloop subjects`, `specimen`, or sick ones such as
    /// `specimen/ties-backwards`; everything that runs on this machine if none is named.
    subjects: Vec<String>,
    /// Play it on what this command drives, too, which speaks the kit's protocol. May be given again.
    #[arg(long, value_name = "COMMAND")]
    driver: Vec<String>,
    /// Count a difference of times as well: for loops on virtual time.
    #[arg(long)]
    times: bool,
    /// How many columns of characters to print; the terminal's if that is not said, and 80 at least.
    #[arg(long, value_name = "COLUMNS")]
    width: Option<u16>,
}

/// What an event that is not there looks like.
const NOTHING: &str = "-";

/// Plays the program on each, and prints what happened side by side.
pub(crate) fn run(options: &Options) -> Outcome {
    match tell(options) {
        Ok(true) => Outcome::Well,
        Ok(false) => Outcome::Broken,
        Err(why) => Outcome::Misunderstood(why),
    }
}

/// Whether nothing parts, or why nothing could be compared.
fn tell(options: &Options) -> Result<bool, String> {
    let program = given::program(&options.program)?;
    let actors = actor::choose(&options.subjects, &options.driver)?;
    if actors.len() < 2 {
        return Err("name two subjects or more, or drivers".into());
    }
    let (mut names, mut histories) = (Vec::new(), Vec::new());
    for actor in &actors {
        let played = actor.play(&program);
        let (driver, history) =
            played.map_err(|fault| format!("{} cannot be played on: {fault}", actor.name()))?;
        names.push(driver.name().to_string());
        histories.push(history);
    }
    let sections = sections(&histories, options.times);
    say!("program {}; times in us, of each loop's own clock\n", quoted(&program));
    let layout = Layout::new(options, &names, &sections);
    say!("{}", layout.line(true, names.iter().cloned()));
    for (number, rows) in sections.iter().enumerate() {
        if number > 0 {
            say!("\n  on another context:");
        }
        for row in rows {
            say!("{}", layout.line(is_common(row), row.iter().map(|cell| layout.cell(cell.as_ref()))));
        }
    }
    say!("");
    let rows: Vec<&Row> = sections.iter().flatten().collect();
    for (column, name) in names.iter().enumerate().skip(1) {
        say!("{}", told(&rows, column, name, &names[0]));
    }
    Ok(rows.into_iter().all(is_common))
}

/// In which columns of characters things stand.
struct Layout {
    /// Of one history.
    column: usize,
    /// Of the times in it.
    time: usize,
    /// Whether times have fractions.
    exact: bool,
}

impl Layout {
    /// What stands between two histories.
    const RULE: &str = " | ";
    /// What begins a line that differs, and one that does not: to be found again with `grep`.
    const MARKS: [&str; 2] = ["! ", "  "];
    /// Below this there is nothing to be read.
    const NARROW: usize = 16;

    fn new(options: &Options, names: &[String], sections: &[Vec<Row>]) -> Self {
        let columns = Term::stdout().size_checked().map_or(0, |(_, columns)| columns);
        let width = usize::from(options.width.unwrap_or(columns.max(80)));
        let rules = Self::RULE.len() * (names.len() - 1) + Self::MARKS[0].len();
        let column = (width.saturating_sub(rules) / names.len()).max(Self::NARROW);
        let mut layout = Self { column, time: 0, exact: options.times };
        let cells = sections.iter().flatten().flatten().flatten();
        layout.time = cells.map(|told| layout.time_of(told).len()).max().unwrap_or(0);
        layout
    }

    fn time_of(&self, told: &Told) -> String {
        let fraction = |at| if self.exact { format!(".{:03}", at % 1000) } else { String::new() };
        told.at.map(|at| format!("{}{}", at / 1000, fraction(at))).unwrap_or_default()
    }

    fn cell(&self, told: Option<&Told>) -> String {
        let time = told.map(|told| self.time_of(told)).unwrap_or_default();
        let words = told.map_or(NOTHING, |told| &told.words);
        format!("{time:>width$} {words}", width = self.time)
    }

    fn line(&self, is_common: bool, cells: impl Iterator<Item = String>) -> String {
        let fit = |cell: String| pad_str(&cell, self.column, Alignment::Left, Some("…")).into_owned();
        let line = cells.map(fit).collect::<Vec<_>>().join(Self::RULE);
        format!("{}{}", Self::MARKS[usize::from(is_common)], line.trim_end())
    }
}

/// Where one history parts from the reference, in a sentence.
fn told(rows: &[&Row], column: usize, name: &str, reference: &str) -> String {
    let differing: Vec<_> = rows.iter().filter(|row| same(&row[0]) != same(&row[column])).collect();
    let [first, ..] = &*differing else { return format!("{name} does the same as {reference}") };
    let words =
        |cell: &Option<Told>| cell.as_ref().map_or("nothing".into(), |told| format!("`{}`", told.words));
    format!(
        "{name} parts from {reference} in {} of {} rows, first with {} in the place of {}",
        differing.len(),
        rows.len(),
        words(&first[column]),
        words(&first[0]),
    )
}
