//! Is a closed loop closed for good, and were its callbacks dropped?

use std::format;

use anyloop::rules::close;
use anyloop::{LoopState, RejectReason, RunError};

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Life, cancel};
use crate::history::{How, Ran, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&close::RUNNING, Judged(running)),
    (&close::FINAL, Judged(final_)),
    (&close::RUN, Judged(run)),
    (&close::REJECTS, Judged(rejects)),
    (&close::DROPS, Judged(drops)),
    (&close::REENTRY, Judged(reentry)),
    (&close::HARMLESS, Judged(harmless)),
    (&close::DURING, Judged(during)),
    (&close::NESTED, Judged(nested)),
    (&close::DESCRIPTORS, Judged(descriptors)),
    (&close::ABANDONED, Judged(abandoned)),
];

fn running(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        if event.what != What::Closing || !evidence.is_running_at(at) {
            continue;
        }
        for (_, inner) in evidence.between(at, evidence.events.len()).filter(|(_, inner)| inner.context == 0)
        {
            match &inner.what {
                What::Closed { result: Ok(()) } => return Err("a running loop was closed".into()),
                What::Closed { .. } => {}
                What::Dropped { label } => {
                    return Err(format!("a running loop refused to be closed, but dropped {label}"));
                }
                // What the player looks at next.
                What::Saw { state: LoopState::Running, .. } => break,
                What::Saw { .. } => {
                    return Err("a running loop refused to be closed, but did not go on running".into());
                }
                What::Ended { .. } => return Err("closing a running loop panicked".into()),
                _ => {}
            }
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn final_(evidence: &Evidence<'_>) -> Judgement {
    let Some((_, closed)) = evidence.closed else { return Ok(0) };
    let mut exercised = 0;
    for (_, event) in evidence.between(closed, evidence.events.len()) {
        match &event.what {
            What::Saw { state: LoopState::Closed, .. } | What::Closed { result: Ok(()) } => exercised += 1,
            What::Saw { state, .. } => return Err(format!("a closed loop said that it is {state:?}")),
            What::Closed { result: Err(error) } => {
                return Err(format!("closing a closed loop was refused: {error}"));
            }
            _ => {}
        }
    }
    Ok(exercised)
}

fn run(evidence: &Evidence<'_>) -> Judgement {
    let Some((_, closed)) = evidence.closed else { return Ok(0) };
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| closed < run.enter) {
        match &run.result {
            Some(Ran::Error(RunError::Closed) | Ran::Failed(_)) if !run.took_place() => exercised += 1,
            Some(Ran::Error(error)) if !run.took_place() => {
                return Err(format!("a closed loop refused to run, but not because it is closed: {error}"));
            }
            _ => return Err("a closed loop was run".into()),
        }
    }
    Ok(exercised)
}

fn rejects(evidence: &Evidence<'_>) -> Judgement {
    rejected(evidence, |life| matches!(life.how, How::Soon | How::At(_) | How::Never))
}

/// What `is_one` picks and was asked for after closing came back, and undropped.
pub(super) fn rejected(evidence: &Evidence<'_>, is_one: impl Fn(&Life) -> bool) -> Judgement {
    let Some((_, closed)) = evidence.closed else { return Ok(0) };
    let mut exercised = 0;
    for life in evidence.lives.values().filter(|life| closed < life.asked && is_one(life)) {
        let Some(refused) = life.refused else {
            return Err(format!("{} was accepted by a closed loop", life.label));
        };
        let reason = &evidence.events[refused].what;
        if !matches!(reason, What::Refused { reason: RejectReason::Closed, .. }) {
            return Err(format!("{} was refused by a closed loop, but not because it is closed", life.label));
        }
        if life.dropped.is_some_and(|dropped| dropped < refused) {
            return Err(format!("{} was dropped by a closed loop, not handed back", life.label));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn drops(evidence: &Evidence<'_>) -> Judgement {
    let Some((from, to)) = evidence.closed else { return Ok(0) };
    let mut exercised = 0;
    for life in evidence.lives.values().filter(|life| life.how != How::Watch && life.waits_at(from)) {
        if life.started.iter().any(|start| from < *start) {
            return Err(format!("{} was waiting when the loop was closed, and started", life.label));
        }
        match life.dropped {
            Some(dropped) if dropped < to => exercised += 1,
            Some(_) => return Err(format!("{} was dropped only after close had returned", life.label)),
            None => {
                return Err(format!(
                    "{} was waiting when the loop was closed, and was not dropped",
                    life.label
                ));
            }
        }
    }
    Ok(exercised)
}

fn reentry(evidence: &Evidence<'_>) -> Judgement {
    let mut closings = std::vec::Vec::new();
    for (at, event) in evidence.events.iter().enumerate() {
        match event.what {
            What::Closing => closings.push((at, evidence.events.len())),
            What::Closed { .. } => {
                if let Some(closing) = closings.last_mut() {
                    closing.1 = at;
                }
            }
            _ => {}
        }
    }
    cancel::touched(evidence, |at| closings.iter().any(|(from, to)| *from < at && at < *to))
}

fn harmless(evidence: &Evidence<'_>) -> Judgement {
    let Some((_, closed)) = evidence.closed else { return Ok(0) };
    let mut exercised = 0;
    for (_, event) in evidence.between(closed, evidence.events.len()) {
        match &event.what {
            What::Poked { panic: Some(words), .. } => {
                return Err(format!("stop, time or cancel panicked on a closed loop: {words}"));
            }
            What::Poked { cancelled: true, .. } | What::Cancelled { answer: true, .. } => {
                return Err("a callback was cancelled on a closed loop, which has none".into());
            }
            What::Poked { .. } => exercised += 1,
            _ => {}
        }
    }
    Ok(exercised)
}

/// What the captures of callbacks were answered while the loop was being closed.
fn answers<'e>(evidence: &'e Evidence<'_>) -> impl Iterator<Item = &'e What> {
    let closing = evidence.closed.into_iter();
    closing.flat_map(|(from, to)| evidence.between(from, to)).map(|(_, event)| &event.what)
}

fn during(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for what in answers(evidence) {
        let What::Touched { label, accepted, panic: None, .. } = what else { continue };
        if *accepted {
            return Err(format!("the Drop of {label} scheduled something on the loop that was being closed"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn nested(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for what in answers(evidence) {
        match what {
            What::Touched { label, closed: Some(Err(error)), .. } => {
                return Err(format!("the Drop of {label} closed the loop that was being closed: {error}"));
            }
            What::Touched { closed: Some(Ok(())), .. } => exercised += 1,
            _ => {}
        }
    }
    Ok(exercised)
}

fn descriptors(evidence: &Evidence<'_>) -> Judgement {
    left(evidence, true)
}

/// What was open before a loop was made is all that is open since it was closed, or dropped.
fn left(evidence: &Evidence<'_>, of_closed: bool) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        let What::LoopDescriptors { closed, before, after } = event.what else { continue };
        if closed != of_closed {
            continue;
        }
        if after > before {
            let end = if closed { "closed" } else { "dropped" };
            return Err(format!(
                "{before} descriptors were open before a loop was made, and {after} since it was {end}"
            ));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn abandoned(evidence: &Evidence<'_>) -> Judgement {
    let mut open = false;
    let mut exercised = 0;
    for event in evidence.events {
        match &event.what {
            What::Gone { closed, waiting, dropped, ran, panic } => {
                open = !closed;
                if *closed {
                    continue;
                }
                if let Some(words) = panic {
                    return Err(format!("dropping an open loop panicked: {words}"));
                }
                if *ran > 0 {
                    return Err(format!("an open loop was dropped, and ran {ran} of what waited"));
                }
                if dropped != waiting {
                    return Err(format!(
                        "an open loop was dropped, and {dropped} of {waiting} that waited on it"
                    ));
                }
            }
            What::RemoteLeft { closed, refuses } if open => {
                if !closed {
                    return Err("an open loop was dropped, and its remote half says that it is open".into());
                }
                if !refuses {
                    return Err("an open loop was dropped, and its remote half accepted a callback".into());
                }
                exercised += 1;
            }
            _ => {}
        }
    }
    left(evidence, false)?;
    Ok(exercised)
}
