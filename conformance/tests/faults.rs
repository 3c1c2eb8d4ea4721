//! A driver that does not do its part is reported as such, never as a broken rule, and is ended.

use std::io::{Write, stdin, stdout};
use std::process::{self, Command};
use std::{env, thread};

use anyloop_conformance::check::{Options, check_source};
use anyloop_conformance::protocol::{Driver, Fault};

const WHAT: &str = "FAULTS_WHAT";

const GREETING: &str = "anyloop 1 bad 0.1\nlacks child it has none\npatience 5\nready\n";

fn main() {
    if let Ok(what) = env::var(WHAT) {
        misbehave(&what);
    }
    for (what, words) in [
        ("mumbles", "says \"hello\" in the place of `anyloop 1 NAME`"),
        ("is old", "speaks version 0 of the protocol, not 1"),
        ("dies first", "ended before it was ready: exit status: 7, saying \"I have no loop\""),
        ("adds", "says \"and so on\", which no greeting has"),
    ] {
        let fault = start(what).map(drop).unwrap_err();
        assert!(fault.to_string().contains(words), "{what}: {fault}");
    }
    for (what, words) in [
        ("garbles", "says \"\u{fffd}?\", which is no event"),
        ("breaks UTF-8", "says what is not UTF-8"),
        ("floods", "with more than"),
    ] {
        let driver = start(what).unwrap();
        assert_eq!(driver.name(), "bad 0.1");
        let report = check_source("bad", &driver, &Options::default(), |_, _, _| {});
        let fault = report.fault.as_ref().expect(what).to_string();
        assert!(fault.contains(words), "{what}: {fault}");
        assert!(!report.conforms());
        let judged = |verdict| report.cells.iter().any(|cell| cell.verdict() == verdict);
        assert!(!judged("broken") && !judged("vacuous"), "{what}: a fault is no verdict");
        assert!(judged("lacks"), "{what}: what was said before counts");
    }
    println!("a driver's faults are its own");
}

fn start(what: &str) -> Result<Driver, Fault> {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(WHAT, what);
    Driver::start(command)
}

fn say(bytes: impl AsRef<[u8]>) {
    // The kit may have had enough.
    let said = stdout().write_all(bytes.as_ref()).and_then(|()| stdout().flush());
    if said.is_err() {
        process::exit(0);
    }
}

fn misbehave(what: &str) -> ! {
    match what {
        "mumbles" => say("hello\n"),
        "is old" => say("anyloop 0 bad\nready\n"),
        "adds" => say("anyloop 1 bad\nand so on\n"),
        "dies first" => {
            eprintln!("I have no loop");
            process::exit(7);
        }
        _ => say(GREETING),
    }
    let mut line = String::new();
    let _ = stdin().read_line(&mut line);
    match what {
        "garbles" => say("\u{fffd}?\nend\n"),
        "breaks UTF-8" => say(b"- 0 \xff\nend\n"),
        "floods" => loop {
            say("- 0 stop\n".repeat(1000));
        },
        _ => {}
    }
    loop {
        // It has to be ended.
        thread::park();
    }
}
