//! Can a host drive the loop as promised?

use std::format;

use anyloop::RunError;
use anyloop::rules::step;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Life, Turn};
use crate::history::{How, Ran, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&step::TURN, Judged(turn)),
    (&step::SAYS, Judged(says)),
    (&step::BOUND, Judged(bound)),
    (&step::WAITS, Judged(waits)),
    (&step::DEADLINE, Judged(deadline)),
    (&step::STOP, Judged(stop)),
];

/// The steps that were taken, and what each said.
fn taken<'e>(evidence: &'e Evidence<'_>) -> impl Iterator<Item = (&'e Turn, bool)> {
    evidence.turns.iter().filter(|turn| !turn.stalled).filter_map(|turn| Some((turn, turn.ran?)))
}

/// Whether it waits for nothing but its turn.
const fn is_ready(life: &Life) -> bool {
    matches!(life.how, How::Soon | How::Post)
}

fn turn(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (turn, _) in taken(evidence) {
        let now = evidence.time_at(turn.from);
        for life in evidence.lives.values() {
            let due = is_ready(life) || life.deadline().is_some_and(|deadline| deadline <= now);
            if due && life.waits_at(turn.from) {
                if life.waits_at(turn.to) {
                    return Err(format!(
                        "{} was ready when a step was asked for, and did not run in it",
                        life.label
                    ));
                }
                exercised += 1;
            }
            if life.by == 0 && turn.contains(life.asked) && life.how != How::Watch {
                if life.start().is_some_and(|start| turn.contains(start)) {
                    return Err(format!("{} was asked for in a step, and started in the same", life.label));
                }
                exercised += 1;
            }
        }
    }
    Ok(exercised)
}

/// Whether something ran on the loop's context that the history knows of.
fn saw_running(evidence: &Evidence<'_>, turn: &Turn) -> bool {
    let ran = |what: &What| matches!(what, What::Started { .. } | What::Spun { .. } | What::Polled { .. });
    evidence.between(turn.from, turn.to).any(|(_, event)| event.context == 0 && ran(&event.what))
}

/// Whether everything that may run is a callback of the program's own: what polls tasks, looks after
/// children, programs, sources or signals, asks for itself again, or was asked for by what was dropped, is not seen.
fn is_plain(evidence: &Evidence<'_>) -> bool {
    use What::{
        ChildStarted, Enter, Launching, SignalAdding, SourceAdding, Spawned, Spun, Touching, Watching,
    };
    let is_polled = |what: &What| matches!(what, Spawned { .. } | Enter { until: Some(_) });
    let is_told = |what: &What| {
        matches!(what, ChildStarted { .. } | Watching { .. } | Launching { .. })
            || matches!(what, SourceAdding { .. } | SignalAdding { .. })
    };
    let is_again = |what: &What| matches!(what, Spun { .. } | Touching { .. });
    !evidence
        .events
        .iter()
        .any(|event| is_polled(&event.what) || is_told(&event.what) || is_again(&event.what))
}

fn says(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let plain = is_plain(evidence);
    for (turn, said) in taken(evidence) {
        match (saw_running(evidence, turn), said) {
            (true, false) => return Err("callbacks ran in a step, which said that none did".into()),
            (false, true) if plain => {
                return Err("no callback ran in a step, which said that some did".into());
            }
            _ => exercised += 1,
        }
    }
    Ok(exercised)
}

fn bound(evidence: &Evidence<'_>) -> Judgement {
    match evidence.turns.iter().find(|turn| turn.stalled) {
        Some(turn) => {
            Err(format!("a step was allowed to wait for {} us, and did not come back", turn.wait / 1000))
        }
        None => Ok(taken(evidence).count()),
    }
}

/// Where the step before `turn` was over.
fn since(evidence: &Evidence<'_>, turn: &Turn) -> usize {
    let turns = evidence.turns.iter().map(|other| other.to);
    let runs = evidence.runs.iter().map(|run| run.exit);
    turns.chain(runs).filter(|to| *to < turn.from).max().unwrap_or(0)
}

/// Whether a callback that was ready, or due, was cancelled in the step before or since: it may leave a
/// gap that counts.
fn has_gaps(evidence: &Evidence<'_>, turn: &Turn) -> bool {
    let turns = evidence.turns.iter().map(|other| other.from);
    let runs = evidence.runs.iter().map(|run| run.enter);
    let since = turns.chain(runs).filter(|from| *from < turn.from).max().unwrap_or(0);
    let was_ready =
        |life: &Life, at| is_ready(life) || life.deadline().is_some_and(|due| due <= evidence.time_at(at));
    let leaves_gap =
        |life: &Life| life.cancelled().is_some_and(|at| since < at && at < turn.to && was_ready(life, at));
    evidence.lives.values().any(leaves_gap)
}

fn waits(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let alone = evidence.events.iter().all(|event| event.context == 0) && is_plain(evidence);
    for (turn, ran) in taken(evidence).filter(|_| alone) {
        let since = since(evidence, turn);
        let stopped = evidence.stops.iter().any(|(at, _)| since <= *at && *at < turn.to);
        if ran || stopped || saw_running(evidence, turn) {
            continue;
        }
        let waited = evidence.time_at(turn.to).saturating_sub(evidence.time_at(turn.from));
        if waited < turn.wait {
            return Err(format!(
                "a step ran nothing and came back after {} us, where it was to wait for {}",
                waited / 1000,
                turn.wait / 1000
            ));
        }
        exercised += usize::from(turn.wait > 0);
    }
    Ok(exercised)
}

fn deadline(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let plain = is_plain(evidence);
    for turn in &evidence.turns {
        let now = evidence.time_at(turn.from);
        let waiting = || evidence.lives.values().filter(|life| life.waits_at(turn.from));
        let ready = waiting().find(|life| is_ready(life));
        let first = waiting().filter_map(Life::deadline).min();
        // What another thread asks for may come just after the loop was asked.
        if let Some(life) = waiting().find(|life| is_ready(life) && life.by == 0) {
            if turn.next.is_none_or(|next| next > now) {
                return Err(format!("{} was ready, and the next deadline was not yet", life.label));
            }
            exercised += 1;
        } else if let Some(first) = first {
            if turn.next.is_none_or(|next| next > first.max(now)) {
                return Err("the next deadline was later than a timer that waited".into());
            }
            exercised += 1;
        }
        // What is not seen may be ready, too.
        if !plain || ready.is_some() || has_gaps(evidence, turn) {
            continue;
        }
        // A deadline that never comes is far away, if it is one.
        let far = |next: u64| next > u64::MAX / 2;
        match (turn.next, first) {
            (Some(next), Some(first)) if next < first && next > now => {
                return Err("the next deadline was that of no timer, and sooner than all".into());
            }
            (Some(next), Some(first)) if next <= now && first > now => {
                return Err("nothing was ready, and the next deadline was not in the future".into());
            }
            (Some(next), None) if !far(next) => {
                return Err("nothing waited, and there was a next deadline".into());
            }
            _ => exercised += 1,
        }
    }
    Ok(exercised)
}

fn stop(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let foreign = evidence.stops.iter().any(|(_, context)| *context != 0);
    for run in evidence.runs.iter().filter(|run| run.took_place() && !run.stalled && !foreign) {
        let since = evidence.since(run);
        let used = evidence.turns.iter().any(|turn| {
            turn.to == since
                && evidence.stops.iter().any(|(at, _)| *at < turn.to && !before(evidence, turn, *at))
        });
        if !used || evidence.stops.iter().any(|(at, _)| since < *at && *at < run.enter) {
            continue;
        }
        let stopped = evidence.stops.iter().any(|(at, _)| run.contains(*at));
        match run.result {
            Some(Ran::Returned | Ran::Error(RunError::Stopped)) if !stopped => {
                return Err("a run returned, though the step before it had used up the stop".into());
            }
            _ => exercised += 1,
        }
    }
    Ok(exercised)
}

/// Whether the event at `at` belongs to what came before `turn`.
fn before(evidence: &Evidence<'_>, turn: &Turn, at: usize) -> bool {
    at < since(evidence, turn)
}
