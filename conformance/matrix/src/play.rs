//! How one program is played, and what its history shows.

use anyloop::rules::Level;
use anyloop_conformance::judges::{self, Verdict};
use anyloop_conformance::{Event, check, quoted};

use crate::{Outcome, actor, given};

/// The options of `anyloop play`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program, or a file that ends in `.loop`.
    program: String,
    /// What to play it on: one of `anyloop subjects`, `specimen`, or a sick one such as
    /// `specimen/ties-backwards`.
    #[arg(long, value_name = "SUBJECT")]
    on: String,
}

/// Plays the program, and prints its history and what that says about the rules.
pub(crate) fn run(options: &Options) -> Outcome {
    let program = match given::program(&options.program) {
        Ok(program) => program,
        Err(why) => return Outcome::Misunderstood(why),
    };
    let actor = match actor::choose_one(&options.on) {
        Ok(actor) => actor,
        Err(why) => return Outcome::Misunderstood(why),
    };
    let name = actor.name();
    let source = actor.source();
    check::replay_with(&format!("anyloop play {{}} --on {name}"));
    let history = source.play(&program);
    println!("{name}: {program:#}\n");
    println!("{:>14}  {:<9}  what happened", "time in us", "context");
    for event in &history.events {
        println!("{}", line(event));
    }
    println!();
    let (mut silent, mut failed) = (0, false);
    for (rule, treatment) in judges::all() {
        let lack = source.lacks().iter().find(|lack| lack.covers(rule));
        let verdict = lack.map_or_else(|| check::judge(rule, &history), |_| None);
        match (treatment, verdict) {
            (_, Some(Verdict::Holds { exercised })) if exercised > 0 => {
                println!("  {:<18} holds   in {exercised} situations", rule.id);
            }
            (_, Some(Verdict::Broken { why })) => {
                println!("  {:<18} BROKEN  {why}", rule.id);
                failed |= rule.level == Level::Must;
            }
            _ => silent += 1,
        }
    }
    println!("\n{silent} other rules have nothing to say about it.");
    if failed {
        println!("To make it smaller:  anyloop check {name} --program {}", quoted(&program));
        return Outcome::Broken;
    }
    Outcome::Well
}

/// An event as a line of a table.
fn line(event: &Event) -> String {
    let time = event.at.map(|at| format!("{}.{:03}", at / 1000, at % 1000)).unwrap_or_default();
    let context = match event.context {
        0 => "loop".to_string(),
        other => format!("other {other}"),
    };
    // A variant with its fields: `Asking { label: #1, how: Soon }`.
    let what = format!("{:?}", event.what);
    let (name, fields) = what.split_once(" {").unwrap_or((&what, ""));
    let fields = fields.strip_suffix('}').unwrap_or(fields).trim();
    format!("{time:>14}  {context:<9}  {name:<14} {fields}").trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use anyloop_conformance::history::How;
    use anyloop_conformance::{Event, Label, What};

    use super::line;

    #[test]
    fn an_event_is_a_line() {
        let asked =
            Event { at: Some(1_234_567), context: 0, what: What::Asking { label: Label(1), how: How::Soon } };
        assert_eq!(line(&asked), "      1234.567  loop       Asking         label: #1, how: Soon");
        let stop = Event { at: None, context: 2, what: What::Stop };
        assert_eq!(line(&stop), "                other 2    Stop");
    }
}
