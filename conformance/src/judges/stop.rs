//! Do stops end runs as promised?
//!
//! Turns cannot be seen from outside. What these judges know of them is this: everything that was
//! ready when a run was entered belongs to its first turn, and what a callback asks for belongs to
//! a later turn than its own.

use std::format;

use anyloop::rules::stop;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Life, Run};
use crate::history::{How, Ran, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&stop::RETURNS, Judged(returns)),
    (&stop::BATCH, Judged(batch)),
    (&stop::KEEPS, Judged(keeps)),
    (&stop::BEFORE, Judged(before)),
    (&stop::ONCE, Judged(once)),
    (&stop::PANIC, Judged(panic)),
];

/// The first stop of this context inside of `run`.
fn first_stop(evidence: &Evidence<'_>, run: &Run) -> Option<usize> {
    let mut stops = evidence.stops.iter().filter(|(_, context)| *context == 0);
    stops.find(|(stop, _)| run.contains(*stop)).map(|(stop, _)| *stop)
}

/// Whether the loop was stopped on its own context between `run` and the run before.
fn stopped_idle(evidence: &Evidence<'_>, run: &Run) -> bool {
    let since = evidence.since(run);
    evidence.stops.iter().any(|(stop, context)| *context == 0 && since <= *stop && *stop < run.enter)
}

/// Scheduled by the program itself, on the loop's context.
fn is_own(life: &Life) -> bool {
    life.by == 0 && (life.is_soon() || life.how == How::Post || life.deadline().is_some())
}

/// What was asked for at `place` or later and still started in `run`.
fn hurried<'e>(evidence: &'e Evidence<'_>, run: &Run, place: usize) -> Option<&'e Life> {
    let asked_late = |life: &&Life| is_own(life) && place < life.asked && life.asked < run.exit;
    evidence
        .lives
        .values()
        .filter(asked_late)
        .find(|life| life.start().is_some_and(|start| run.contains(start)))
}

fn returns(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place()) {
        let Some(stop) = first_stop(evidence, run) else { continue };
        if let Some(life) = hurried(evidence, run, stop) {
            return Err(format!(
                "{} was asked for after stop and still started before the run returned",
                life.label
            ));
        }
        if run.stalled {
            return Err("stop was called, and the run did not return".into());
        }
        let late = |life: &&Life| is_own(life) && stop < life.asked && life.asked < run.exit;
        exercised += evidence.lives.values().filter(late).count();
    }
    Ok(exercised)
}

fn batch(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place() && !run.stalled) {
        let in_first_turn = |life: &&Life| life.by == 0 && life.is_soon() && life.waits_at(run.enter);
        let Some(stop) = first_stop(evidence, run) else { continue };
        // Stopped in the first turn, by a callback that was ready when the run was entered.
        let stopper = evidence.lives.values().filter(in_first_turn).find(|life| {
            life.start().is_some_and(|start| start < stop) && life.ended.is_none_or(|ended| stop < ended)
        });
        let Some(stopper) = stopper else { continue };
        for life in evidence.lives.values().filter(in_first_turn) {
            if life.waits_at(run.exit) {
                return Err(format!(
                    "{} was ready when the run began, and did not run in the turn in which {} called stop",
                    life.label, stopper.label
                ));
            }
            exercised += usize::from(life.start().is_some_and(|start| stop < start));
        }
    }
    Ok(exercised)
}

fn keeps(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in &evidence.runs {
        let Some(stop) = first_stop(evidence, run) else { continue };
        for life in evidence.lives.values().filter(|life| is_own(life)) {
            let Some(dropped) = life.dropped.filter(|dropped| stop < *dropped && *dropped < run.exit) else {
                continue;
            };
            let closed = evidence.closed.is_some_and(|(from, _)| from < dropped);
            let cancelling = life.cancels.iter().any(|cancel| cancel.from < dropped);
            if life.accepted.is_some() && !closed && !cancelling {
                return Err(format!("{} was waiting when the run was stopped, and was dropped", life.label));
            }
        }
    }
    for pair in evidence.runs.windows(2) {
        let [run, next] = pair else { continue };
        let closed = evidence.closed.is_some_and(|(from, _)| from < next.enter);
        if closed || !run.took_place() || !next.took_place() {
            continue;
        }
        for life in evidence.lives.values().filter(|life| is_own(life) && life.waits_at(run.exit)) {
            if life.dropped.is_some_and(|dropped| run.exit < dropped && dropped < next.exit)
                && life.cancelled().is_none()
            {
                return Err(format!("{} was waiting when the run returned, and was dropped", life.label));
            }
            let due =
                life.is_soon() || life.deadline().is_some_and(|due| due <= evidence.time_at(next.enter));
            // Timers may be collected one turn later than the stop allows.
            let required = life.is_soon() || next.stalled;
            if due && required && life.waits_at(next.exit) {
                return Err(format!(
                    "{} was waiting when the run returned, and did not run in the next run",
                    life.label
                ));
            }
            exercised += usize::from(life.start().is_some_and(|start| next.contains(start)));
        }
    }
    Ok(exercised)
}

fn before(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place()) {
        if !stopped_idle(evidence, run) {
            continue;
        }
        if run.stalled {
            return Err("the loop was stopped before the run, and the run did not return".into());
        }
        // An awaited future may be finished in the first turn, but what it asks for is not in it.
        if let Some(life) = hurried(evidence, run, run.enter) {
            return Err(format!(
                "the loop was stopped before the run, and {}, asked for inside of the run, still started in it",
                life.label
            ));
        }
        for life in evidence.lives.values().filter(|life| life.by == 0 && life.is_soon()) {
            if life.waits_at(run.enter) && life.waits_at(run.exit) {
                return Err(format!(
                    "the loop was stopped before the run, and {}, which was ready, did not run in it",
                    life.label
                ));
            }
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn once(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let took_place = |(_, run): &(usize, &Run)| run.took_place() && !run.stalled;
    for (at, run) in evidence.runs.iter().enumerate().skip(1).filter(took_place) {
        // A stop from elsewhere may have come too late for its run.
        let foreign = evidence.stops.iter().any(|(stop, context)| *context != 0 && *stop < run.exit);
        let earlier = evidence.stops.iter().filter(|(stop, _)| *stop < evidence.runs[at - 1].exit).count();
        if foreign || earlier == 0 || stopped_idle(evidence, run) || first_stop(evidence, run).is_some() {
            continue;
        }
        match run.result {
            Some(Ran::Returned | Ran::Error(anyloop::RunError::Stopped)) => {
                return Err("a run returned though every stop was used up by the runs before".into());
            }
            _ => exercised += 1,
        }
    }
    // Most runs that nobody else stops are stopped by the kit when nothing is left; then it counts
    // that they lasted so long.
    for run in evidence.runs.iter().skip(1).filter(|run| run.took_place() && !run.stalled) {
        let lasted = !stopped_idle(evidence, run) && first_stop(evidence, run).is_some();
        exercised += usize::from(lasted);
    }
    Ok(exercised)
}

fn panic(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place()) {
        let Some(stop) = first_stop(evidence, run) else { continue };
        // The one that stopped, if it panicked afterwards.
        let stopper = evidence.lives.values().find(|life| {
            life.start().is_some_and(|start| start < stop) && life.ended.is_some_and(|ended| stop < ended)
        });
        let Some(stopper) = stopper else { continue };
        let panicked = What::Panicking { label: stopper.label };
        if !evidence.between(stop, run.exit).any(|(_, inner)| inner.what == panicked) {
            continue;
        }
        if run.stalled || hurried(evidence, run, stop).is_some() {
            return Err(format!("{} stopped the loop and panicked, and the run went on", stopper.label));
        }
        exercised += 1;
    }
    Ok(exercised)
}
