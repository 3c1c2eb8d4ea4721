//! What the command says, and the status that it ends with.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn anyloop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anyloop"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs the command; its stdout, if it ends with that status.
fn run(arguments: &[&str], status: i32) -> String {
    let Output { stdout, stderr, status: ended } = anyloop(arguments).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(ended.code(), Some(status), "{arguments:?}\n{stdout}\n{stderr}");
    if status == 2 { stderr.into_owned() } else { stdout.into_owned() }
}

/// A file with that content.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn play_prints_the_history_and_what_it_shows() {
    let stdout = run(&["play", "at 3 #1; soon #2; run", "--on", "specimen"], 0);
    for part in ["Started        label: #2", "ready.progress     holds   in 2 situations", "timer.early"] {
        assert!(stdout.contains(part), "{part} is missing:\n{stdout}");
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_crash() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = anyloop(&["play", "run", "--on", "specimen"]).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn play_says_which_rule_is_broken() {
    let stdout = run(&["play", "at 3 #1; at 3 #2; run", "--on", "specimen/ties-backwards"], 1);
    assert!(stdout.contains("timer.tie          BROKEN  #2 started before #1"), "{stdout}");
}

#[test]
fn a_failure_prints_the_command_that_plays_it_again() {
    let arguments = ["check", "specimen/ties-backwards", "--program", "soon #7; at 3 #1; at 3 #2; run"];
    let stdout = run(&arguments, 1);
    let replay = "Replay it:  anyloop check specimen/ties-backwards --program 'at 3 #1; at 3 #2'";
    assert!(stdout.contains(replay), "{stdout}");
    let again = run(&["check", "specimen/ties-backwards", "--program", "at 3 #1; at 3 #2"], 1);
    assert!(again.contains(replay), "{again}");
    let corpus = run(&["check", "specimen/ties-backwards", "--programs", "1"], 1);
    assert!(corpus.contains("[corpus/timer-ties.loop, "), "the corpus comes first:\n{corpus}");
}

#[test]
fn a_program_can_come_from_a_file() {
    let path = file("good.loop", b"// fine\nsoon #1\nrun\n");
    let path = path.to_str().unwrap();
    assert!(run(&["check", "specimen", "--program", path], 0).contains("program 'soon #1; run'"));
    assert!(run(&["play", path, "--on", "specimen"], 0).contains("Started"));
}

#[test]
fn what_is_no_program_is_shown_with_file_line_and_column() {
    let path = file("bad.loop", b"stop\n  soon 3\n");
    let path = path.to_str().unwrap();
    let expected = format!(
        "anyloop: {path}, line 2, column 8: expected a label like #3, not `3`\n  2 |   soon 3\n    |        ^\n"
    );
    assert_eq!(run(&["check", "specimen", "--program", path], 2), expected);
    assert_eq!(run(&["play", path, "--on", "specimen"], 2), expected);

    let path = file("bytes.loop", b"stop\nrun \xff\n");
    let stderr = run(&["play", path.to_str().unwrap(), "--on", "specimen"], 2);
    assert!(stderr.contains("bytes.loop, line 2, column 5: "), "{stderr}");
    let stderr = run(&["check", "--program", "soon"], 2);
    assert!(stderr.contains("the program, line 1, column 5: "), "{stderr}");
    let stderr = run(&["check", "--program", "missing.loop"], 2);
    assert!(stderr.contains("missing.loop cannot be read: "), "{stderr}");
}

#[test]
fn what_is_not_known_is_not_understood() {
    let stderr = run(&["play", "run", "--on", "specimen/ties-backward"], 2);
    assert!(stderr.contains("did you mean `specimen/ties-backwards`?"), "{stderr}");
    let stderr = run(&["check", "specimens"], 2);
    assert!(stderr.contains("there is no subject `specimens`"), "{stderr}");
    run(&["check", "--seed", "dice"], 2);
}

#[test]
fn a_random_seed_is_printed_first_and_can_be_given_again() {
    // So few programs may leave a rule unexercised, whatever the seed: the status says nothing here.
    let first_line = |seed: &str| {
        let mut command = anyloop(&["check", "specimen", "--programs", "1", "--seed", seed]);
        String::from_utf8(command.output().unwrap().stdout).unwrap().lines().next().unwrap().to_string()
    };
    let random = first_line("random");
    let seed = random.strip_prefix("seed ").unwrap();
    assert_eq!(first_line(seed), random);
}

#[test]
fn colours_are_left_out_if_somebody_asks_for_that() {
    let coloured = |no: Option<&str>| {
        let mut command = anyloop(&["check", "--help"]);
        command.env("CLICOLOR_FORCE", "1").envs(no.map(|value| ("NO_COLOR", value)));
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(coloured(None), "without colours there is nothing to leave out");
    assert!(!coloured(Some("1")));
}

#[test]
fn every_subcommand_has_an_example() {
    let help = run(&["--help"], 0);
    let list = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = list.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 5, "{help}");
    for name in names.iter().filter(|name| **name != "help") {
        let help = run(&[name, "--help"], 0);
        assert!(help.contains(&format!("anyloop {name}")) && help.contains("Example"), "{help}");
    }
    assert!(help.contains("Exit status: 0 "), "{help}");
}

#[test]
fn a_driver_is_judged_as_any_other() {
    let anyloop = env!("CARGO_BIN_EXE_anyloop");
    let driver = format!("'{anyloop}' drive specimen/ties-backwards");
    let stdout = run(&["check", "--driver", &driver, "--program", "at 3 #1; at 3 #2"], 1);
    assert!(stdout.contains("\nspecimen/ties-backwards  ("), "its own name is used:\n{stdout}");
    assert!(stdout.contains("timer.tie  MUST"), "{stdout}");
    assert!(stdout.contains("Replay it:  anyloop check --driver "), "{stdout}");
    let stdout = run(&["play", "run", "--driver", &format!("'{anyloop}' drive sim")], 0);
    assert!(stdout.contains("Returned"), "{stdout}");
}

#[test]
fn what_is_no_driver_is_said_to_be_none() {
    let output = anyloop(&["check", "--driver", "no-such-driver --at-all"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the driver `no-such-driver` cannot be started"), "{stderr}");
}

#[test]
fn a_specimen_that_ends_its_process_is_judged() {
    let stdout = run(&["play", "soon #1; run; cancel #1", "--on", "specimen/aborts"], 1);
    for part in ["Cancelling", "Died", "run.alive          BROKEN  the process ended"] {
        assert!(stdout.contains(part), "{part} is missing:\n{stdout}");
    }
}

#[test]
fn what_a_forked_child_does_is_not_told_as_the_parents() {
    use std::io::Write;
    use std::process::Stdio;

    let mut driver = anyloop(&["drive", "specimen"]);
    let mut driver = driver.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let program = "soon #1 { fork }; run";
    write!(driver.stdin.take().unwrap(), "play {program}\ntrace {program}\n").unwrap();
    let said = driver.wait_with_output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    let (_, plays) = said.split_once("ready\n").unwrap();
    // Times and handles are of each play, words are not.
    let words =
        |play: &str| play.lines().filter_map(|line| line.split(' ').nth(2)).collect::<Vec<_>>().join(" ");
    let plays: Vec<String> = plays.split("end\n").map(words).collect();
    assert!(plays[0].contains("forked"), "{said}");
    assert_eq!(plays[0], plays[1], "{said}");
}
