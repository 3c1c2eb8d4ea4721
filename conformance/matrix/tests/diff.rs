//! What `anyloop diff` says, and the status that it ends with.

use std::process::{Command, Output};

const ANYLOOP: &str = env!("CARGO_BIN_EXE_anyloop");

/// Runs it; what it says, if it ends with that status.
fn diff(arguments: &[&str], status: i32) -> String {
    let output = Command::new(ANYLOOP).arg("diff").args(arguments).output().unwrap();
    let Output { stdout, stderr, status: ended } = output;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(ended.code(), Some(status), "{arguments:?}\n{stdout}\n{stderr}");
    if status == 2 { stderr.into_owned() } else { stdout.into_owned() }
}

#[test]
fn the_same_is_the_same() {
    let program = "at 3 #1; soon #2 { soon #4 }; post #3; run; cancel #1";
    let stdout = diff(&[program, "specimen", "sim"], 0);
    assert!(stdout.contains("sim does the same as specimen"), "{stdout}");
    assert!(!stdout.lines().any(|line| line.starts_with('!')), "{stdout}");
}

#[test]
fn where_histories_part_is_marked() {
    let sick = format!("'{ANYLOOP}' drive specimen/ties-backwards");
    let stdout = diff(&["at 3 #1; at 3 #2; run", "specimen", "--driver", &sick, "--width", "100"], 1);
    let says = "specimen/ties-backwards parts from specimen in ";
    assert!(stdout.contains(says) && stdout.contains("`started #2` in the place of nothing"), "{stdout}");
    let marked: Vec<&str> = stdout.lines().filter(|line| line.starts_with("! ")).collect();
    let (left, right): (Vec<_>, Vec<_>) = marked.iter().map(|line| line.split_once(" | ").unwrap()).unzip();
    assert!(left.iter().any(|cell| cell.contains("started #2")), "{stdout}");
    assert!(right.iter().any(|cell| cell.contains("started #2")), "{stdout}");
    assert!(
        stdout.lines().any(|line| line.starts_with("  ") && line.matches("enter").count() == 2),
        "{stdout}"
    );
}

#[test]
fn times_count_if_that_is_asked_for() {
    // The driver's clock goes on by itself.
    let program = "burn 1; soon #1; run";
    diff(&[program, "sim", "os/epoll+threaded"], 0);
    diff(&[program, "sim", "os/epoll+threaded", "--times"], 1);
    diff(&[program, "sim", "sim", "--times"], 0);
}

#[test]
fn lines_fit() {
    for (width, columns) in [(&[][..], 80), (&["--width", "60"], 60), (&["--width", "133"], 133)] {
        let arguments = [&["at 3 #1; post #2; run", "sim", "specimen", "specimen"], width].concat();
        let stdout = diff(&arguments, 0);
        let table: Vec<&str> = stdout.lines().filter(|line| line.contains(" | ")).collect();
        let longest = table.iter().map(|line| line.chars().count()).max();
        assert!(longest <= Some(columns) && table.len() > 20, "{longest:?} of {columns}\n{stdout}");
    }
}

#[test]
fn what_cannot_be_compared_is_not_understood() {
    assert!(diff(&["run", "sim"], 2).contains("name two subjects or more"));
    assert!(diff(&["run", "sim", "sims"], 2).contains("did you mean `sim`?"));
    assert!(diff(&["soon", "sim", "specimen"], 2).contains("line 1, column 5"));
    let stderr = diff(&["run", "sim", "--driver", "no-such-driver"], 2);
    assert!(stderr.contains("no-such-driver cannot be played on: the driver `no-such-driver`"), "{stderr}");
}

#[test]
fn a_specimen_that_ends_its_process_parts() {
    let stdout = diff(&["soon #1; run; cancel #1", "specimen", "specimen/aborts"], 1);
    assert!(stdout.contains("died"), "{stdout}");
}
