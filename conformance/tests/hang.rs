//! A play that does not come back ends the process, and the program is on stderr.

use std::process::Command;
use std::{env, thread};

use anyloop::{Loop, Policy};
use anyloop_conformance::{Program, Specimen, Subject, check, play, world};

const PROGRAM: &str = "soon #1; burn 1";

/// Hangs for ever, deaf to every stop.
#[derive(Clone, Copy)]
enum Hanging {
    InCallback,
    InConstructor,
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

impl Subject for Hanging {
    fn policy(&self) -> Policy {
        match self {
            Self::InCallback => Specimen::default().policy(),
            Self::InConstructor => hang(),
        }
    }

    fn burn(&self) -> fn(&Loop, std::time::Duration) {
        |_, _| hang()
    }
}

const WHERE: &str = "HANG_WHERE";

fn main() {
    if let Ok(place) = env::var(WHERE) {
        let subject = if place == "callback" { Hanging::InCallback } else { Hanging::InConstructor };
        check::replay_with("mine --program {}");
        let program: Program = PROGRAM.parse().unwrap();
        let history = play(&program, &subject, &world::real());
        unreachable!("it came back: {history}");
    }
    for place in ["callback", "constructor"] {
        let mut command = Command::new(env::current_exe().unwrap());
        let output = command.env(WHERE, place).env("ANYLOOP_PATIENCE_MS", "40").output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{place}: {stderr}");
        assert!(stderr.contains(&format!("Replay it:  mine --program '{PROGRAM}'")), "{place}: {stderr}");
    }
    println!("a hang is a verdict");
}
