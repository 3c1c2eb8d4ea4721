//! Keeps a program running: starts it again when it ends, later each time, and prints what it says.
//!
//! `supervisor PROGRAM [ARGUMENT...]`. It ends when the program has ended well, or has failed five times in a row.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyloop::{
    Child, Command, ExitStatus, PipeReader, Stdio, create_subprocess_exec, get_running_loop, sleep, timeout,
};
use anyloop_os as _;

/// The first pause after a failure; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(100);

/// Who has run so long is forgiven its failures.
const LONG: Duration = Duration::from_secs(10);

/// So often it may fail in a row.
const FAILURES: u32 = 5;

/// A program that is asked to end has so long to do so.
const GRACE: Duration = Duration::from_secs(5);

/// Prints each line, behind a name.
async fn log(name: &'static str, mut from: PipeReader) {
    let mut line = Vec::new();
    while from.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        print!("{name}: {}", String::from_utf8_lossy(&line));
        line.clear();
    }
}

/// Asks a program to end, and insists.
async fn end(child: &Child) {
    // It can fail only if it has ended.
    let _ = child.terminate();
    if timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill();
    }
}

/// Runs the program once, for at most so long if that is given.
async fn run_once(
    command: &Command,
    at_most: Option<Duration>,
) -> Result<ExitStatus, Box<dyn std::error::Error>> {
    let mut child = create_subprocess_exec(command)?;
    println!("supervisor: started {}", child.pid());
    let lp = get_running_loop()?;
    let streams = [("out", child.stdout.take()), ("err", child.stderr.take())];
    let logs: Vec<_> =
        streams.into_iter().filter_map(|(name, stream)| lp.spawn_local(log(name, stream?)).ok()).collect();
    if let Some(time) = at_most {
        if timeout(time, child.wait()).await.is_err() {
            println!("supervisor: time is up");
            end(&child).await;
        }
    }
    let status = child.wait().await;
    // What was written before the end is still in the pipes.
    for log in logs {
        let _ = log.await;
    }
    Ok(status)
}

async fn supervise(command: Command, at_most: Option<Duration>) -> Result<(), Box<dyn std::error::Error>> {
    let mut failures = 0;
    loop {
        let start = Instant::now();
        let status = run_once(&command, at_most).await?;
        println!("supervisor: {status}");
        failures = if start.elapsed() > LONG { 1 } else { failures + 1 };
        match failures {
            _ if status.success() => return Ok(()),
            FAILURES => return Err(format!("failed {failures} times in a row").into()),
            _ => sleep(PAUSE * 2_u32.pow(failures - 1)).await?,
        }
    }
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(program) = words.next() else {
        eprintln!("supervisor PROGRAM [ARGUMENT...]");
        return ExitCode::from(2);
    };
    let at_most = std::env::var("SUPERVISOR_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let command =
        Command::new(program).args(words).stdin(Stdio::Null).stdout(Stdio::Pipe).stderr(Stdio::Pipe);
    let run = anyloop::run(supervise(command.kill_on_drop(), at_most.map(Duration::from_secs)));
    if let Err(error) = run.map_err(Into::into).and_then(|done| done) {
        eprintln!("supervisor: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
