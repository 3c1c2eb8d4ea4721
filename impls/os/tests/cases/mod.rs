//! How does each case of a test have a process of its own? The test starts itself once more, with the name of the case.

use std::process::{Command, ExitCode};

/// A case: its name, and what is to be done.
pub(crate) type Case = (&'static str, fn());

/// Runs the case that is named, or all, and tells what came of them.
pub(crate) fn main(cases: &[Case]) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if let (Some("--case"), Some(name)) = (arguments.next().as_deref(), arguments.next()) {
        let case = cases.iter().find(|(known, _)| *known == name).expect("a case of that name");
        case.1();
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for (name, _) in cases {
        let itself = std::env::current_exe().expect("a program");
        let status = Command::new(itself).args(["--case", name]).status().expect("a process");
        println!("test {name} ... {}", if status.success() { "ok" } else { "FAILED" });
        failed += usize::from(!status.success());
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {} passed; {failed} failed", cases.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}
