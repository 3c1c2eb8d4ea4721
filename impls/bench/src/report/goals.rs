//! Which goals are met? They are ratios of medians of one run, and a few plain numbers.

use serde::Serialize;

use super::short;
use crate::case::Kind;
use crate::results::{CaseResults, TopicResults};

/// What anyloop's median is held against.
enum Bound {
    /// So many times the least of these.
    Times(f64, &'static [&'static str]),
    /// So many times the best peer.
    TimesBestPeer(f64),
    AtMost(f64),
    AtLeast(f64),
    /// One of both is enough.
    Either(&'static [Self; 2]),
}

struct Goal {
    topic: &'static str,
    case: &'static str,
    subject: &'static str,
    metric: &'static str,
    bounds: &'static [Bound],
}

const fn goal(
    topic: &'static str,
    case: &'static str,
    metric: &'static str,
    bounds: &'static [Bound],
) -> Goal {
    Goal { topic, case, subject: "anyloop", metric, bounds }
}

use Bound::{AtLeast, AtMost, Either, Times, TimesBestPeer};

const TOKIO: &[&str] = &["tokio", "tokio LocalRuntime"];
const SLAB: &[&str] = &["slab, handles"];
const BATCHES: &[Bound] = &[Times(1.3, SLAB), Times(0.6, &["monoio"]), Times(0.2, TOKIO)];

const GOALS: &[Goal] = &[
    goal("call_soon", "batch-100", "cpu", BATCHES),
    goal("call_soon", "batch-100", "heap", &[AtMost(0.0)]),
    goal("call_soon", "batch-10000", "cpu", BATCHES),
    goal("call_soon", "batch-10000", "heap", &[AtMost(0.0)]),
    // It looks for events once in so many callbacks, and not in every turn.
    goal("call_soon", "batch-1", "cpu", &[TimesBestPeer(0.35)]),
    goal("call_soon", "batch-1-poll", "cpu", &[Times(1.2, &["slab, poll 1/1"]), Times(0.8, &["libuv"])]),
    goal("timers", "cancel", "both", &[Times(0.15, &["libuv"]), Times(0.15, &["tokio"])]),
    goal("timers", "fire", "fire", &[Times(0.4, &["tokio"]), Times(0.1, &["libuv"])]),
    goal("timers", "lateness", "earliest", &[AtLeast(0.0)]),
    goal("timers", "lateness", "median", &[Times(1.3, &["epoll_pwait2"]), Times(1.0, &["smol"])]),
    goal("wake", "round-trip", "cpu", &[Times(1.08, &["eventfd, edge"]), Times(1.05, &["tokio"])]),
    goal(
        "wake",
        "producer",
        "cpu",
        &[Times(1.3, &["swapped stack"]), Times(1.0, &["libuv"]), Times(1.0, &["tokio"])],
    ),
    goal("policy", "get_event_loop", "cpu", &[Either(&[AtMost(5.0), Times(2.0, &["thread-local read"])])]),
    goal("policy", "get_event_loop_policy", "cpu", &[Times(1.3, &["lock, clone, drop"])]),
    goal("startup", "eager", "cpu", &[Times(1.2, &["epoll, eventfd"]), Times(0.8, &["tokio"])]),
    goal("startup", "eager-remote", "cpu", &[Times(1.2, &["epoll, eventfd"]), Times(0.8, &["tokio"])]),
    goal("startup", "lazy", "cpu", &[AtMost(1000.0)]),
    goal("hello", "program", "size", &[Times(0.6, &["tokio"])]),
    goal("hello", "program", "memory", &[Times(0.6, &["tokio"])]),
];

/// anyloop's child watchers, and the bare limit of each.
const WATCHERS: &[(&str, &[Bound])] = &[
    ("anyloop threaded", &[Times(1.2, &["thread, waitid, eventfd"])]),
    ("anyloop pidfd", &[Times(1.2, &["pidfd, epoll, waitid"])]),
    ("anyloop multi", &[Times(1.2, &["SIGCHLD, waitpid of each"])]),
    ("anyloop safe", &[Times(1.2, &["SIGCHLD, waitpid of each"])]),
    ("anyloop fast", &[Times(1.2, &["SIGCHLD, waitpid of any"])]),
];

/// What every watcher is held to: its limit however many others are alive, and what a child may take.
fn of_watchers() -> impl Iterator<Item = Goal> {
    WATCHERS.iter().flat_map(|&(subject, times_limit)| {
        let goal = move |case, metric, bounds| Goal { topic: "children", case, subject, metric, bounds };
        let (memory, threads): (&[_], &[_]) = match subject {
            "anyloop threaded" => (&[AtMost(9.0 * 1024.0)], &[AtMost(1001.0)]),
            _ => (&[AtMost(512.0)], &[AtMost(1.0)]),
        };
        let times_limit = move |case| goal(case, "cpu", times_limit);
        let others = ["0", "100", "1000", "5000"].into_iter().map(times_limit);
        others.chain([goal("1000", "memory", memory), goal("1000", "threads", threads)])
    })
}

/// What a child's whole life is held to.
const BY_HAND: &[&str] = &["clone3, shared table, pidfd, epoll"];
const LIFE: &[Bound] = &[Times(1.2, BY_HAND)];

const LIVES: &[Goal] = &[
    goal("children", "life-0", "cpu", &[Times(1.2, BY_HAND), Times(0.85, &["tokio"])]),
    goal("children", "life-big", "cpu", LIFE),
    goal("children", "life-100", "cpu", LIFE),
    goal("children", "life-1000", "cpu", LIFE),
    goal("children", "life-1000", "memory", &[AtMost(512.0)]),
    goal("children", "life-1000", "threads", &[AtMost(1.0)]),
    goal("children", "life-5000", "cpu", LIFE),
    goal("children", "life-5000", "wall", &[Times(0.4, &["tokio"])]),
];

/// What a hop is held to: the better of both ways by hand, and a wait, a read and a write. What comes before
/// the first hop is counted with them.
const HOP: &[Bound] = &[Times(1.1, &["epoll, edge", "epoll, level"]), TimesBestPeer(1.0)];
const CALLS: &[Bound] = &[AtMost(3.01)];

const READINESS: &[Goal] = &[
    goal("readiness", "hop-1", "cpu", HOP),
    goal("readiness", "hop-1", "calls", CALLS),
    goal("readiness", "hop-100", "cpu", HOP),
    goal("readiness", "hop-100", "calls", CALLS),
    goal("readiness", "hop-10000", "cpu", HOP),
    goal("readiness", "hop-10000", "calls", CALLS),
    goal("readiness", "registered", "heap", &[AtMost(400.0)]),
    goal("readiness", "ready-1000", "left", &[AtMost(0.0)]),
];

/// What is compared with the same in another case: topic, case, metric, at most so many times, which case.
const ACROSS: &[(&str, &str, &str, f64, &str)] = &[
    ("wake", "round-trip-2-spin", "wall", 0.05, "round-trip-2"),
    ("children", "life-5000", "wall", 1.5, "life-0"),
    ("children", "life-big", "cpu", 1.1, "life-0"),
];

/// How a goal came out.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) goal: String,
    /// `None`: something that it needs was not measured.
    pub(crate) met: Option<bool>,
    pub(crate) figures: Vec<String>,
}

impl Outcome {
    fn new(goal: String, parts: Vec<(Option<bool>, String)>) -> Self {
        let met = parts.iter().map(|part| part.0).fold(Some(true), both);
        Self { goal, met, figures: parts.into_iter().map(|part| part.1).collect() }
    }

    pub(crate) fn word(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "not met",
            None => "not known",
        }
    }
}

/// What is known of two conditions together.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

impl Bound {
    fn judge(&self, case: &CaseResults, metric: &str, ours: f64) -> (Option<bool>, String) {
        let unit = case.unit(metric);
        let least = |wanted: &dyn Fn(&str, Kind) -> bool| {
            case.subjects
                .iter()
                .filter(|subject| wanted(subject.name, subject.kind))
                .filter_map(|subject| Some((subject.spread(metric)?.median, subject.name)))
                .min_by(|one, other| one.0.total_cmp(&other.0))
        };
        let times = |factor: f64, least: Option<(f64, &str)>, of: &str| match least {
            Some((theirs, name)) => {
                let words = format!("{:.2} x {name} ({} {unit})", ours / theirs, short(theirs));
                (Some(ours <= factor * theirs), format!("{words}, at most {factor}"))
            }
            None => (None, format!("{of} was not measured, at most {factor} x that")),
        };
        match self {
            Times(factor, names) => times(*factor, least(&|name, _| names.contains(&name)), names[0]),
            TimesBestPeer(factor) => times(*factor, least(&|_, kind| kind == Kind::Peer), "a peer"),
            AtMost(most) => (Some(ours <= *most), format!("{} {unit}, at most {most}", short(ours))),
            AtLeast(low) => (Some(ours >= *low), format!("{} {unit}, at least {low}", short(ours))),
            Either([one, other]) => {
                let (one, other) = (one.judge(case, metric, ours), other.judge(case, metric, ours));
                let met = if one.0 == Some(true) { one.0 } else { other.0 };
                (met, format!("{}, or {}", one.1, other.1))
            }
        }
    }
}

fn ours(case: &CaseResults, subject: &str, metric: &str) -> Result<f64, String> {
    let subject = case.subject(subject).ok_or("anyloop is missing")?;
    let spread = subject.spread(metric);
    Ok(spread.ok_or_else(|| subject.trouble.clone().unwrap_or_else(|| "not measured".into()))?.median)
}

/// Judges the goals of the topics that were measured.
pub(crate) fn judge(topics: &[TopicResults]) -> Vec<Outcome> {
    let case_of = |topic: &str, case: &str| {
        topics.iter().find(|found| found.name == topic)?.cases.iter().find(|found| found.name == case)
    };
    let of_watchers: Vec<Goal> = of_watchers().collect();
    let mut outcomes: Vec<Outcome> = GOALS
        .iter()
        .chain(LIVES)
        .chain(READINESS)
        .chain(&of_watchers)
        .filter_map(|goal| {
            let case = case_of(goal.topic, goal.case)?;
            let parts = match ours(case, goal.subject, goal.metric) {
                Ok(ours) => goal.bounds.iter().map(|bound| bound.judge(case, goal.metric, ours)).collect(),
                Err(why) => vec![(None, why)],
            };
            let whose = goal.subject.trim_start_matches("anyloop");
            Some(Outcome::new(format!("{} {} {}{whose}", goal.topic, goal.case, goal.metric), parts))
        })
        .collect();
    for (topic, case, metric, factor, other) in ACROSS {
        let (Some(measured), Some(base)) = (case_of(topic, case), case_of(topic, other)) else { continue };
        let part = match (ours(measured, "anyloop", metric), ours(base, "anyloop", metric)) {
            (Ok(measured), Ok(base)) => (
                Some(measured <= factor * base),
                format!("{:.3} x {other} ({}), at most {factor}", measured / base, short(base)),
            ),
            (Err(why), _) | (_, Err(why)) => (None, why),
        };
        outcomes.push(Outcome::new(format!("{topic} {case} {metric}"), vec![part]));
    }
    outcomes
}

/// The outcomes, for a terminal.
pub(crate) fn listing(outcomes: &[Outcome]) -> String {
    let line = |outcome: &Outcome| {
        format!("{:>9}  {}: {}\n", outcome.word(), outcome.goal, outcome.figures.join("; "))
    };
    outcomes.iter().map(line).collect()
}
