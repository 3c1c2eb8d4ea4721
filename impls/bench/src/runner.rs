//! How is it measured? Interleaved: in each round every subject of a topic runs once, in a process
//! of its own that is pinned to a CPU, and each round begins with another one.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use rustix::thread::{CpuSet, sched_getaffinity};

use crate::case::{Case, Order, Topic};
use crate::clock::{Stopwatch, cpu_time_of_children};
use crate::results::{SubjectResults, TopicResults};

/// The CPUs that this process may use.
fn own_cpus() -> Vec<usize> {
    let set = sched_getaffinity(None).expect("a process knows its CPUs");
    (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
}

/// Where a case runs: on the last CPU, which has the least to do elsewhere, and on the one before.
fn cpus_of(case: &Case, cpus: &[usize]) -> Option<[usize; 2]> {
    let first = *cpus.last()?;
    Some([first, *cpus.iter().nth_back(case.cpus - 1)?])
}

/// In the child: does one subject's work, and prints the numbers.
pub(crate) fn run_one(case: &Case, subject: &str, length: u64) -> Result<(), String> {
    let subject = case.subject(subject).ok_or("no such subject")?;
    let measure = subject.measure.as_ref().map_err(|why| (*why).to_owned())?;
    let cpus = cpus_of(case, &own_cpus()).ok_or("there are not enough CPUs")?;
    crate::wake::pin(cpus[0]);
    for (metric, value) in measure(&Order { length, cpus }).0 {
        println!("{metric} {value}");
    }
    Ok(())
}

/// Runs one subject in a process of its own, and gives what it printed, or why there is nothing.
fn run_child(topic: &str, case: &str, subject: &str, length: u64) -> Result<Vec<(String, f64)>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    numbers_of(Command::new(program).args(["--one", topic, case, subject, &length.to_string()]))
}

/// Runs a program that prints metrics and numbers, and gives these, or why there are none.
pub(crate) fn numbers_of(program: &mut Command) -> Result<Vec<(String, f64)>, String> {
    let output = program.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let panic = words.lines().find(|line| !line.is_empty() && !line.starts_with("thread"));
        return Err(format!("{}: {}", output.status, panic.unwrap_or("no message")));
    }
    let parse = |line: &str| {
        let (metric, value) = line.split_once(' ')?;
        Some((metric.to_owned(), value.parse().ok()?))
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| parse(line).ok_or_else(|| format!("it printed {line:?}")))
        .collect()
}

/// How much to do: `--rounds` and `--quick`.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: u32,
    pub(crate) quick: bool,
}

/// Measures a topic.
pub(crate) fn run_topic(topic: &Topic, effort: Effort) -> TopicResults {
    let mut results = TopicResults::new(topic);
    let cpus = own_cpus();
    let jobs: Vec<(usize, usize)> = topic
        .cases
        .iter()
        .enumerate()
        .flat_map(|(case, found)| (0..found.subjects.len()).map(move |subject| (case, subject)))
        .collect();
    let meter = Meter::start(&cpus);
    for round in 0..effort.rounds as usize {
        let shift = round * jobs.len() / effort.rounds as usize;
        for (done, (case, subject)) in jobs.iter().cycle().skip(shift).take(jobs.len()).enumerate() {
            progress(topic.name, round, effort.rounds, done, jobs.len());
            let place = &mut results.cases[*case].subjects[*subject];
            run_job(topic.name, &topic.cases[*case], *subject, &cpus, effort.quick, place);
        }
    }
    results.disturbance = meter.others();
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    results
}

/// Runs one subject once.
fn run_job(
    topic: &str,
    case: &Case,
    subject: usize,
    cpus: &[usize],
    quick: bool,
    place: &mut SubjectResults,
) {
    let subject = &case.subjects[subject];
    if place.missing {
        return;
    }
    if cpus_of(case, cpus).is_none() {
        place.trouble = Some(format!("it takes {} CPUs", case.cpus));
        return;
    }
    let length = (if quick { case.quick } else { case.length }) / subject.slower;
    match run_child(topic, case.name, subject.name, length) {
        Ok(numbers) => numbers.iter().for_each(|(metric, value)| place.add(metric, *value)),
        Err(trouble) => {
            place.trouble = Some(trouble);
            place.failed = !subject.flawed;
        }
    }
}

/// Shows those who watch that it goes on.
fn progress(topic: &str, round: usize, rounds: u32, done: usize, of: usize) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    eprint!("\r\x1b[K{topic}: round {} of {rounds}, {done} of {of}", round + 1);
    // It is for the eyes only.
    let _ = std::io::stderr().flush();
}

/// Tells how busy the CPUs were with other things.
struct Meter<'a> {
    cpus: &'a [usize],
    busy: f64,
    own: f64,
    watch: Stopwatch,
}

impl<'a> Meter<'a> {
    fn start(cpus: &'a [usize]) -> Self {
        Self { cpus, busy: busy_nanos(cpus), own: cpu_time_of_children(), watch: Stopwatch::start() }
    }

    /// The share of the CPUs that others took: not our children.
    fn others(&self) -> f64 {
        let elapsed = self.watch.wall() * self.cpus.len() as f64;
        let own = cpu_time_of_children() - self.own;
        ((busy_nanos(self.cpus) - self.busy - own) / elapsed).clamp(0.0, 1.0)
    }
}

/// How long the CPUs have been busy since the machine was started, as far as the kernel tells.
fn busy_nanos(cpus: &[usize]) -> f64 {
    /// The kernel counts in hundredths of a second here, whatever it ticks in.
    const TICK: f64 = 1e7;
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let is_ours = |name: &str| {
        name.strip_prefix("cpu").and_then(|number| number.parse().ok()).is_some_and(|cpu| cpus.contains(&cpu))
    };
    let busy = |line: &str| -> f64 {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(is_ours) {
            return 0.0;
        }
        let ticks: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
        // The fourth and fifth are for doing nothing; those after the eighth are counted twice.
        ticks
            .iter()
            .take(8)
            .enumerate()
            .filter(|(index, _)| ![3, 4].contains(index))
            .map(|(_, time)| time)
            .sum()
    };
    text.lines().map(busy).sum::<f64>() * TICK
}
