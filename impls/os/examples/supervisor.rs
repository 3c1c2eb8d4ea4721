//! Keeps a program running: starts it again when it ends, later each time, and prints what it says.
//!
//! `supervisor PROGRAM [ARGUMENT...]`. It ends when the program has ended well, or has failed five times in a row; and
//! when it is interrupted or terminated, after the program, which is asked to end first.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
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

/// Prints each line, behind a name.
async fn log(name: &'static str, mut from: PipeReader) {
    let mut line = Vec::new();
    while from.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        print!("{name}: {}", String::from_utf8_lossy(&line));
        line.clear();
    }
}

/// Asks a program to end, and insists after a while.
async fn end(child: &Child) {
    // It can fail only if it has ended.
    let _ = child.terminate();
    if timeout(Duration::from_secs(5), child.wait()).await.is_err() {
        let _ = child.kill();
    }
}

/// Waits for the future, unless it is interrupted or terminated first: then there is nothing.
async fn unless_ended<T>(future: impl Future<Output = T>) -> Result<Option<T>, Box<dyn Error>> {
    let lp = get_running_loop()?;
    let mut signals = [lp.signal(libc::SIGINT)?, lp.signal(libc::SIGTERM)?];
    let mut future = pin!(future);
    let first = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if signals.iter_mut().any(|signal| signal.poll_recv(cx).is_ready()) => {
            Poll::Ready(None)
        }
        Poll::Pending => Poll::Pending,
    });
    Ok(first.await)
}

/// Runs the program once, and gives how it ended; nothing if it had to be ended.
async fn run_once(command: &Command) -> Result<Option<ExitStatus>, Box<dyn Error>> {
    let mut child = create_subprocess_exec(command)?;
    println!("supervisor: started {}", child.pid());
    let lp = get_running_loop()?;
    let streams = [("out", child.stdout.take()), ("err", child.stderr.take())].into_iter();
    let logs: Vec<_> = streams.filter_map(|(name, from)| lp.spawn_local(log(name, from?)).ok()).collect();
    let status = unless_ended(child.wait()).await?;
    if status.is_none() {
        end(&child).await;
    }
    println!("supervisor: {}", child.wait().await);
    // What was written before the end is still in the pipes.
    for log in logs {
        let _ = log.await;
    }
    Ok(status)
}

async fn supervise(command: Command) -> Result<(), Box<dyn Error>> {
    let mut failures = 0;
    loop {
        let start = Instant::now();
        let Some(status) = run_once(&command).await? else { return Ok(()) };
        failures = if start.elapsed() > LONG { 1 } else { failures + 1 };
        if status.success() {
            return Ok(());
        } else if failures == FAILURES {
            return Err(format!("failed {failures} times in a row").into());
        } else if unless_ended(sleep(PAUSE * 2_u32.pow(failures - 1))).await?.is_none() {
            return Ok(());
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let program = words.next().ok_or("say which: supervisor PROGRAM [ARGUMENT...]")?;
    let command = Command::new(program).args(words).kill_on_drop();
    anyloop::run(supervise(command.stdin(Stdio::Null).stdout(Stdio::Pipe).stderr(Stdio::Pipe)))?
}
