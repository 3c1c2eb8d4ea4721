//! The command `anyloop`: judges implementations against every rule, and explains the rules.
//!
//! Exit status: 0 if all is well, 1 if something that was judged is broken or vacuous, 2 if the
//! command was not understood, 3 if something hung and could not be stopped.

mod check;
mod nearest;
mod rules;
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
  anyloop check --programs 100000 --seed random
  anyloop explain timer.tie
  anyloop rules --level should

Exit status: 0 all is well; 1 something is broken or vacuous; 2 the command was not understood;
3 something hung and could not be stopped: the program that did it is printed.";

#[derive(Subcommand)]
enum Command {
    /// Judge implementations: no MUST may be broken, vacuous or hung.
    Check(check::Options),
    /// List the implementations that can be judged here.
    Subjects,
    /// List the rules.
    Rules {
        /// Only the rules of this level.
        #[arg(long, value_enum)]
        level: Option<Level>,
    },
    /// Say what a rule means, where it comes from, and who breaks it.
    Explain {
        /// The id of the rule, such as timer.tie.
        rule: String,
    },
    /// Show that every judge bites: run it on specimens that break its rule.
    Zoo {
        /// How many programs of the core kind a specimen may survive; the other kinds in proportion.
        #[arg(long)]
        programs: Option<u32>,
        /// Where the random programs begin.
        #[arg(long, default_value_t = 0)]
        seed: u64,
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
        Command::Subjects => subjects::list(),
        Command::Rules { level } => rules::list(level.map(Into::into)),
        Command::Explain { rule } => rules::explain(&rule),
        Command::Zoo { programs, seed } => zoo::run(programs, seed),
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
