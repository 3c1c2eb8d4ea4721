//! How implementations are judged, and what is said about it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyloop::rules::FAMILIES;
use anyloop_conformance::check::{Cell, Outcome as Verdict, Report, check_source};
use anyloop_conformance::report::{html, json, junit};
use anyloop_conformance::{Options as KitOptions, corpus, quoted, trials};
use indicatif::{ProgressBar, ProgressStyle};

use crate::known::{Expected, Known};
use crate::say::say;
use crate::{Outcome, actor, given};

/// The options of `anyloop check`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to judge: some of `anyloop subjects`, `specimen`, or a sick one such as
    /// `specimen/ties-backwards`; everything that runs on this machine if none is named.
    subjects: Vec<String>,
    /// Judge what this command plays, which speaks the kit's protocol on its standard streams: see
    /// `anyloop drive --help`. May be given again.
    #[arg(long, value_name = "COMMAND")]
    driver: Vec<String>,
    /// Play only this program: a text, or a file that ends in `.loop`.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["programs", "seed"])]
    program: Option<String>,
    /// How many programs to play of the core kind; the other kinds in proportion.
    #[arg(long)]
    programs: Option<u32>,
    /// A number, or `random`. The same number gives the same programs.
    #[arg(long, default_value = "0")]
    seed: Seed,
    /// A file of what is known to be broken, and why: that is no failure then, and holding is.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Where to write results.json, its schema, junit.xml and index.html.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

/// Where the random programs begin.
#[derive(Clone, Copy)]
struct Seed(u64);

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            return Ok(Self(now.as_nanos() as u64));
        }
        text.parse().map(Self).map_err(|_| "give a number, or `random`".into())
    }
}

/// Judges, prints, and writes the report.
pub(crate) fn run(options: &Options) -> Outcome {
    let subjects = match actor::choose(&options.subjects, &options.driver) {
        Ok(subjects) => subjects,
        Err(why) => return Outcome::Misunderstood(why),
    };
    let program = match options.program.as_deref().map(given::program).transpose() {
        Ok(program) => program,
        Err(why) => return Outcome::Misunderstood(why),
    };
    let known = match options.known.as_deref().map(Known::read).transpose() {
        Ok(known) => known.unwrap_or_default(),
        Err(why) => return Outcome::Misunderstood(why),
    };
    if let Err(damaged) = corpus::programs() {
        return Outcome::Misunderstood(given::place(damaged.file, damaged.text, &damaged.error));
    }
    if subjects.is_empty() {
        eprintln!("anyloop: nothing can be judged on this machine; `anyloop subjects` says why");
        return Outcome::Broken;
    }
    match &program {
        Some(program) => say!("program {}", quoted(program)),
        None => say!("seed {}", options.seed.0),
    }
    let kit =
        KitOptions { programs: options.programs, seed: options.seed.0, program, ..KitOptions::default() };
    let mut reports = Vec::new();
    let mut all_is_well = true;
    // One program is not expected to show all that is known.
    let strictly = kit.program.is_none();
    for subject in &subjects {
        let start = Instant::now();
        let name = subject.name();
        let bar = progress_bar(&name);
        let driver = match subject.driver() {
            Ok(driver) => driver,
            Err(fault) => {
                eprintln!("anyloop: {name} cannot be judged: {fault}");
                return Outcome::Broken;
            }
        };
        let expected = match known.of(driver.name()) {
            Ok(expected) => expected,
            Err(why) => return Outcome::Misunderstood(why),
        };
        let kit = KitOptions { known: expected.ids(), ..kit.clone() };
        let mut report = check_source(driver.name(), &driver, &kit, |kind, done, total| {
            bar.set_length(total.into());
            bar.set_position(done.into());
            bar.set_message(kind);
        });
        bar.finish_and_clear();
        report.selector = Some(subject.selector());
        for cell in &mut report.cells {
            cell.known = expected.excuse(cell).map(str::to_owned);
        }
        print_report(&report, &expected, strictly, start.elapsed().as_secs_f64());
        all_is_well &= expected.is_met(&report, strictly);
        reports.push(report);
    }
    if let Some(directory) = &options.report
        && let Err(error) = write_report(directory, &reports)
    {
        eprintln!("anyloop: no report in {}: {error}", directory.display());
        return Outcome::Broken;
    }
    if all_is_well { Outcome::Well } else { Outcome::Broken }
}

/// Drawn on a terminal only.
fn progress_bar(subject: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_prefix(subject.to_owned());
    match ProgressStyle::with_template("{prefix}  {msg:10} {wide_bar} {pos}/{len}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn write_report(directory: &Path, reports: &[Report]) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    say!("");
    for (name, text) in [
        ("results.json", json::to_json(reports)),
        (json::SCHEMA_FILE, json::SCHEMA.to_owned()),
        ("junit.xml", junit::to_junit(reports)),
        ("index.html", html::to_html(reports)),
    ] {
        let file = directory.join(name);
        fs::write(&file, text)?;
        say!("written: {}", file.display());
    }
    Ok(())
}

/// One line for each family, then what is wrong, each with its program.
fn print_report(report: &Report, expected: &Expected, strictly: bool, seconds: f64) {
    say!("\n{}  ({seconds:.1} s)", report.subject);
    for family in FAMILIES {
        let name = family[0].family();
        let cells = report.cells.iter().filter(|cell| cell.rule.family() == name);
        let mut verdicts = BTreeMap::<_, u32>::new();
        let (mut exercised, mut programs) = (0, 0);
        for cell in cells {
            *verdicts.entry(cell.verdict()).or_default() += 1;
            exercised += cell.exercised;
            programs = programs.max(cell.programs);
        }
        if exercised == 0 && verdicts.keys().eq(["holds"].iter()) {
            // Only one program was played, and this is not what it is about.
            continue;
        }
        let counts: Vec<_> = verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let what = format!("{exercised} times in {programs} programs");
        say!("  {name:<10} {:<24} {what}", counts.join(", "));
    }
    for cell in &report.cells {
        match (&cell.known, expected.surprise(cell).filter(|_| strictly)) {
            (Some(why), _) => say!("  {} known: {why}", cell.rule),
            (_, Some(why)) => {
                say!("\n{}  unexpected pass: it was not broken, and is known to be, because {why}", cell.rule)
            }
            _ if cell.verdict() != "holds" => print_cell(report, cell),
            _ => {}
        }
    }
    if let Some(fault) = &report.fault {
        say!("\n  driver   {fault}; it was not judged to the end");
    }
}

fn print_cell(report: &Report, cell: &Cell) {
    match &cell.outcome {
        Verdict::Lacks(why) => say!("  {} lacks: {why}", cell.rule),
        Verdict::Unjudged(why) => say!("  {} unjudged: {why}", cell.rule),
        Verdict::Broken(failure) => {
            say!("\n{}", trials::explain(cell).trim_end());
            say!("    Replay it:  {}", json::replay(report, failure));
        }
        Verdict::Holds | Verdict::Vacuous => say!("\n{}", trials::explain(cell).trim_end()),
    }
}
