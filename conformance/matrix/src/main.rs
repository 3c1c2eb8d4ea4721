//! The command `anyloop`: judges implementations against every rule, and explains the rules.
//!
//! | exit status | meaning |
//! | --- | --- |
//! | 0 | all is well |
//! | 1 | something that was judged is broken or vacuous, histories part, or this machine lacks what it takes |
//! | 2 | the command, a name or a program was not understood, or what is to be compared cannot be played on |
//! | 3 | a specimen of the zoo hung and could not be stopped; the program that did it is printed |

mod actor;
mod check;
mod diff;
mod doctor;
mod given;
mod known;
mod nearest;
mod play;
mod rules;
mod say;
mod soak;
mod subjects;
mod zoo;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Judges event loops, policies and child watchers against anyloop's rules.
#[derive(Parser)]
#[command(version, name = "anyloop", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  anyloop check                                judge all that runs on this machine
  anyloop check os/epoll+pidfd --report out    judge one, and write out/results.json
  anyloop play 'soon #1 { stop }; run' --on os/epoll+threaded
  anyloop diff 'soon #1 { stop }; run' sim os/epoll+threaded
  anyloop explain timer.tie

Exit status: 0 all is well; 1 something is broken or vacuous, histories part, or this machine lacks
what it takes; 2 the command, a name or a program was not understood. What crashes or hangs is judged like the rest.

Results have no colours; those of this help are left out if NO_COLOR is set.";

const CHECK_EXAMPLES: &str = "\
Examples:
  anyloop check
  anyloop check os/epoll+pidfd --report out
  anyloop check --programs 100000 --seed random
  anyloop check os/epoll+threaded --program 'soon #1 { stop }; soon #2; run'
  anyloop check specimen --program broken.loop
  anyloop check specimen/ties-backwards        what a failure looks like
  anyloop check --driver 'anyloop drive sim'   what speaks the kit's protocol, in any language
  anyloop check --driver 'python3 conformance/drivers/asyncio.py' --known conformance/drivers/known.toml

The programs of the kit's corpus, which showed a defect once, are played first. The same seed gives
the same programs. A failure is printed with the smallest program found and the command that plays
it again.";

const PLAY_EXAMPLES: &str = "\
Examples:
  anyloop play 'at 3 #1; at 3 #2; run' --on os/epoll+threaded
  anyloop play 'at 3 #1; at 3 #2; run' --on specimen/ties-backwards
  anyloop play wake-stop.loop --on specimen

Times are on the loop's clock, since the start of the play; other contexts have none.";

const DIFF_EXAMPLES: &str = "\
Examples:
  anyloop diff 'at 3 #1; at 3 #2; run' sim os/epoll+threaded
  anyloop diff 'at 3 #1; at 3 #2; run' specimen specimen/ties-backwards
  anyloop diff ties.loop sim --driver 'python3 conformance/drivers/asyncio.py'
  anyloop diff ties.loop sim --driver './simulation drive' --times
  anyloop diff ties.loop sim sim               is it chance?
  anyloop diff ties.loop | grep '^!'           only what differs, of all that runs here

The first is the reference: the others are aligned with it, context by context, by the longest common
subsequence of events. A row that differs begins with `!`. Handles, free text, times, and how often
nothing happens are shown, and are no difference; the order of events is one. On a real clock, with
threads or with children, that may be chance.

Exit status: 0 nothing parts; 1 something does; 2 the command, a name or a program was not understood,
or one of them cannot be played on.";

const DRIVE_EXAMPLES: &str = "\
Example:
  echo 'play soon #1 { stop }; run' | anyloop drive sim

The kit says `play PROGRAM`, and hears a line for each event, then `end`. The documentation of
anyloop_conformance::protocol has the rest.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  anyloop doctor
  ANYLOOP_CHILD_WATCHER=pidfd anyloop doctor

Exit status: 0 the default policy has a loop and a child watcher here; 1 it lacks one.";

const SOAK_EXAMPLES: &str = "\
Examples:
  anyloop soak --children 100000
  anyloop soak --children 1000000 --on os/epoll+safe --at-once 20

Exit status: 0 each ended as it should, and memory, descriptors, children and threads are as before; 1 otherwise.";

#[derive(Subcommand)]
enum Command {
    /// Judge implementations: no MUST may be broken, vacuous or hung.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(check::Options),
    /// Play one program, and print what happened and which rules that kept or broke.
    #[command(after_help = PLAY_EXAMPLES)]
    Play(play::Options),
    /// Play one program on several, and show side by side where their histories part.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(diff::Options),
    /// Play for the kit at the other end of the standard streams, by its protocol.
    ///
    /// `check`, `play` and `diff` start this, so that an implementation can crash without them.
    #[command(after_help = DRIVE_EXAMPLES)]
    Drive {
        /// What to play on: one of `anyloop subjects`, `specimen`, or a sick one such as
        /// `specimen/ties-backwards`.
        subject: String,
    },
    /// List the implementations that can be judged here.
    #[command(after_help = "Example:\n  anyloop subjects")]
    Subjects,
    /// List the rules.
    #[command(after_help = "Example:\n  anyloop rules --level should")]
    Rules {
        /// Only the rules of this level.
        #[arg(long, value_enum)]
        level: Option<Level>,
        /// Where they come from: the map to asyncio's rules, both ways.
        #[arg(long, conflicts_with = "level")]
        ancestors: bool,
    },
    /// Say what a rule means, where it comes from, and who breaks it.
    #[command(after_help = "Example:\n  anyloop explain timer.tie")]
    Explain {
        /// The id of the rule, such as timer.tie.
        rule: String,
    },
    /// Say what this machine offers, what will be used, and why.
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor,
    /// Start so many short children, and show that each ends as it should and that nothing is left.
    #[command(after_help = SOAK_EXAMPLES)]
    Soak(soak::Options),
    /// Show that every judge bites: run it on specimens that break its rule.
    #[command(after_help = "Example:\n  anyloop zoo --programs 4096 --seed 7")]
    Zoo {
        /// How many programs of the core kind a specimen may survive; the other kinds in proportion.
        #[arg(long)]
        programs: Option<u32>,
        /// Where the random programs begin.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// How many seeds, from that one on, each specimen has to die with.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        seeds: u32,
    },
}

/// A level, as it is written on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum Level {
    Must,
    Should,
    May,
}

impl From<Level> for anyloop::rules::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Must => Self::Must,
            Level::Should => Self::Should,
            Level::May => Self::May,
        }
    }
}

/// How a command ended.
enum Outcome {
    /// All is well.
    Well,
    /// Something that was judged is broken or vacuous.
    Broken,
    /// The command was not understood: what to say about it.
    Misunderstood(String),
}

fn main() -> ExitCode {
    // Children of the kit are this very program, started again.
    anyloop_conformance::world::enter_if_child();
    let outcome = match Cli::parse().command {
        Command::Check(options) => check::run(&options),
        Command::Play(options) => play::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Drive { subject } => match actor::choose_one(&subject) {
            Ok(actor) => actor.serve(),
            Err(why) => Outcome::Misunderstood(why),
        },
        Command::Subjects => subjects::list(),
        Command::Rules { ancestors: true, .. } => rules::ancestors(),
        Command::Rules { level, .. } => rules::list(level.map(Into::into)),
        Command::Explain { rule } => rules::explain(&rule),
        Command::Doctor => doctor::run(),
        Command::Soak(options) => soak::run(&options),
        Command::Zoo { programs, seed, seeds } => zoo::run(programs, seed, seeds),
    };
    match outcome {
        Outcome::Well => ExitCode::SUCCESS,
        Outcome::Broken => ExitCode::FAILURE,
        Outcome::Misunderstood(why) => {
            eprintln!("anyloop: {why}");
            ExitCode::from(2)
        }
    }
}
