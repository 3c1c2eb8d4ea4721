//! Was each child that ended reported once, with the truth?

use std::format;
use std::string::String;

use anyloop::ExitStatus;

use super::name;
use super::story::{Child, Registration, Story};
use crate::history::{How, What};
use crate::judges::{Evidence, Judgement};
use crate::program::{Kid, Plan};

/// Each registration leads to one call, after the end.
pub(super) fn once(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        let (label, kid) = (it.label, name(it.kid));
        if story.is_missing(it) {
            return Err(format!("{label} was never called, although {kid} has ended and the loop was open"));
        }
        if it.started.len() > 1 {
            return Err(format!("{label} was called {} times for {kid}", it.started.len()));
        }
        for telling in &it.told {
            let ordered = it.kid.and_then(|kid| story.kids.get(&kid)).map_or(Some(0), |child| child.ordered);
            if ordered.is_none_or(|ordered| ordered > telling.at) {
                return Err(format!("{label} was called before {kid} was told to end"));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// A loop that is never idle tells all the same.
pub(super) fn busy(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for life in evidence.lives.values().filter(|life| life.how == How::Watch) {
        let starved = What::Starved { label: life.label };
        if evidence.events.iter().any(|event| event.what == starved) {
            return Err(format!(
                "{} was not called while the loop was busy with other callbacks",
                life.label
            ));
        }
        let Some(start) = life.start() else { continue };
        let mut before = evidence.between(life.asked, start);
        exercised += usize::from(before.any(|(_, event)| matches!(event.what, What::Spun { .. })));
    }
    Ok(exercised)
}

/// The pid that a callback is told is the one that was registered.
pub(super) fn pid(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        for telling in &it.told {
            if !telling.right {
                return Err(format!(
                    "{} was registered for {}, and told another pid",
                    it.label,
                    name(it.kid)
                ));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// An exit code is reported as it is.
pub(super) fn code(evidence: &Evidence<'_>) -> Judgement {
    truth(evidence, |plan| matches!(plan, Plan::Exit(_)))
}

/// A signal is reported as it is.
pub(super) fn signal(evidence: &Evidence<'_>) -> Judgement {
    truth(evidence, |plan| matches!(plan, Plan::Signal(_)))
}

/// The status of those children was reported, if nobody but the watcher could have collected them.
pub(super) fn truth(evidence: &Evidence<'_>, concerns: fn(Plan) -> bool) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for (kid, child) in &story.kids {
        if !concerns(child.plan) || child.stolen {
            continue;
        }
        let mut known = 0;
        let mut doubt = None;
        for it in story.of(*kid) {
            for telling in &it.told {
                match telling.status {
                    status if child.is_true(status) => known += 1,
                    // Registered again after it was collected, it is rightly unknown.
                    ExitStatus::Unknown => doubt = Some(it.label),
                    status => return Err(lie(it, *kid, child, status)),
                }
            }
        }
        // The registration that had the status may have gone with its loop.
        let lost = story.of(*kid).any(|it| it.stayed() && it.told.is_empty());
        if let Some(label) = doubt.filter(|_| known == 0 && !lost) {
            return Err(format!(
                "{label} was told `{}` of {kid}, which {}",
                ExitStatus::Unknown,
                child.truth()
            ));
        }
        exercised += known;
    }
    Ok(exercised)
}

fn lie(it: &Registration, kid: Kid, child: &Child, status: ExitStatus) -> String {
    format!("{} was told `{status}` of {kid}, which {}", it.label, child.truth())
}

/// Who had ended before is reported with its real status.
pub(super) fn before(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in story.registrations.iter().filter(|it| it.stayed()) {
        let Some((kid, child)) = it.kid.and_then(|kid| story.kids.get(&kid).map(|child| (kid, child))) else {
            continue;
        };
        let ended = child.ended.is_some_and(|ended| ended < it.asked);
        let first = story.of(kid).next().is_some_and(|first| first.label == it.label);
        if !ended || !first || child.stolen {
            continue;
        }
        if story.is_missing(it) {
            return Err(format!("{} was never called: {kid} had ended before it was registered", it.label));
        }
        for telling in &it.told {
            if !child.is_true(telling.status) {
                return Err(lie(it, kid, child, telling.status));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// A stop is no end.
pub(super) fn stopped(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        let Some((kid, child)) = it.kid.and_then(|kid| story.kids.get(&kid).map(|child| (kid, child))) else {
            continue;
        };
        if !child.stops.iter().any(|stop| it.is_live(*stop)) {
            continue;
        }
        for telling in &it.told {
            if child.ordered.is_none_or(|ordered| telling.at < ordered) {
                return Err(format!(
                    "{} was told `{}` of {kid}, which was only stopped",
                    it.label, telling.status
                ));
            }
            // Where the signal is ignored, the system has the status.
            if telling.status != ExitStatus::Unknown && !child.is_true(telling.status) && !story.ignored {
                return Err(lie(it, kid, child, telling.status));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// What cannot be known is not made up.
pub(super) fn unknown(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        let child = it.kid.and_then(|kid| story.kids.get(&kid));
        if child.is_some_and(|child| !child.stolen) {
            continue;
        }
        let (kid, who) = (name(it.kid), if child.is_some() { ", which somebody else collected" } else { "" });
        if story.is_missing(it) {
            return Err(format!("{} was never called for {kid}{who}", it.label));
        }
        for telling in &it.told {
            // A handle may know how a child has ended that is not there any more.
            let is_true = child.is_some_and(|child| child.is_true(telling.status));
            if telling.status != ExitStatus::Unknown && !is_true {
                return Err(format!("{} was told `{}` of {kid}{who}", it.label, telling.status));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}
