//! A play that does not come back ends the process, and the program is on stderr.

use std::process::Command;
use std::{env, thread};

use anyloop::{Loop, Policy};
use anyloop_conformance::{Program, Specimen, Subject, check, play, world};

const PROGRAM: &str = "soon #1; burn 1";

/// Hangs for ever, deaf to every stop.
struct Hanging;

impl Subject for Hanging {
    fn policy(&self) -> Policy {
        Specimen::default().policy()
    }

    fn burn(&self) -> fn(&Loop, std::time::Duration) {
        |_, _| loop {
            thread::park();
        }
    }
}

fn main() {
    if env::var_os("ANYLOOP_PATIENCE_MS").is_some() {
        check::replay_with("mine --program {}");
        let program: Program = PROGRAM.parse().unwrap();
        let history = play(&program, &Hanging, &world::real());
        unreachable!("it came back: {history}");
    }
    let output = Command::new(env::current_exe().unwrap()).env("ANYLOOP_PATIENCE_MS", "40").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains(&format!("Replay it:  mine --program '{PROGRAM}'")), "{stderr}");
    println!("a hang is a verdict");
}
