//! How does anyloop's reference loop compare with its peers, and with the bare limit?
//!
//! | file | answers |
//! | --- | --- |
//! | `case.rs` | what is a measurement? |
//! | `call_soon/`, `timers/`, `wake/`, `policy/`, `startup/`, `hello/`, `children/`, `readiness/` | what is measured? |
//! | `limits/` | what does it cost by hand? |
//! | `peers.rs`, `uv.rs` | how are other loops reached? |
//! | `clock.rs` | how are time and memory measured? |
//! | `runner.rs` | how is it all run? |
//! | `results.rs`, `report/` | what came out, and how is it shown? |
//! | `counts/` | how many instructions does it take, and has that grown? |

mod call_soon;
mod case;
mod children;
mod clock;
mod counts;
mod hello;
mod limits;
mod peers;
mod policy;
mod readiness;
mod report;
mod results;
mod runner;
mod startup;
mod timers;
mod uv;
mod wake;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use case::Topic;
use report::goals::{self, Outcome};
use report::{plot, table};
use results::Results;
use runner::Effort;

/// Measures anyloop's loop, the bare limit and other loops, interleaved.
#[derive(Parser)]
#[command(name = "cargo peers", args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What to measure: all, if nothing is named.
    topics: Vec<String>,
    /// How often each subject runs; five, or three quick ones.
    #[arg(long)]
    rounds: Option<u32>,
    /// Short samples, to see whether everything works: no basis for conclusions.
    #[arg(long)]
    quick: bool,
    /// Where results.json and the plots go.
    #[arg(long, default_value = "target/peers")]
    out: PathBuf,
    /// TOPIC CASE SUBJECT LENGTH: one sample, in this process.
    #[arg(long, num_args = 4, hide = true)]
    one: Option<Vec<String>>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Counts instructions under callgrind, and fails if a hot path has grown.
    Counts(counts::Arguments),
}

fn topics() -> Vec<Topic> {
    vec![
        call_soon::topic(),
        timers::topic(),
        wake::topic(),
        policy::topic(),
        startup::topic(),
        hello::topic(),
        children::topic(),
        readiness::topic(),
    ]
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (&arguments.command, &arguments.one) {
        (Some(Command::Counts(counts)), _) => return counts::run(counts),
        (None, Some(one)) => run_one(one).map(|()| ExitCode::SUCCESS),
        (None, None) => run(&arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}

fn run_one(one: &[String]) -> Result<(), String> {
    let [topic, case, subject, length] = one else { return Err("--one takes four words".into()) };
    let mut topics = topics();
    topics.push(counts::topic());
    let topic = topics.iter().find(|found| found.name == topic).ok_or("no such topic")?;
    let case = topic.cases.iter().find(|found| found.name == case).ok_or("no such case")?;
    runner::run_one(case, subject, length.parse().map_err(|_| "a length is a number")?)
}

/// The topics that were asked for.
fn chosen(names: &[String]) -> Result<Vec<Topic>, String> {
    let all = topics();
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|topic| topic.name == **name)) {
        let known: Vec<_> = all.iter().map(|topic| topic.name).collect();
        return Err(format!("no topic is called {unknown}: there are {}", known.join(", ")));
    }
    Ok(all
        .into_iter()
        .filter(|topic| names.is_empty() || names.iter().any(|name| name == topic.name))
        .collect())
}

fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let mut chosen = chosen(&arguments.topics)?;
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 3 } else { 5 }).max(1);
    let effort = Effort { rounds, quick: arguments.quick };
    let mut results = Results {
        compiler: env!("RUSTC_VERSION"),
        libuv: uv::version(),
        rounds,
        quick: arguments.quick,
        topics: Vec::new(),
    };
    println!("{}, libuv {}", results.compiler, results.libuv.as_deref().unwrap_or("missing"));
    if effort.quick {
        println!("quick samples: no basis for conclusions");
    }
    for topic in &mut chosen {
        topic.cases.retain(|case| !effort.quick || case.quick > 0);
        let measured = runner::run_topic(topic, effort);
        println!("\n## {}", table::of(&measured));
        results.topics.push(measured);
    }
    let outcomes = goals::judge(&results.topics);
    println!("## Goals\n\n{}", goals::listing(&outcomes));
    write_all(&arguments.out, &results, &outcomes)
        .map_err(|error| format!("{}: {error}", arguments.out.display()))?;
    println!("results.json and the plots are in {}", arguments.out.display());
    let failed = results
        .topics
        .iter()
        .flat_map(|topic| &topic.cases)
        .flat_map(|case| &case.subjects)
        .any(|subject| subject.failed);
    Ok(ExitCode::from(u8::from(failed)))
}

/// Writes what programs and browsers read.
fn write_all(directory: &Path, results: &Results, outcomes: &[Outcome]) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let everything = serde_json::json!({ "results": results, "goals": outcomes });
    fs::write(directory.join("results.json"), format!("{everything:#}\n"))?;
    for topic in &results.topics {
        fs::write(directory.join(format!("{}.svg", topic.name)), plot::of(topic))?;
    }
    Ok(())
}
