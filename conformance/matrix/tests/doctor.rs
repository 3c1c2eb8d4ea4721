//! What `anyloop doctor` says is what is in force.
#![cfg(target_os = "linux")]

use std::process::Command;

fn anyloop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anyloop"));
    command.args(arguments).env_remove("ANYLOOP_CHILD_WATCHER");
    command
}

/// The line of the table about `what`, and the status.
fn doctor(command: &mut Command, what: &str) -> (String, Option<i32>) {
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let line = stdout.lines().find(|line| line.trim_start().starts_with(what));
    (line.unwrap_or_else(|| panic!("nothing about {what}:\n{stdout}")).to_string(), output.status.code())
}

#[test]
fn the_watcher_is_the_one_that_the_environment_names() {
    let mut named = anyloop(&["doctor"]);
    let (line, status) = doctor(named.env("ANYLOOP_CHILD_WATCHER", "threaded"), "child watcher");
    assert!(line.contains("ThreadedChildWatcher") && line.contains("`threaded`"), "{line}");
    assert_eq!(status, Some(0));

    let (line, _) = doctor(anyloop(&["doctor"]).env("ANYLOOP_CHILD_WATCHER", "pidfd"), "child watcher");
    let (pidfd, _) = doctor(&mut anyloop(&["doctor"]), "pidfd");
    assert_eq!(pidfd.contains("yes"), line.contains("PidfdChildWatcher"), "{line}\n{pidfd}");

    let mut unknown = anyloop(&["doctor"]);
    let (line, status) = doctor(unknown.env("ANYLOOP_CHILD_WATCHER", "none such"), "child watcher");
    assert!(line.contains("ANYLOOP_CHILD_WATCHER"), "{line}");
    assert_eq!(status, Some(1), "there is no watcher of that name");
}

/// The command, started by a shell that did something first.
fn after(preparation: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.env_remove("ANYLOOP_CHILD_WATCHER").arg("-c").arg(format!("{preparation} \"$0\" doctor"));
    shell.arg(anyloop(&[]).get_program());
    shell
}

#[test]
fn limits_and_signals_are_those_that_are_in_force() {
    let (line, status) = doctor(&mut after("ulimit -n 77; exec"), "descriptors");
    assert!(line.contains(" 77 "), "{line}");
    assert_eq!(status, Some(0));
    let (line, _) = doctor(&mut after("env --ignore-signal=CHLD"), "SIGCHLD");
    assert!(line.contains("  ignored") && line.contains("statuses are lost"), "{line}");
    let (line, _) = doctor(&mut after("env --default-signal=CHLD"), "SIGCHLD");
    assert!(line.contains("not ignored"), "{line}");
}

#[test]
fn without_descriptors_there_is_no_loop_and_no_crash() {
    let (line, status) = doctor(&mut after("ulimit -n 4; exec"), "event loop");
    assert!(line.contains("none"), "{line}");
    assert_eq!(status, Some(1));
}
