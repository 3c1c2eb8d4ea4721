//! What this machine offers, what will be used, and why.
//!
//! Nothing is remembered or guessed: each line is tried, or asked of the system, when it is printed.

use std::error::Error;
use std::time::Duration;

use anyloop_os::WatcherKind;

use crate::say::say;
use crate::{Outcome, subjects};

// Where the system is asked: the table of `cfg`.
cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        mod linux;
        use linux as machine;
    } else {
        mod elsewhere;
        use elsewhere as machine;
    }
}

/// One line: what was looked at, what was found, and what follows from it.
struct Finding {
    what: String,
    found: String,
    follows: String,
}

impl Finding {
    fn new(what: impl Into<String>, found: impl Into<String>, follows: impl Into<String>) -> Self {
        Self { what: what.into(), found: found.into(), follows: follows.into() }
    }
}

/// Looks, and prints.
pub(crate) fn run() -> Outcome {
    say!("This machine offers:\n");
    print(&machine::findings());

    let (lp, watcher) = (event_loop(), child_watcher());
    let well = lp.is_ok() && watcher.is_ok();
    say!("\nThe default policy will use:\n");
    print(&[
        lp.unwrap_or_else(|error| Finding::new("event loop", "none", error.to_string())),
        watcher.unwrap_or_else(|error| Finding::new("child watcher", "none", error.to_string())),
    ]);

    say!("\n`anyloop check` can judge:\n");
    let line = |subject: subjects::Candidate| match subject.missing {
        None => Finding::new(subject.name, "yes", ""),
        Some(why) => Finding::new(subject.name, "no", why),
    };
    print(&subjects::all().into_iter().map(line).collect::<Vec<_>>());
    if well { Outcome::Well } else { Outcome::Broken }
}

/// Prints a table.
fn print(findings: &[Finding]) {
    let widest = |part: fn(&Finding) -> &str| {
        findings.iter().map(|finding| part(finding).chars().count()).max().unwrap_or_default()
    };
    let (what, found) = (widest(|finding| &finding.what), widest(|finding| &finding.found));
    for finding in findings {
        let line = format!("  {:<what$}  {:<found$}  {}", finding.what, finding.found, finding.follows);
        say!("{}", line.trim_end());
    }
}

/// Makes a loop and lets it wait, as a program would.
fn event_loop() -> Result<Finding, Box<dyn Error>> {
    let lp = anyloop::new_event_loop()?;
    lp.run_until_complete(lp.sleep(Duration::from_millis(1)))??;
    lp.close()?;
    Ok(Finding::new("event loop", machine::event_loop(), "one was made, slept and was closed"))
}

/// Asks for the watcher, as a program would.
fn child_watcher() -> Result<Finding, Box<dyn Error>> {
    let given = std::env::var("ANYLOOP_CHILD_WATCHER").ok().filter(|given| !given.is_empty());
    let used = WatcherKind::FromEnvironment.in_use()?;
    anyloop::get_child_watcher()?;
    let name = match used {
        WatcherKind::Pidfd => "PidfdChildWatcher",
        _ => "ThreadedChildWatcher",
    };
    let why = match (used, given.as_deref()) {
        (_, None) => "the default; the environment variable ANYLOOP_CHILD_WATCHER is not set".to_string(),
        (WatcherKind::Threaded, Some("pidfd")) => {
            "ANYLOOP_CHILD_WATCHER is `pidfd`, which this machine does not offer".to_string()
        }
        (_, Some(given)) => format!("ANYLOOP_CHILD_WATCHER is `{given}`"),
    };
    Ok(Finding::new("child watcher", name, why))
}
