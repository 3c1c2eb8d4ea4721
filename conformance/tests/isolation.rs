//! A subject that aborts or hangs in the middle of a play breaks a rule, with its program, and the
//! run goes on.

use std::env;
use std::process::Command;
use std::time::Duration;

use anyloop::rules::{Rule, ready, run};
use anyloop::{Loop, Policy};
use anyloop_conformance::check::{Outcome, check_source};
use anyloop_conformance::protocol::Driver;
use anyloop_conformance::{Lack, Options, Specimen, Subject, What, trials};

const WHAT: &str = "ISOLATION_WHAT";

/// Does what no loop may do, whenever a program keeps it busy.
#[derive(Default)]
struct Deadly;

impl Subject for Deadly {
    fn policy(&self) -> Policy {
        Specimen::default().policy()
    }

    fn lacks(&self) -> Vec<Lack> {
        const WHY: &str = "it has little patience, and children take their time";
        vec![Lack::family("child", WHY), Lack::family("fork", WHY)]
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn burn(&self) -> fn(&Loop, Duration) {
        match env::var(WHAT).as_deref() {
            Ok("hang") => |_, _| loop {
                std::thread::park();
            },
            _ => |_, _| std::process::abort(),
        }
    }
}

fn main() {
    if env::var_os("ANYLOOP_DRIVE").is_some() {
        trials::main::<Deadly>("deadly");
    }
    breaks("abort", &run::ALIVE, &run::RETURNS, "the process ended: signal: 6 (SIGABRT)");
    breaks("hang", &run::RETURNS, &run::ALIVE, "did not return");
    println!("a crash is a verdict, and the run goes on");
}

/// Judges a subject that does `what`: it breaks one rule, and keeps the others.
fn breaks(what: &str, broken: &Rule, kept: &Rule, words: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env("ANYLOOP_DRIVE", "subject").env(WHAT, what);
    let driver = Driver::start(command).unwrap();
    let rules = [broken.id, kept.id, ready::FIFO.id].map(String::from).into();
    let options = Options { rules, programs: Some(16), ..Options::default() };
    let report = check_source("deadly", &driver, &options, |_, _, _| {});
    assert!(!report.conforms());
    for rule in [kept, &ready::FIFO] {
        let cell = report.cell(rule).unwrap();
        assert_eq!(cell.verdict(), "holds", "{what}: {rule}\n{}", trials::explain(cell));
        assert!(cell.exercised > 0 && cell.programs > 16, "{what}: the run went on");
    }
    let Outcome::Broken(failure) = &report.cell(broken).unwrap().outcome else { panic!("{report:?}") };
    assert!(failure.why.contains(words), "{}", failure.why);
    assert_eq!(failure.program.to_string(), "burn 0\n");
    let told = failure.history.events.iter().any(|event| event.what == What::Burning);
    assert!(told, "{what}: what happened before is told:\n{}", failure.history);
}
