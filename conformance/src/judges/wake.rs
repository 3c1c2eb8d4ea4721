//! Does work from other threads arrive as promised?

use std::format;

use anyloop::rules::wake;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Life, close, ready};
use crate::history::{How, Ran, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&wake::ONCE, Judged(once)),
    (&wake::FIFO, Judged(fifo)),
    (&wake::LOCAL, Judged(local)),
    (&wake::SLEEP, Judged(sleep)),
    (&wake::EARLY, Judged(early)),
    (&wake::STOP, Judged(stop)),
    (&wake::CLOSED, Judged(closed)),
    (&wake::STATE, Judged(state)),
    (&wake::OWNER, Judged(owner)),
];

/// What the remote half accepted.
fn posts<'e>(evidence: &'e Evidence<'_>) -> impl Iterator<Item = &'e Life> {
    evidence.lives.values().filter(|life| life.how == How::Post && life.accepted.is_some())
}

fn once(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in posts(evidence) {
        match (&life.started[..], life.dropped) {
            ([start], None) if evidence.events[*start].context == 0 => exercised += 1,
            ([_], None) => return Err(format!("{} ran on another thread than the loop's", life.label)),
            ([], Some(dropped))
                if evidence.closed.is_some_and(|(from, to)| from < dropped && dropped < to) =>
            {
                exercised += 1;
            }
            ([], Some(_)) => {
                return Err(format!("{} was dropped, and the loop was not being closed", life.label));
            }
            // A loop that was never closed keeps it.
            ([], None) if evidence.closed.is_none() => {}
            ([], None) => {
                return Err(format!("{} was accepted, and neither ran nor was dropped", life.label));
            }
            _ => return Err(format!("{} ran more than once", life.label)),
        }
    }
    Ok(exercised)
}

fn fifo(evidence: &Evidence<'_>) -> Judgement {
    let mut contexts: std::vec::Vec<u32> =
        posts(evidence).map(|life| life.by).filter(|by| *by != 0).collect();
    contexts.sort_unstable();
    contexts.dedup();
    let mut exercised = 0;
    for context in contexts {
        exercised += ready::in_order(evidence, |life| life.how == How::Post && life.by == context)?;
    }
    Ok(exercised)
}

fn local(evidence: &Evidence<'_>) -> Judgement {
    let mixed = ready::in_order(evidence, |life| life.by == 0 && (life.how == How::Post || life.is_soon()))?;
    let has_post = posts(evidence).any(|life| life.by == 0);
    Ok(if has_post { mixed } else { 0 })
}

fn sleep(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in posts(evidence).filter(|life| life.by != 0) {
        let Some(run) = evidence.run_at(life.asked) else { continue };
        if run.stalled && life.waits_at(run.exit) {
            return Err(format!("{} came from another thread, and the loop slept on", life.label));
        }
        exercised += usize::from(life.start().is_some());
    }
    Ok(exercised)
}

fn early(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in posts(evidence) {
        let Some(accepted) = life.accepted else { continue };
        let Some(run) = evidence.runs.iter().find(|run| accepted < run.enter) else { continue };
        if !run.took_place() || evidence.run_at(accepted).is_some() {
            continue;
        }
        let dropped = life.dropped.is_some_and(|dropped| run.contains(dropped));
        let overslept = run.stalled && life.waits_at(run.exit);
        if dropped || overslept {
            return Err(format!("{} was scheduled before the run, and got lost", life.label));
        }
        exercised += usize::from(life.start().is_some());
    }
    Ok(exercised)
}

fn stop(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place()) {
        let since = evidence.since(run);
        let mut stops = evidence.stops.iter().filter(|(stop, _)| since <= *stop && *stop < run.exit);
        let Some((place, context)) = stops.next().filter(|(_, context)| *context != 0) else { continue };
        // Only if all stops are this thread's is it certain which of them ended the run.
        if run.enter > *place || stops.any(|(_, other)| other != context) {
            continue;
        }
        // A future that came to its end, or panicked, was faster, and the stop may be left to the next run.
        let of_future = matches!(run.result, Some(Ran::Output(_) | Ran::Panicked(_)));
        if of_future && run.until.is_some() {
            continue;
        }
        // One that was meant for the run before may have ended this one.
        if evidence.stops.iter().any(|(stop, other)| *other != 0 && *stop < since) {
            continue;
        }
        if run.stalled {
            return Err("another thread stopped the loop, and the run did not return".into());
        }
        for life in posts(evidence).filter(|life| life.by == *context && run.contains(life.asked)) {
            if life.asked > *place {
                continue;
            }
            if life.waits_at(run.exit) {
                return Err(format!(
                    "{} was scheduled by the thread that stopped the loop, before that, and did not run first",
                    life.label
                ));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

fn closed(evidence: &Evidence<'_>) -> Judgement {
    close::rejected(evidence, |life| life.how == How::Post)
}

fn state(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::RemoteSaw { closed, .. } = event.what else { continue };
        match (closed, evidence.closed) {
            (true, None) => return Err("the remote half of an open loop said that it is closed".into()),
            (true, Some((from, _))) if at < from => {
                return Err("the remote half of an open loop said that it is closed".into());
            }
            // Elsewhere, the loop may have been closed between the answer and its record.
            (false, Some((_, to))) if to < at && event.context == 0 => {
                return Err("the remote half of a closed loop said that it is open".into());
            }
            _ => exercised += usize::from(closed),
        }
    }
    Ok(exercised)
}

fn owner(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        let What::RemoteSaw { owner, .. } = event.what else { continue };
        match (owner, event.context) {
            (true, 0) => {}
            (false, 0) => return Err("on the loop's own context, the remote half denied it".into()),
            (true, _) => return Err("on another thread, the remote half took it for the loop's own".into()),
            (false, _) => exercised += 1,
        }
    }
    Ok(exercised)
}
