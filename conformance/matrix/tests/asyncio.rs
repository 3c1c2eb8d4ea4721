//! CPython's asyncio is judged as any other, by its driver, and what it breaks is known.

mod said;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use said::run;

/// Where the drivers are.
fn drivers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../drivers")
}

/// Fails loudly where there is no Python.
fn python() -> &'static str {
    let found = Command::new("python3").arg("--version").output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "python3 is missing: install Debian's python3, or CPython 3.8 or later"
    );
    "python3"
}

/// The command of the driver, with a program of Python in front that may break asyncio first.
fn driver(before: &str) -> String {
    let script = drivers().join("asyncio.py");
    let script = script.to_str().unwrap();
    match before {
        "" => format!("{} '{script}'", python()),
        before => format!(
            "{} -c '{before}; import runpy, sys; sys.argv = [\"{script}\"]; \
             runpy.run_path(sys.argv[0], run_name=\"__main__\")'",
            python()
        ),
    }
}

/// A file of what is known, with one entry.
fn known(name: &str, rule: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let entry =
        format!("[[known]]\ndrivers = ['asyncio-*', 'specimen']\nrules = ['{rule}']\nwhy = 'of this test'\n");
    fs::write(&path, entry).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Heaps keep no order among equal deadlines.
const TIES: &str = "at 6 #1; at 6 #2; at 0 #3";

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn a_driver_in_python_plays() {
    let program = "soon #1 { post #2 }; soon #8; thread #3 { soon #4; stop }; at 2 #5; \
                   until #6 { task #7 { yield; sleep 1 }; await #7 }; run";
    let said = run(&["play", program, "--driver", &driver("")], 0);
    for part in ["ready.fifo", "wake.once", "future.join", "future.sleep"] {
        assert!(said.contains(&format!("  {part:<18} holds ")), "{part} is missing:\n{said}");
    }
}

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn a_child_is_watched() {
    let program = "child %1 exit 7; watch %1 #1; child %2 signal 9; watch %2 #2; end %1; ended %2; run";
    let said = run(&["play", program, "--driver", &driver("")], 0);
    assert!(said.contains("status: Exited(7)") && said.contains("status: Signaled { signal: 9"), "{said}");
}

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn what_is_known_is_no_failure() {
    let driver = driver("");
    let check = ["check", "--driver", &driver, "--program", TIES];
    assert!(run(&check, 1).contains("timer.tie  MUST"));
    let file = known("ties.toml", "timer.tie");
    let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("known");
    let reported = ["--report", report.to_str().unwrap(), "--known", &file];
    let said = run(&[&check[..], &reported].concat(), 0);
    assert!(said.contains("timer.tie known: of this test"), "{said}");
    let results = fs::read_to_string(report.join("results.json")).unwrap();
    assert!(results.contains("\"verdict\": \"known\"") && results.contains("\"known\": \"of this test\""));
    assert!(fs::read_to_string(report.join("junit.xml")).unwrap().contains(", known: of this test"));
}

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn what_is_known_and_holds_is_a_failure() {
    let file = known("fifo.toml", "ready.fifo");
    let said = run(&["check", "specimen", "--programs", "1", "--known", &file], 1);
    assert!(said.contains("ready.fifo  unexpected pass: "), "{said}");
    let text = fs::read_to_string(&file).unwrap() + "sometimes = true\n";
    fs::write(&file, text).unwrap();
    let said = run(&["check", "specimen", "--programs", "1", "--known", &file], 1);
    assert!(!said.contains("unexpected pass"), "{said}");
}

#[test]
fn what_is_no_list_of_what_is_known_is_not_understood() {
    let with = |name: &str, text: &str| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).unwrap();
        run(&["check", "specimen", "--program", "run", "--known", path.to_str().unwrap()], 2)
    };
    assert!(with("no.toml", "nonsense").contains("no.toml"));
    let unknown = with("rule.toml", "[[known]]\ndrivers = ['*']\nrules = ['timer.ties']\nwhy = 'so'\n");
    assert!(unknown.contains("did you mean `timer.tie`?"), "{unknown}");
    let silent = with("why.toml", "[[known]]\ndrivers = ['*']\nrules = ['timer.tie']\nwhy = ' '\n");
    assert!(silent.contains("does not say why"), "{silent}");
    let entry = "[[known]]\ndrivers = ['*']\nrules = ['timer.tie']\nwhy = 'so'\n";
    let twice = with("twice.toml", &entry.repeat(2));
    assert!(twice.contains("two entries for timer.tie"), "{twice}");
    assert!(run(&["check", "specimen", "--known", "missing.toml"], 2).contains("cannot be read"));
}

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn one_flipped_comparison_is_named() {
    let flipped = "import asyncio; asyncio.TimerHandle.__lt__ = lambda one, other: one._when > other._when";
    let program = "at 300 #1; at 200 #2; burn 400; run";
    let said = run(&["check", "--driver", &driver(flipped), "--program", program], 1);
    assert!(said.contains("timer.order  MUST"), "{said}");
    let said = run(&["check", "--driver", &driver(""), "--program", program], 0);
    assert!(!said.contains("timer.order  MUST"), "{said}");
}

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn a_driver_that_hangs_says_so() {
    let hangs = "import asyncio; asyncio.SelectorEventLoop.stop = lambda loop: None";
    let driver = format!("env ANYLOOP_PATIENCE_MS=300 {}", driver(hangs));
    let said = run(&["check", "--driver", &driver, "--program", "run"], 1);
    assert!(said.contains("run.returns  MUST"), "{said}");
}

#[test]
#[ignore = "needs Python: .ci/run drivers installs it"]
fn what_is_no_program_is_said_to_be_none() {
    use std::io::Write;

    let mut child = Command::new(python())
        .args(["-X", "dev"])
        .arg(drivers().join("asyncio.py"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let asked = "play soon\nnonsense\nplay soon #1 { touchy #2; task #3 { park } }; at 2 #4; run\n";
    child.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let Output { stdout, stderr, status } = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && stdout.ends_with("\nend\n"), "{stdout}");
    assert!(stdout.contains("\n// expected a label like #3, but the text ends\nend\n"), "{stdout}");
    assert!(stdout.contains("\n// not understood: nonsense\n"), "{stdout}");
    assert_eq!(stderr, "", "it has no warnings of its own");
}
