//! Did the callbacks that were to run at a time run as promised?

use std::format;
use std::vec::Vec;

use anyloop::rules::timer;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Life, ready};
use crate::history::{How, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&timer::EARLY, Judged(early)),
    (&timer::ORDER, Judged(order)),
    (&timer::TIE, Judged(tie)),
    (&timer::PAST, Judged(past)),
    (&timer::FAR, Judged(far)),
    (&timer::MONOTONIC, Judged(monotonic)),
    (&timer::LIVE, Judged(live)),
];

/// The accepted timers with their deadlines, in the order of the calls.
fn timers<'e>(evidence: &'e Evidence<'_>) -> Vec<(&'e Life, u64)> {
    let accepted = evidence.in_order().into_iter().filter(|life| life.accepted.is_some());
    accepted.filter_map(|life| Some((life, life.deadline()?))).collect()
}

fn early(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, deadline) in timers(evidence) {
        let Some(start) = life.start() else { continue };
        let Some(at) = evidence.events[start].at else { continue };
        if at < deadline {
            return Err(format!(
                "{} started {} us before its time",
                life.label,
                (deadline - at).div_ceil(1000)
            ));
        }
        exercised += 1;
    }
    Ok(exercised)
}

/// When both were asked for, the later one was not yet due. So whenever a turn collects it, the
/// earlier one is there and due as well: this needs to know nothing of turns.
fn order(evidence: &Evidence<'_>) -> Judgement {
    let timers = timers(evidence);
    let mut exercised = 0;
    for (first, sooner) in &timers {
        for (second, later) in &timers {
            let (Some(accepted), true) = (first.accepted, sooner < later) else { continue };
            let Some(start) = second.start() else { continue };
            if evidence.time_at(accepted) >= *later || start < accepted {
                continue;
            }
            if first.waits_at(start) {
                return Err(format!(
                    "{} started before {}, whose deadline is earlier",
                    second.label, first.label
                ));
            }
            exercised += usize::from(first.start().is_some());
        }
    }
    Ok(exercised)
}

fn tie(evidence: &Evidence<'_>) -> Judgement {
    let timers = timers(evidence);
    let mut exercised = 0;
    for (at, (second, deadline)) in timers.iter().enumerate() {
        let Some(start) = second.start() else { continue };
        for (first, _) in timers[..at].iter().filter(|(_, other)| other == deadline) {
            if first.waits_at(start) {
                return Err(format!(
                    "{} started before {}, which was asked for earlier with the same deadline",
                    second.label, first.label
                ));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// Whether a timer was refused for lack of room, and there were never more than at that moment.
fn is_crowded_out(evidence: &Evidence<'_>, life: &Life) -> bool {
    let is_timer = |other: &&Life| matches!(other.how, How::At(_) | How::Never);
    let waiting =
        |at: usize| evidence.lives.values().filter(is_timer).filter(|other| other.waits_at(at)).count();
    let crowd = waiting(life.asked);
    let accepted = || evidence.lives.values().filter(is_timer).filter_map(|other| other.accepted);
    ready::is_full(evidence, life) && crowd > 0 && accepted().all(|at| waiting(at) < crowd)
}

fn past(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in evidence.lives.values() {
        let Some(deadline) = life.deadline() else { continue };
        if evidence.time_at(life.asked) < deadline {
            continue;
        }
        if let Some(refused) = life.refused {
            if evidence.closed.is_none_or(|(from, _)| refused < from) && !is_crowded_out(evidence, life) {
                return Err(format!("{} was refused, with a deadline in the past", life.label));
            }
            continue;
        }
        let Some(accepted) = life.accepted else { continue };
        match life.start() {
            Some(start) if start < accepted => {
                return Err(format!("{} started inside the call that asked for it", life.label));
            }
            Some(_) => exercised += 1,
            None => {
                if evidence.runs.iter().any(|run| run.stalled && life.waits_at(run.exit)) {
                    return Err(format!("{} did not start, with a deadline in the past", life.label));
                }
            }
        }
    }
    Ok(exercised)
}

fn far(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in evidence.lives.values().filter(|life| life.how == How::Never) {
        if let Some(refused) = life.refused {
            if evidence.closed.is_none_or(|(from, _)| refused < from) && !is_crowded_out(evidence, life) {
                return Err(format!("{} was refused, with a deadline that never comes", life.label));
            }
        } else if life.start().is_some() {
            return Err(format!("{} started, with a deadline that never comes", life.label));
        } else if life.accepted.is_none() {
            return Err(format!("asking for {} panicked, with a deadline that never comes", life.label));
        } else {
            exercised += evidence.runs.iter().filter(|run| life.waits_at(run.exit)).count();
        }
    }
    Ok(exercised)
}

fn monotonic(evidence: &Evidence<'_>) -> Judgement {
    let mut last = 0;
    let mut exercised = 0;
    for event in evidence.events.iter().filter(|event| event.context == 0) {
        let Some(at) = event.at else { continue };
        if at < last {
            return Err(format!("the clock went back by {} us", (last - at).div_ceil(1000)));
        }
        last = at;
        exercised += 1;
    }
    Ok(exercised)
}

fn live(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let mut since = None;
    for event in evidence.events.iter().filter(|event| event.context == 0) {
        match event.what {
            What::Burning => since = event.at,
            What::Burned { time } => {
                let (Some(from), Some(to)) = (since.take(), event.at) else { continue };
                if to.saturating_sub(from) < time {
                    return Err(format!(
                        "{} us were spent in a callback, and the clock went on by {} us",
                        time / 1000,
                        to.saturating_sub(from) / 1000
                    ));
                }
                exercised += 1;
            }
            _ => {}
        }
    }
    Ok(exercised)
}
