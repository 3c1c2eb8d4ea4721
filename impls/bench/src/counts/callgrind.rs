//! How are instructions counted? By callgrind, as the difference between two lengths of one run.

use std::process::Command;

use super::operations::Operation;

fn callgrind() -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command
}

/// Whether callgrind is there.
pub(super) fn check() -> Result<(), String> {
    let there =
        Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
    if there { Ok(()) } else { Err("valgrind is missing: apt-get install valgrind".into()) }
}

/// Instructions of one operation.
pub(super) fn each(operation: &Operation, subject: &str) -> Result<f64, String> {
    let least = |length| {
        (0..operation.tries)
            .map(|_| total(operation.name, subject, length))
            .try_fold(f64::INFINITY, |least, total| Ok::<_, String>(least.min(total?)))
    };
    let [short, long] = operation.lengths;
    Ok((least(long)? - least(short)?) / (long - short) as f64)
}

/// Instructions of a whole process.
fn total(case: &str, subject: &str, length: u64) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = callgrind()
        .arg(program)
        .args(["--one", "counts", case, subject, &length.to_string()])
        .output()
        .map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&output.stderr);
    let collected =
        words.lines().find_map(|line| line.split_once("Collected :")).map(|(_, number)| number.trim());
    match collected.and_then(|number| number.parse().ok()) {
        Some(number) if output.status.success() => Ok(number),
        _ => Err(format!("{case} of {subject} under callgrind: {}\n{words}", output.status)),
    }
}
