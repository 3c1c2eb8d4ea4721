//! Does a watcher behave: where it calls back, what it leaves alone, what it leaves behind?

use std::format;

use super::story::{Registration, Story};
use crate::history::What;
use crate::judges::{Evidence, Judgement};

/// Who was not registered is left alone.
pub(super) fn stranger(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let busy = story.registrations.iter().any(|it| !it.told.is_empty());
    let mut exercised = 0;
    for (kid, child) in &story.kids {
        let registered = story.registrations.iter().any(|it| it.kid == Some(*kid));
        let Some((_, status)) = child.collected.filter(|_| !registered) else { continue };
        if status.is_none() {
            return Err(format!("{kid} was never registered, and yet somebody collected it"));
        }
        // A watcher that had nothing to do could not go wrong.
        exercised += usize::from(busy);
    }
    Ok(exercised)
}

/// What was removed is left to the caller.
pub(super) fn caller(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for (kid, child) in &story.kids {
        let Some((_, status)) = child.collected else { continue };
        let removed = story.of(*kid).any(|it| it.removed.is_some());
        let only = story.of(*kid).all(|it| !it.stayed() && it.told.is_empty());
        if !removed || !only {
            continue;
        }
        if !status.is_some_and(|status| child.is_true(status)) {
            return Err(match status {
                None => format!("{kid} was removed, and yet somebody collected it"),
                Some(status) => format!("{kid} was removed, and {status} by the watcher's doing"),
            });
        }
        exercised += 1;
    }
    Ok(exercised)
}

/// No callback runs from inside of something else.
pub(super) fn later(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    let mut under_way = None;
    let mut calling = None;
    for event in evidence.events.iter().filter(|event| event.context == 0) {
        match &event.what {
            What::Watching { .. } => calling = Some("registering"),
            What::Unwatching { .. } => calling = Some("removing"),
            What::WatcherClosing => calling = Some("closing the watcher"),
            What::Accepted { .. }
            | What::WatchRefused { .. }
            | What::Unwatched { .. }
            | What::WatcherClosed => calling = None,
            What::Started { label } => {
                if story.registrations.iter().any(|it| it.label == *label) {
                    if let Some(method) = calling {
                        return Err(format!("{label} was called from inside of {method}"));
                    }
                    if let Some(other) = under_way {
                        return Err(format!("{label} was called from inside of {other}"));
                    }
                    exercised += 1;
                }
                under_way = under_way.or(Some(*label));
            }
            What::Ended { label } if under_way == Some(*label) => under_way = None,
            _ => {}
        }
    }
    Ok(exercised)
}

/// Callbacks run where the loop runs.
pub(super) fn owner(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in &story.registrations {
        for started in &it.started {
            let context = evidence.events[*started].context;
            if context != 0 {
                return Err(format!("{} was called on another context than its loop's", it.label));
            }
            if !evidence.is_running_at(*started) {
                return Err(format!("{} was called while its loop did not run", it.label));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// Who was reported has been collected.
pub(super) fn reaped(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        if let What::Zombie { kid, zombie } = event.what {
            if zombie {
                return Err(format!("{kid} was reported and still waits to be collected"));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// Descriptors come back.
pub(super) fn descriptors(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        if let What::Descriptors { before, after } = event.what {
            if after > before {
                return Err(format!(
                    "{before} descriptors were open before the children, and {after} are after all reports"
                ));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// A closed loop is told nothing, and its children are collected.
pub(super) fn closed(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let late = |it: &&Registration| it.started.iter().any(|started| *started > story.loop_closed);
    if let Some(it) = story.registrations.iter().find(late) {
        return Err(format!("{} was called after its loop was closed", it.label));
    }
    let mut exercised = 0;
    for event in evidence.events {
        if let What::CollectedByWatcher { kid, collected } = event.what {
            if !collected {
                return Err(format!("{kid} was not collected: the loop was closed before it ended"));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// A callback that panics loses nobody else.
pub(super) fn panic(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Panicking { label } = event.what else { continue };
        if !story.registrations.iter().any(|it| it.label == label) {
            continue;
        }
        for it in story.registrations.iter().filter(|it| it.label != label) {
            if story.is_missing(it) {
                return Err(format!("{label} panicked, and {} was never called", it.label));
            }
            exercised += usize::from(it.started.iter().any(|started| at < *started));
        }
    }
    Ok(exercised)
}

/// Closing again is harmless, and changes nothing.
pub(super) fn final_(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let Some((_, first)) = story.watcher_closed else { return Ok(0) };
    let mut exercised = 0;
    for (at, event) in evidence.between(first, evidence.events.len()) {
        if event.what != What::WatcherClosing {
            continue;
        }
        let after =
            evidence.between(at, evidence.events.len()).filter(|(_, inner)| inner.context == event.context);
        let mut after = after.map(|(_, inner)| &inner.what);
        let end = |what: &&What| {
            matches!(what, What::WatcherClosed | What::Failed { .. } | What::Ended { .. } | What::Exit { .. })
        };
        if after.find(end) != Some(&What::WatcherClosed) {
            return Err("closing a closed watcher panicked".into());
        }
        if after.next() == Some(&(What::Active { active: true })) {
            return Err("a watcher was closed twice, and says that it is active".into());
        }
        exercised += 1;
    }
    Ok(exercised)
}
