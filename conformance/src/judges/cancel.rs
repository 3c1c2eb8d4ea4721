//! Are cancelled callbacks gone, and all others not?

use std::format;

use anyloop::rules::cancel;

use super::Treatment::Judged;
use super::{Cancel, Entry, Evidence, Judgement, Life};
use crate::history::What;

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&cancel::NEVER, Judged(never)),
    (&cancel::ANSWER, Judged(answer)),
    (&cancel::DROPS, Judged(drops)),
    (&cancel::FOREIGN, Judged(foreign)),
    (&cancel::STALE, Judged(stale)),
    (&cancel::REENTRY, Judged(reentry)),
    (&cancel::SELF, Judged(self_)),
    (&cancel::SCOPE, Judged(scope)),
];

/// Every attempt that came to its end, with the callback that was meant.
fn attempts<'e>(evidence: &'e Evidence<'_>) -> impl Iterator<Item = (&'e Life, &'e Cancel)> {
    let all = evidence.lives.values().flat_map(|life| life.cancels.iter().map(move |cancel| (life, cancel)));
    all.filter(|(_, cancel)| cancel.from < cancel.to)
}

/// Whether it was waiting to run when the attempt began.
fn was_waiting(life: &Life, cancel: &Cancel) -> bool {
    life.waits_at(cancel.from)
}

fn never(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, cancel) in attempts(evidence).filter(|(_, cancel)| cancel.answer) {
        if life.started.iter().any(|start| cancel.to < *start) {
            return Err(format!("{} was cancelled, and started afterwards", life.label));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn answer(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, cancel) in attempts(evidence) {
        let waiting = was_waiting(life, cancel);
        if cancel.answer != waiting {
            let truth = if waiting { "was waiting to run" } else { "was not waiting to run" };
            return Err(format!("cancelling {} gave {}, but it {truth}", life.label, cancel.answer));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn drops(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, cancel) in attempts(evidence).filter(|(_, cancel)| cancel.answer) {
        match life.dropped {
            Some(dropped) if cancel.from < dropped && dropped < cancel.to => exercised += 1,
            Some(dropped) if dropped > cancel.to => {
                return Err(format!("{} was dropped only after cancel had returned", life.label));
            }
            Some(_) => {}
            None => return Err(format!("{} was cancelled, and never dropped", life.label)),
        }
    }
    Ok(exercised)
}

fn foreign(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        let What::Foreign { label, answers, lost } = event.what else { continue };
        if answers[0] || lost > 0 {
            return Err(format!("the handle of {label} cancelled a callback of another loop"));
        }
        if answers[1] {
            return Err(format!(
                "when {label} was tried, a handle of another loop cancelled a callback of this one"
            ));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn stale(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, cancel) in attempts(evidence) {
        let over = |place: Option<usize>| place.is_some_and(|place| place < cancel.from);
        if !over(life.start()) && !life.cancels.iter().any(|first| first.answer && first.to < cancel.from) {
            continue;
        }
        // Another thread may drop what it likes meanwhile.
        let victim = evidence.between(cancel.from, cancel.to).find_map(|(_, event)| match event.what {
            What::Dropped { label } if label != life.label && event.context == 0 => Some(label),
            _ => None,
        });
        if let Some(victim) = victim {
            return Err(format!("{} was over, and cancelling it dropped {victim}", life.label));
        }
        if cancel.answer {
            return Err(format!("{} was over, and could be cancelled", life.label));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn reentry(evidence: &Evidence<'_>) -> Judgement {
    touched(evidence, |at| {
        let mut all = evidence.lives.values().flat_map(|life| &life.cancels);
        all.any(|cancel| cancel.from < at && (at < cancel.to || cancel.from == cancel.to))
    })
}

/// Whatever was dropped where `here` says could call the loop from its `Drop`.
pub(super) fn touched(evidence: &Evidence<'_>, here: impl Fn(usize) -> bool) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Touched { label, panic, .. } = &event.what else { continue };
        if !here(at) {
            continue;
        }
        if let Some(words) = panic {
            return Err(format!("the capture of {label} could not call the loop from its Drop: {words}"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn self_(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, cancel) in attempts(evidence) {
        for (_, event) in evidence.between(cancel.from, cancel.to) {
            let What::Touched { label, cancelled, panic: None, .. } = event.what else { continue };
            if label == life.label {
                if cancelled {
                    return Err(format!("{label} was cancelled, and its own Drop could cancel it again"));
                }
                exercised += 1;
            }
        }
    }
    Ok(exercised)
}

fn scope(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (life, cancel) in attempts(evidence) {
        let scoped = cancel.from.checked_sub(1).and_then(|before| evidence.events.get(before));
        if !scoped.is_some_and(|event| event.what == What::Scoping { label: life.label }) {
            continue;
        }
        if was_waiting(life, cancel) {
            if !cancel.answer {
                return Err(format!("the guard of {} was dropped, and did not cancel it", life.label));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}
