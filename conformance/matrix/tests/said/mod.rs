//! What does the command print?

use std::process::{Command, Output};

/// Runs the command; what it prints, if it ends with that status.
pub(crate) fn run(arguments: &[&str], status: i32) -> String {
    let Output { stdout, stderr, status: ended } =
        Command::new(env!("CARGO_BIN_EXE_anyloop")).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert_eq!(ended.code(), Some(status), "{arguments:?}\n{said}");
    said
}
