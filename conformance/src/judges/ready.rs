//! Did the callbacks that were to run soon run as promised?

use std::format;

use anyloop::RejectReason;
use anyloop::rules::ready;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Life, Run};
use crate::history::{Event, How, Ran, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&ready::FIFO, Judged(fifo)),
    (&ready::ONCE, Judged(once)),
    (&ready::LATER, Judged(later)),
    (&ready::OWNER, Judged(owner)),
    (&ready::PROGRESS, Judged(progress)),
    (&ready::ROOM, Judged(room)),
    (&ready::GROWS, Judged(grows)),
    (&ready::FAIR, Judged(fair)),
];

fn fifo(evidence: &Evidence<'_>) -> Judgement {
    in_order(evidence, |life| life.is_soon() && life.by == 0)
}

/// Among the callbacks that `is_one` picks, none starts while an earlier one waits.
pub(super) fn in_order(evidence: &Evidence<'_>, is_one: impl Fn(&Life) -> bool) -> Judgement {
    let mut exercised = 0;
    let mut earlier: std::vec::Vec<&Life> = std::vec::Vec::new();
    for life in evidence.in_order() {
        if !is_one(life) || life.accepted.is_none() {
            continue;
        }
        if let Some(start) = life.start() {
            if let Some(first) = earlier.iter().find(|first| first.waits_at(start)) {
                return Err(format!(
                    "{} started before {}, which was asked for earlier",
                    life.label, first.label
                ));
            }
            exercised += earlier.len();
        }
        earlier.push(life);
    }
    Ok(exercised)
}

fn once(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in evidence.lives.values() {
        if life.started.len() > 1 {
            return Err(format!("{} started {} times", life.label, life.started.len()));
        }
        exercised += life.started.len();
    }
    Ok(exercised)
}

fn later(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let mut asking = None;
    let mut running = None;
    for event in evidence.events.iter().filter(|event| event.context == 0) {
        match &event.what {
            What::Asking { label, .. } => asking = Some(*label),
            What::Accepted { .. } | What::Refused { .. } | What::WatchRefused { .. } => asking = None,
            What::Started { label } => {
                if let Some(asked) = asking {
                    return Err(format!("{label} started inside the call that asked for {asked}"));
                }
                if let Some(other) = running {
                    return Err(format!("{label} started before {other} had ended"));
                }
                running = Some(*label);
                exercised += 1;
            }
            What::Ended { label } if running == Some(*label) => running = None,
            _ => {}
        }
    }
    Ok(exercised)
}

fn owner(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in evidence.lives.values() {
        for start in &life.started {
            if evidence.events[*start].context != 0 {
                return Err(format!("{} started on another thread than the loop's", life.label));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

fn progress(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place()) {
        let waiting = evidence.lives.values().filter(|life| life.waits_at(run.exit));
        let mut waiting = waiting.filter(|life| !matches!(life.how, How::Never | How::Watch));
        let Some(life) = waiting.next() else { continue };
        if run.result == Some(Ran::Returned) && !was_stopped(evidence, run) {
            return Err(format!(
                "the run ended though nobody had stopped it, and {} had not run",
                life.label
            ));
        }
        if run.stalled {
            return Err(format!("{} was accepted, and the loop slept instead of running it", life.label));
        }
    }
    for life in evidence.lives.values().filter(|life| life.how != How::Watch) {
        exercised += life.started.len();
        let (Some(_), Some(dropped)) = (life.accepted, life.dropped) else { continue };
        let cancelled = life.cancels.iter().any(|cancel| cancel.from < dropped && cancel.answer);
        // A wrong answer to a cancellation is another rule's affair, and so is a foreign one.
        let cancelling = life.cancels.iter().any(|cancel| cancel.from < dropped && dropped < cancel.to);
        let closed = evidence.closed.is_some_and(|(from, _)| from < dropped);
        // After the last run the loop may have been given up, unclosed.
        let in_time = evidence.last_exit().is_some_and(|exit| dropped < exit);
        if in_time && !cancelled && !cancelling && !closed {
            return Err(format!("{} was accepted, and dropped without having run", life.label));
        }
    }
    Ok(exercised)
}

/// Whether anybody's stop can have ended the run. One that was given up was stopped by the kit.
pub(super) fn was_stopped(evidence: &Evidence<'_>, run: &Run) -> bool {
    let since = evidence.since(run);
    // A stop from elsewhere may come too late for its run, and end the next one.
    run.stalled
        || evidence.stops.iter().any(|(stop, context)| *stop < run.exit && (*stop >= since || *context != 0))
}

/// Whether a callback came back for lack of room.
pub(super) fn is_full(evidence: &Evidence<'_>, life: &Life) -> bool {
    let full = |what: &What| matches!(what, What::Refused { reason: RejectReason::Full, .. });
    life.refused.is_some_and(|at| full(&evidence.events[at].what))
}

/// Only outside of runs is it known that no turn is under way, in which what was cancelled may take
/// its place still.
fn room(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let has_tasks = evidence.events.iter().any(|event| matches!(event.what, What::Spawned { .. }));
    let asked = evidence.lives.values().filter(|life| life.by == 0 && life.how != How::Watch);
    for life in asked.filter(|life| !has_tasks && !evidence.is_running_at(life.asked)) {
        let at = life.asked;
        let since = evidence.runs.iter().map(|run| run.exit).filter(|exit| *exit < at).max().unwrap_or(0);
        let takes_place = |other: &&Life| {
            other.waits_at(at)
                || other.cancelled().is_some_and(|cancelled| since < cancelled && cancelled < at)
        };
        if evidence.lives.values().any(|other| takes_place(&other)) {
            continue;
        }
        if is_full(evidence, life) {
            return Err(format!("{} was refused for lack of room when no other callback waited", life.label));
        }
        exercised += usize::from(life.accepted.is_some());
    }
    Ok(exercised)
}

fn grows(evidence: &Evidence<'_>) -> Judgement {
    /// So many have to wait at once for it to be worth a word.
    const CROWD: usize = 64;
    let mut waiting: usize = 0;
    let mut exercised = 0;
    for event in evidence.events {
        match &event.what {
            What::Refused { label, reason: RejectReason::Full } => {
                return Err(format!("{label} was refused for lack of room"));
            }
            What::Accepted { .. } => {
                waiting += 1;
                exercised += usize::from(waiting > CROWD);
            }
            What::Started { .. } | What::Dropped { .. } => waiting = waiting.saturating_sub(1),
            _ => {}
        }
    }
    Ok(exercised)
}

/// For each event in a run the start of the callback that it is in; nothing for what no callback did.
fn starts(evidence: &Evidence<'_>) -> std::vec::Vec<Option<usize>> {
    let mut latest = None;
    let start = |(at, event): (usize, &Event)| {
        match event.what {
            What::Started { .. } | What::Spun { .. } if event.context == 0 => latest = Some(at),
            What::Enter { .. } | What::Exit { .. } => latest = None,
            _ => {}
        }
        latest.filter(|_| event.context == 0)
    };
    evidence.events.iter().enumerate().map(start).collect()
}

fn fair(evidence: &Evidence<'_>) -> Judgement {
    const MOST: usize = 1024;
    let mut exercised = 0;
    let starts = starts(evidence);
    let asker = |label| evidence.lives.get(&label).and_then(|life| starts[life.asked]);
    for life in evidence.lives.values() {
        let (Some(deadline), Some(accepted)) = (life.deadline(), life.accepted) else { continue };
        let end = life.start().or(life.cancelled()).or(life.dropped).unwrap_or(evidence.events.len());
        let mut spins = 0;
        let starts = evidence
            .between(accepted, end)
            .filter(|(_, event)| event.at.is_some_and(|at| at >= deadline))
            .filter(|(_, event)| match event.what {
                What::Spun { .. } => {
                    spins += 1;
                    true
                }
                // What was ready when the timer became due has the right to be earlier, and so has what
                // was asked for before the loop could know.
                What::Started { label } => {
                    asker(label).is_some_and(|start| start > accepted && evidence.time_at(start) >= deadline)
                }
                _ => false,
            })
            .count();
        if starts > MOST {
            return Err(format!("{} was due, and {starts} callbacks started before it", life.label));
        }
        exercised += usize::from(spins > 0 && life.start().is_some());
    }
    Ok(exercised)
}
