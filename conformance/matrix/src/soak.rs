//! Does it hold out? So many short children, and at the end the books are balanced and nothing is left.

use std::cell::{Cell, RefCell};
use std::fs;
use std::rc::Rc;
use std::time::Instant;

use anyloop::{Command, ExitStatus, Loop, Stdio, Watcher};
use anyloop_conformance::Subject;

use crate::say::say;
use crate::{Outcome, subjects};

/// The options of `anyloop soak`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many children are started, and have to end.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    children: u64,
    /// What starts and watches them: one of `anyloop subjects`.
    #[arg(long, value_name = "SUBJECT", default_value = "os/epoll+pidfd")]
    on: String,
    /// How many are alive at once.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    at_once: u64,
}

/// What a process has, as far as the system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Belongings {
    /// Resident, in KiB.
    memory: Option<u64>,
    descriptors: Option<usize>,
    /// Alive or not collected.
    children: Option<usize>,
    threads: Option<usize>,
}

impl Belongings {
    fn now() -> Self {
        let count = |directory| fs::read_dir(directory).map(Iterator::count).ok();
        let resident = fs::read_to_string("/proc/self/status").ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        });
        let of_thread = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("children")).ok();
        let children = fs::read_dir("/proc/self/task").ok().and_then(|tasks| {
            let lists: Option<Vec<_>> = tasks.flatten().map(of_thread).collect();
            Some(lists?.iter().map(|list| list.split_whitespace().count()).sum())
        });
        let (descriptors, threads) = (count("/proc/self/fd"), count("/proc/self/task"));
        Self { memory: resident, descriptors, children, threads }
    }

    fn words(self) -> String {
        fn word<N: ToString>(number: Option<N>, of: &str) -> String {
            number.map_or_else(|| format!("? {of}"), |number| format!("{} {of}", number.to_string()))
        }
        let Self { memory, descriptors, children, threads } = self;
        let words = [word(memory, "KiB"), word(descriptors, "descriptors"), word(children, "children")];
        format!("{}, {}", words.join(", "), word(threads, "threads"))
    }
}

/// What was started, and what came of it.
#[derive(Default)]
struct Ledger {
    /// Whether progress is printed.
    aloud: bool,
    started: Cell<u64>,
    ended: Cell<u64>,
    wrong: RefCell<Vec<String>>,
}

/// Those that are alive are children of these tasks, one each.
async fn one_after_the_other(lp: Loop, watcher: Watcher, ledger: Rc<Ledger>, children: u64) {
    loop {
        let number = ledger.started.get();
        if number >= children {
            return;
        }
        ledger.started.set(number + 1);
        if let Err(why) = one(&lp, &watcher, number).await {
            ledger.wrong.borrow_mut().push(format!("child {number}: {why}"));
        }
        ledger.ended.set(ledger.ended.get() + 1);
        progress(&ledger, children);
    }
}

/// Starts a child that ends in a way of its own, and awaits that.
async fn one(lp: &Loop, watcher: &Watcher, number: u64) -> Result<(), String> {
    let (line, expected) = if number.is_multiple_of(10) {
        ("read _".to_owned(), ExitStatus::Signaled { signal: 9, core: false })
    } else {
        let code = number % 256;
        (format!("exit {code}"), ExitStatus::Exited(code as i32))
    };
    let command = Command::shell(line).stdin(Stdio::Pipe).stdout(Stdio::Null);
    let child = lp.subprocess_exec_with(watcher, &command).map_err(|error| error.to_string())?;
    if number.is_multiple_of(10) {
        child.kill().map_err(|error| error.to_string())?;
    }
    match child.wait().await {
        status if status == expected => Ok(()),
        status => Err(format!("{status} instead of {expected}")),
    }
}

fn progress(ledger: &Ledger, children: u64) {
    let ended = ledger.ended.get();
    if ledger.aloud && ended.is_multiple_of((children / 10).max(1)) {
        say!("{ended:>9} ended: {}", Belongings::now().words());
    }
}

/// Starts them all, and compares what there is afterwards with what there was.
pub(crate) fn run(options: &Options) -> Outcome {
    let subject = match subjects::choose(std::slice::from_ref(&options.on)).map(|mut chosen| chosen.remove(0))
    {
        Ok(subject) => subject,
        Err(why) => return Outcome::Misunderstood(why),
    };
    let policy = subject.policy();
    let (Ok(lp), Ok(watcher)) = (policy.new_event_loop(), policy.get_child_watcher()) else {
        return Outcome::Misunderstood(format!("{} has no loop or no child watcher here", options.on));
    };
    if let Err(error) = watcher.attach_loop(Some(&lp)) {
        return Outcome::Misunderstood(format!("the watcher cannot be attached: {error}"));
    }
    let soak = |aloud, children| {
        let ledger = Rc::new(Ledger { aloud, ..Ledger::default() });
        let task = || one_after_the_other(lp.clone(), watcher.clone(), ledger.clone(), children);
        let tasks: Vec<_> = (0..options.at_once).filter_map(|_| lp.spawn_local(task()).ok()).collect();
        let all = async {
            for task in tasks {
                // What one has to say is in the ledger.
                let _ = task.await;
            }
        };
        lp.run_until_complete(all).map(|()| ledger)
    };
    // What is made once, and what memory takes to come to rest.
    if let Err(error) = soak(false, options.children.min(2 * options.at_once)) {
        return Outcome::Misunderstood(format!("it does not run: {error}"));
    }
    let (before, start) = (Belongings::now(), Instant::now());
    say!("{} children on {}, {} at once: {}", options.children, options.on, options.at_once, before.words());
    let ledger = match soak(true, options.children) {
        Ok(ledger) => ledger,
        Err(error) => return Outcome::Misunderstood(format!("it does not run: {error}")),
    };
    let (after, wrong) = (Belongings::now(), ledger.wrong.borrow());
    wrong.iter().take(10).for_each(|why| say!("{why}"));
    say!(
        "{} started, {} ended, {} wrong, in {:.1} s: {}",
        ledger.started.get(),
        ledger.ended.get(),
        wrong.len(),
        start.elapsed().as_secs_f64(),
        after.words()
    );
    let balanced = ledger.started.get() == ledger.ended.get() && wrong.is_empty();
    if balanced && is_as_before(before, after) { Outcome::Well } else { Outcome::Broken }
}

/// Whether all is as before. Memory may come to rest a little higher.
fn is_as_before(before: Belongings, after: Belongings) -> bool {
    /// In KiB: 100,000 children that each lose a dozen bytes are found out.
    const A_LITTLE: u64 = 1024;
    let rest = |belongings: Belongings| Belongings { memory: None, ..belongings };
    let grown = after.memory.zip(before.memory).is_some_and(|(after, before)| after > before + A_LITTLE);
    !grown && rest(before) == rest(after)
}
