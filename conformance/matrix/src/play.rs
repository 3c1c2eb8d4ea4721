//! How one program is played, and what its history shows.

use anyloop::rules::{self, Level};
use anyloop_conformance::check::{self, Source};
use anyloop_conformance::judges::Verdict;
use anyloop_conformance::{Event, History, Program, quoted};

use crate::actor::Actor;
use crate::say::say;
use crate::{Outcome, actor, given};

/// The options of `anyloop play`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program, or a file that ends in `.loop`.
    program: String,
    /// What to play it on: one of `anyloop subjects`, `specimen`, or a sick one such as
    /// `specimen/ties-backwards`.
    #[arg(long, value_name = "SUBJECT", required_unless_present = "driver")]
    on: Option<String>,
    /// Play it on what this command drives, which speaks the kit's protocol.
    #[arg(long, value_name = "COMMAND", conflicts_with = "on")]
    driver: Option<String>,
}

/// Plays the program, and prints its history and what that says about the rules.
pub(crate) fn run(options: &Options) -> Outcome {
    let program = match given::program(&options.program) {
        Ok(program) => program,
        Err(why) => return Outcome::Misunderstood(why),
    };
    let (named, driven) = (options.on.clone(), options.driver.clone());
    let actor = match actor::choose(named.as_slice(), driven.as_slice()).map(|mut chosen| chosen.pop()) {
        Ok(Some(actor)) => actor,
        Ok(None) => return Outcome::Misunderstood("say on what, with --on or --driver".into()),
        Err(why) => return Outcome::Misunderstood(why),
    };
    let name = actor.name();
    let (driver, history) = match actor.play(&program) {
        Ok(played) => played,
        Err(fault) => {
            eprintln!("anyloop: {name} cannot be played on: {fault}");
            return Outcome::Broken;
        }
    };
    let (text, failed) = told(&actor, &program, &driver, &history);
    say!("{}", text.trim_end());
    if failed { Outcome::Broken } else { Outcome::Well }
}

/// What is printed, and whether a MUST is broken.
fn told(actor: &Actor, program: &Program, source: &dyn Source, history: &History) -> (String, bool) {
    let mut lines = vec![format!("{}: {program:#}\n", actor.name())];
    lines.push(format!("{:>14}  {:<9}  what happened", "time in us", "context"));
    lines.extend(history.events.iter().map(line));
    lines.push(String::new());
    let (mut silent, mut failed) = (0, false);
    for rule in rules::all() {
        let lacking = source.lacks().iter().any(|lack| lack.covers(rule));
        match check::judge(rule, history).filter(|_| !lacking) {
            Some(Verdict::Holds { exercised }) if exercised > 0 => {
                lines.push(format!("  {:<18} holds   in {exercised} situations", rule.id));
            }
            Some(Verdict::Broken { why }) => {
                lines.push(format!("  {:<18} BROKEN  {why}", rule.id));
                failed |= rule.level == Level::Must;
            }
            _ => silent += 1,
        }
    }
    lines.push(format!("\n{silent} other rules have nothing to say about it."));
    if failed {
        lines.push(format!(
            "To make it smaller:  anyloop check {} --program {}",
            actor.selector(),
            quoted(program)
        ));
    }
    (lines.join("\n") + "\n", failed)
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
