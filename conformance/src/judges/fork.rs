//! Does a forked child leave alone what it inherits, and can it begin anew?

use std::format;
use std::string::String;

use anyloop::LoopState;
use anyloop::rules::fork;

use super::Treatment::Judged;
use super::child::Story;
use super::{Entry, Evidence, Judgement, Life, ready};
use crate::history::{Current, Event, Given, Heritage, How, Ran, Reply, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&fork::RUNNING, Judged(running)),
    (&fork::CURRENT, Judged(current)),
    (&fork::REFUSES, Judged(refuses)),
    (&fork::FRESH, Judged(fresh)),
    (&fork::CALLS, Judged(calls)),
    (&fork::ENDS, Judged(ends)),
    (&fork::DROPS, Judged(drops)),
    (&fork::RETURNS, Judged(returns)),
    (&fork::PARENT, Judged(parent)),
    (&fork::CHILD, Judged(super::child::forked::child)),
    (&fork::WATCHER, Judged(watcher)),
    (&fork::REPORTS, Judged(reports)),
];

/// The places of the forks.
fn forks<'h>(evidence: &Evidence<'h>) -> impl Iterator<Item = (usize, &'h Event)> {
    evidence.events.iter().enumerate().filter(|(_, event)| matches!(event.what, What::Forked { .. }))
}

/// The forks whose child told what it found.
fn told<'h>(evidence: &Evidence<'h>) -> impl Iterator<Item = (usize, &'h What)> {
    forks(evidence)
        .map(|(at, event)| (at, &event.what))
        .filter(|(_, what)| matches!(what, What::Forked { lost: None, .. }))
}

fn running(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, what) in told(evidence) {
        let What::Forked { current, state, .. } = what else { continue };
        if *current != Current::None {
            return Err("in the forked child, a loop was said to be running".into());
        }
        if *state == LoopState::Running {
            return Err("in the forked child, the loop said that it is running".into());
        }
        // Outside of a run there is nothing that could be taken over.
        exercised += usize::from(evidence.is_running_at(at));
    }
    Ok(exercised)
}

fn current(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, what) in told(evidence) {
        let What::Forked { asked, ambient, .. } = what else { continue };
        if *asked == Heritage::Inherited {
            return Err("in the forked child, the policy gave a loop of the parent".into());
        }
        if *ambient == Heritage::Inherited {
            return Err("in the forked child, get_event_loop gave a loop of the parent".into());
        }
        exercised += usize::from(has_current(evidence, at));
    }
    Ok(exercised)
}

/// Whether `p` had a loop for the context of the loop, the last that was seen of it before `at`.
fn has_current(evidence: &Evidence<'_>, at: usize) -> bool {
    let before = evidence.events[..at].iter().rev().filter(|event| event.context == 0);
    let mut seen = before.filter_map(|event| match &event.what {
        What::Stored { which, failed: None } => Some(which.is_some()),
        What::GaveLoop { ambient: false, given } => Some(matches!(given, Given::Loop(_))),
        _ => None,
    });
    seen.next().unwrap_or(false)
}

fn refuses(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, what) in told(evidence) {
        let What::Forked { run, closed, soon, post, .. } = what else { continue };
        // While it is being closed, and afterwards, there are other reasons.
        if evidence.closed.is_some_and(|(from, _)| from < at) {
            continue;
        }
        let asked = [("to be run", run), ("to be closed", closed), ("a callback", soon)];
        for (what, reply) in asked {
            wrong(reply)
                .map_or(Ok(()), |how| Err(format!("in the forked child, asked {what}, the loop {how}")))?;
        }
        wrong(post).map_or(Ok(()), |how| {
            Err(format!("in the forked child, given a callback, the remote half {how}"))
        })?;
        exercised += 1;
    }
    Ok(exercised)
}

/// What is wrong with a reply that has to be a refusal.
const fn wrong(reply: &Reply) -> Option<&'static str> {
    match reply {
        Reply::WrongProcess => None,
        Reply::Done => Some("did not refuse"),
        Reply::Refused => Some("refused for another reason than the process, or ended for another"),
        Reply::Kept => Some("refused, and did not hand it back"),
        Reply::Panicked => Some("panicked"),
    }
}

fn fresh(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (_, what) in told(evidence) {
        let What::Forked { fresh, .. } = what else { continue };
        if let Some(why) = fresh {
            return Err(format!("in the forked child, a new loop was of no use: {why}"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn calls(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, what) in told(evidence) {
        let What::Forked { ran, .. } = what else { continue };
        if *ran > 0 {
            return Err(format!("in the forked child, callbacks of the parent began to run: {ran}"));
        }
        exercised += evidence.lives.values().filter(|life| life.waits_at(at)).count();
    }
    Ok(exercised)
}

fn ends(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (_, what) in told(evidence) {
        let What::Forked { ended: Some(ended), .. } = what else { continue };
        if let Some(how) = wrong(ended) {
            return Err(format!("in the forked child, the run in which the process forked {how}"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn drops(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (_, what) in told(evidence) {
        let What::Forked { dropped: Some(dropped), .. } = what else { continue };
        if *dropped > 0 {
            return Err(format!(
                "in the forked child, a dropped loop dropped {dropped} callbacks of the parent"
            ));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn returns(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (_, event) in forks(evidence) {
        let What::Forked { lost, .. } = &event.what else { continue };
        if let Some(why) = lost {
            return Err(format!("the forked child {why}"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

/// Whether a child had been registered before `at`.
fn has_watched(evidence: &Evidence<'_>, at: usize) -> bool {
    let story = Story::new(evidence);
    story.registrations.iter().any(|it| it.accepted.is_some_and(|accepted| accepted < at))
}

fn watcher(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, what) in told(evidence) {
        let What::Forked { inherited, .. } = what else { continue };
        if let Some(why) = inherited {
            return Err(format!("in the forked child, the watcher of the parent was asked, and {why}"));
        }
        exercised += usize::from(has_watched(evidence, at));
    }
    Ok(exercised)
}

fn reports(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, what) in told(evidence) {
        let What::Forked { heir, .. } = what else { continue };
        if let Some(why) = heir {
            return Err(format!("in the forked child, a new watcher was of no use: {why}"));
        }
        exercised += usize::from(has_watched(evidence, at));
    }
    Ok(exercised)
}

fn parent(evidence: &Evidence<'_>) -> Judgement {
    let Some((first, _)) = forks(evidence).next() else { return Ok(0) };
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.exit > first) {
        let waiting = |life: &&Life| life.waits_at(run.exit) && !matches!(life.how, How::Never | How::Watch);
        let left = evidence.lives.values().find(waiting).map(|life| life.label);
        if let Some(label) = left.filter(|_| run.stalled) {
            return Err(format!("the process had forked, and the loop slept instead of running {label}"));
        }
        if run.until.is_none() && run.result == Some(Ran::Returned) && !ready::was_stopped(evidence, run) {
            return Err("the process had forked, and a run ended though nobody had stopped it".into());
        }
        let is_open = evidence.closed.is_none_or(|(from, _)| from > run.enter);
        if is_open && !run.took_place() {
            return Err("the process had forked, and the loop refused to run".into());
        }
    }
    for life in evidence.lives.values().filter(|life| life.how != How::Watch) {
        if let Some(why) = lost(evidence, life, first) {
            return Err(why);
        }
        let forked = |from: usize, to: usize| forks(evidence).any(|(at, _)| from < at && at < to);
        exercised += life.accepted.zip(life.start()).map_or(0, |(from, to)| usize::from(forked(from, to)));
    }
    Ok(exercised)
}

/// How a callback was lost that was waiting when the process forked first, or came later.
fn lost(evidence: &Evidence<'_>, life: &Life, first: usize) -> Option<String> {
    let dropped = life.dropped.filter(|dropped| *dropped > first && life.accepted.is_some())?;
    let cancelled = life.cancels.iter().any(|cancel| cancel.from < dropped);
    let closed = evidence.closed.is_some_and(|(from, _)| from < dropped);
    let in_time = evidence.last_exit().is_some_and(|exit| dropped < exit);
    let why = || format!("the process had forked, and {} was dropped without having run", life.label);
    (in_time && !cancelled && !closed).then(why)
}
