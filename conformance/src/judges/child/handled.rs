//! Does a watcher respect what others have arranged for the signal of a child's end?

use std::format;

use super::story::Story;
use crate::history::What;
use crate::judges::{Evidence, Judgement};
use crate::world::Handling;

/// How the program had the signal handled.
fn wanted(evidence: &Evidence<'_>) -> Option<Handling> {
    evidence.events.iter().rev().find_map(|event| match event.what {
        What::Handling { how } => Some(how),
        _ => None,
    })
}

/// How it was handled at the end, and how often the counting function had been called.
fn at_the_end(evidence: &Evidence<'_>) -> Option<(Handling, usize)> {
    evidence.events.iter().rev().find_map(|event| match event.what {
        What::Handled { how, calls } => Some((how, calls)),
        _ => None,
    })
}

/// Whether the watcher came to its task, and nothing of it is left.
fn is_over(evidence: &Evidence<'_>, story: &Story) -> bool {
    let accepted = story.registrations.iter().any(|it| it.accepted.is_some());
    let closed = evidence.events.iter().any(|event| event.what == What::Closed { result: Ok(()) });
    accepted && closed && story.stalled.is_none()
}

/// What handled the signal before handles it again.
pub(super) fn restored(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let (Some(before), Some((after, _))) = (wanted(evidence), at_the_end(evidence)) else { return Ok(0) };
    let open = evidence.events.iter().find_map(|event| match event.what {
        What::LetGo { how } => Some(how),
        _ => None,
    });
    if let Some(now) = open.filter(|now| *now != before) {
        return Err(format!("the signal was {}, and is {} when nobody needs it", word(before), word(now)));
    }
    if !is_over(evidence, &story) {
        return Ok(0);
    }
    if before != after {
        return Err(format!("the signal was {}, and is {} at the end", word(before), word(after)));
    }
    Ok(1)
}

/// The function that was there before is called.
pub(super) fn chained(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let (Some(Handling::Counted), Some((_, calls))) = (wanted(evidence), at_the_end(evidence)) else {
        return Ok(0);
    };
    let ended = story.kids.values().any(|child| child.free.is_some());
    if !ended || !is_over(evidence, &story) {
        return Ok(0);
    }
    if calls == 0 {
        return Err("a child has ended, and the handler that was there before was not called".into());
    }
    Ok(1)
}

/// Who is registered is told of, though the loop's thread blocks the signal.
pub(super) fn blocked(evidence: &Evidence<'_>) -> Judgement {
    if !evidence.events.iter().any(|event| event.what == What::Blocking) {
        return Ok(0);
    }
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in story.registrations.iter().filter(|it| it.stayed() && it.kid.is_some()) {
        if story.is_missing(it) {
            return Err(format!("{} was never called, where the loop's thread blocks the signal", it.label));
        }
        exercised += it.told.len();
    }
    Ok(exercised)
}

/// Nobody notices that the signal came.
pub(super) fn unseen(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        match event.what {
            // What the program has installed itself is its own affair.
            What::Jolted { how: Handling::Counted, .. } => {}
            What::Jolted { interrupted: true, .. } => {
                return Err("the signal came, and a system call failed for it".into());
            }
            What::Jolted { errno: true, .. } => {
                return Err("the signal came, and `errno` was another afterwards".into());
            }
            What::Jolted { .. } => exercised += 1,
            _ => {}
        }
    }
    Ok(exercised)
}

/// Who is registered is told of, though the system collects the children.
pub(super) fn ignored(evidence: &Evidence<'_>) -> Judgement {
    if wanted(evidence) != Some(Handling::Ignored) {
        return Ok(0);
    }
    let story = Story::new(evidence);
    let mut exercised = 0;
    for it in story.registrations.iter().filter(|it| it.stayed() && it.kid.is_some()) {
        if story.is_missing(it) {
            return Err(format!("{} was never called, where the signal is ignored", it.label));
        }
        exercised += it.told.len();
    }
    Ok(exercised)
}

const fn word(how: Handling) -> &'static str {
    match how {
        Handling::Default => "left to the system",
        Handling::Ignored => "ignored",
        Handling::Counted => "handled by somebody",
        Handling::Other => "handled by somebody else",
    }
}
