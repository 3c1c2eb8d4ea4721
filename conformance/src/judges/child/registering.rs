//! Does a watcher keep its books: what it accepts, replaces, removes and refuses?

use std::format;
use std::string::String;

use super::story::{Child, Registration, Story};
use super::{name, next};
use crate::history::What;
use crate::judges::{Evidence, Judgement};

/// A later registration hands the former callback back.
pub(super) fn replace(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in story.registrations.iter().filter(|it| it.accepted.is_some()) {
        let (label, kid) = (it.label, name(it.kid));
        match (story.current(it.kid, it.asked), it.displaces) {
            (Some(former), None) if story.is_certain(it.kid, it.asked) => {
                return Err(format!(
                    "{label} replaced {} for {kid}, which was not handed back",
                    former.label
                ));
            }
            (None, Some(_)) => {
                return Err(format!("{label} was handed a callback for {kid}, where none was registered"));
            }
            (Some(former), Some(at)) => {
                if next(evidence, at) != Some(&What::Dropped { label: former.label }) {
                    return Err(format!(
                        "{label} replaced {} for {kid}, and was handed another callback",
                        former.label
                    ));
                }
                exercised += 1;
            }
            _ => {}
        }
    }
    Ok(exercised)
}

/// Removing says what it did, and does what it says.
pub(super) fn remove(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    for removal in &story.removals {
        let kid = removal.kid;
        match (removal.of, removal.answer) {
            (Some(label), false) if removal.certain => {
                return Err(format!("removing {kid} answered false, and {label} was registered for it"));
            }
            (None, true) => {
                return Err(format!("removing {kid} answered true, and nothing was registered for it"));
            }
            (Some(label), true) => {
                let it = story.registrations.iter().find(|it| it.label == label);
                if it.is_some_and(|it| it.started.iter().any(|started| *started > removal.from)) {
                    return Err(format!("{label} was removed from {kid}, and was called afterwards"));
                }
            }
            _ => {}
        }
    }
    Ok(story.removals.len())
}

/// A refusal changes nothing.
pub(super) fn refused(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        let Some(refused) = it.refused else { continue };
        if next(evidence, refused) != Some(&What::Dropped { label: it.label }) {
            return Err(format!("{} was refused, and was not handed back", it.label));
        }
        exercised += 1;
        let Some(kid) = it.kid.filter(|kid| story.of(*kid).next().is_none()) else { continue };
        if let Some(Child { collected: Some((_, None)), .. }) = story.kids.get(&kid) {
            return Err(format!("{kid} was refused, and yet somebody collected it"));
        }
    }
    Ok(exercised)
}

/// What fails leaves everything else as it was.
pub(super) fn unchanged(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let (mut exercised, mut was_active) = (0, false);
    for (at, event) in evidence.events.iter().enumerate() {
        let tried = match &event.what {
            What::WatchRefused { .. } => "a registration was refused",
            What::AttachDone { failed: Some(_) } => "attaching the watcher failed",
            What::Scarce { on: true, active } => {
                was_active = *active;
                continue;
            }
            What::Scarce { active: false, .. } if was_active && story.watcher_closed.is_none() => {
                return Err("no descriptor was to be had, and the watcher is not active any more".into());
            }
            _ => continue,
        };
        for it in story.registrations.iter().filter(|it| it.is_live(at)) {
            if story.is_missing(it) {
                return Err(format!("{} was pending when {tried}, and was never called", it.label));
            }
            exercised += it.told.len();
        }
    }
    Ok(exercised)
}

/// Whether no descriptor was to be had at `at`.
fn is_scarce(evidence: &Evidence<'_>, at: usize) -> bool {
    let mut before = evidence.events[..at].iter().rev();
    let last = before.find_map(|event| match event.what {
        What::Scarce { on, .. } => Some(on),
        _ => None,
    });
    last.unwrap_or(false)
}

/// Active watchers accept; closed ones are not active.
pub(super) fn active(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        if !it.active {
            if it.accepted.is_some() {
                return Err(format!("{} was accepted by a watcher that said it is not active", it.label));
            }
            continue;
        }
        if is_scarce(evidence, it.asked) {
            continue;
        }
        // Another thread may have closed it meanwhile.
        let open = |refused| story.watcher_closed.is_none_or(|(closing, _)| refused < closing);
        if it.refused.is_some_and(open) && it.asked < story.loop_closed {
            return Err(format!("{} was refused by a watcher that said it is active", it.label));
        }
        exercised += usize::from(it.accepted.is_some());
    }
    for (at, event) in evidence.events.iter().enumerate() {
        let closed = story.watcher_closed.is_some_and(|(_, closed)| closed < at);
        if let What::Active { active } = event.what
            && closed
        {
            if active {
                return Err(String::from("the watcher was closed, and says that it is active"));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// A closed watcher accepts nothing and finishes what it began.
pub(super) fn close(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let Some((closing, closed)) = story.watcher_closed else { return Ok(0) };
    let mut exercised = 0;
    for it in &story.registrations {
        if it.asked > closed {
            if it.accepted.is_some() {
                return Err(format!("{} was accepted by a closed watcher", it.label));
            }
            exercised += usize::from(it.refused.is_some());
        } else if it.is_live(closing) {
            if story.is_missing(it) {
                return Err(format!(
                    "{} was pending when the watcher was closed, and was never called",
                    it.label
                ));
            }
            exercised += usize::from(!it.told.is_empty());
        }
    }
    Ok(exercised)
}

/// When a callback starts, its registration is over.
pub(super) fn gone(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in story.registrations.iter().filter(|it| it.kid.is_some()) {
        let Some(started) = it.started.first().copied() else { continue };
        // Whoever registered again before the callback started has a registration of his own.
        let again =
            |other: &Registration| other.kid == it.kid && it.asked < other.asked && other.asked < started;
        if story.registrations.iter().any(again) {
            continue;
        }
        for (_, event) in evidence.between(started, evidence.events.len()).filter(|(_, e)| e.context == 0) {
            match &event.what {
                What::Unwatched { kid, answer } if Some(*kid) == it.kid => {
                    if *answer {
                        return Err(format!(
                            "{} had started, and its registration was still there",
                            it.label
                        ));
                    }
                    exercised += 1;
                }
                What::Displaced { by } => {
                    let mut others = story.registrations.iter();
                    if others.any(|other| other.label == *by && other.kid == it.kid) {
                        return Err(format!("{} had started, and {by} replaced its registration", it.label));
                    }
                }
                What::Accepted { label, .. } => {
                    let mut others = story.registrations.iter();
                    if others.any(|other| other.label == *label && other.kid == it.kid) {
                        exercised += 1;
                        break;
                    }
                }
                What::Ended { label } if *label == it.label => break,
                _ => {}
            }
        }
    }
    Ok(exercised)
}
