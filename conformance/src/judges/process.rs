//! Are programs started, talked with and ended as was asked for?
//!
//! | file | answers |
//! | --- | --- |
//! | `process.rs` | how is each rule judged? |
//! | `process/act.rs` | what happened in a scene with a program? |

mod act;

use std::format;
use std::vec::Vec;

use anyloop::ExitStatus;
use anyloop::rules::process as rules;

use self::act::{Act, acts, each, name};
use super::{Entry, Evidence, Judgement, Treatment::Judged};
use crate::history::{Launch, Sending, Stream, What};
use crate::program::Scene;

/// The rules of this family.
pub static TABLE: &[Entry] = &[
    (&rules::FIRST, Judged(first)),
    (&rules::NOTHING, Judged(nothing)),
    (&rules::STATUS, Judged(status)),
    (&rules::WAITERS, Judged(waiters)),
    (&rules::CANCEL, Judged(cancel)),
    (&rules::ALONE, Judged(alone)),
    (&rules::BYTES, Judged(bytes)),
    (&rules::INPUT, Judged(input)),
    (&rules::COMMUNICATE, Judged(communicate)),
    (&rules::DEAF, Judged(deaf)),
    (&rules::SIGNALLED, Judged(signalled)),
    (&rules::OVER, Judged(over)),
    (&rules::KEPT, Judged(kept)),
    (&rules::KILLED, Judged(killed)),
    (&rules::DETACHED, Judged(detached)),
    (&rules::CLOSED, Judged(closed)),
    (&rules::STREAMS, Judged(streams)),
];

/// How many wait in [`Scene::Awaited`].
const WAITERS: usize = 4;

/// What the system says of a path that leads nowhere: the same number on every Unix.
const ENOENT: i32 = 2;

/// With a watcher that is closed, no program runs, and who is refused for another reason was too late.
fn first(evidence: &Evidence<'_>) -> Judgement {
    let judge = |act: &Act<'_>| {
        let label = act.label;
        match (act.launch(), act.went_on()) {
            (Some(Launch::Done), _) => Err(format!("{label} was started though the watcher is not active")),
            (Some(Launch::Failed(words)), _) => {
                Err(format!("the watcher of {label} is not active, and was asked too late: {words}"))
            }
            (Some(Launch::Os(error)), _) => {
                Err(format!("the watcher of {label} is not active, and the system was asked: {error}"))
            }
            (_, Some((_, true))) => Err(format!("the start of {label} was refused, and it ran")),
            (_, Some((false, _))) => Err(format!("the start of {label} was refused, and its output is held")),
            (_, Some(_)) => Ok(1),
            _ => Ok(0),
        }
    };
    acts(evidence, &[Scene::Inactive]).iter().map(judge).sum()
}

fn nothing(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for act in acts(evidence, &[Scene::Missing, Scene::Nowhere]) {
        let label = act.label;
        match act.launch() {
            Some(Launch::Os(error)) if error.raw() == ENOENT => {}
            // The program has closed the watcher.
            Some(Launch::Inactive) | None => continue,
            Some(Launch::Done) => return Err(format!("{label} was started, and cannot be")),
            Some(Launch::Os(error)) => {
                return Err(format!("{label} is not there, and the error was: {error}"));
            }
            Some(Launch::Failed(words)) => {
                return Err(format!("the start of {label} failed otherwise: {words}"));
            }
        }
        for what in &act.events {
            let What::Spent { before, after, children, .. } = what else { continue };
            if let (Some(before), Some(after)) = (before, after)
                && after > before
            {
                return Err(format!("{label} was not started, and left descriptors: {after} after {before}"));
            }
            if *children == [false, true] {
                return Err(format!("{label} was not started, and left a process"));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

/// The status is unknown first, then true, and stays so.
fn status(evidence: &Evidence<'_>) -> Judgement {
    const SCENES: &[Scene] =
        &[Scene::Awaited, Scene::Outlived, Scene::Line, Scene::Flood, Scene::Filter, Scene::Given];
    each(evidence, SCENES, |act| {
        let released = act.position(|what| matches!(what, What::Released { .. })).unwrap_or(0);
        let told = act.waited().next().map(|(at, _, _)| at);
        let mut exercised = 0;
        for (at, what) in act.events.iter().enumerate() {
            match what {
                What::StatusSaw { status: Some(status), .. } if at < released => {
                    return Err(format!("{} waits, and its end was said to be `{status}`", act.label));
                }
                What::StatusSaw { status: None, .. } if told.is_some_and(|told| told < at) => {
                    return Err(format!("the end of {} was told, and then unknown", act.label));
                }
                What::StatusSaw { status: Some(status), .. } => act.check(*status)?,
                What::Waited { status, .. } => act.check(*status)?,
                _ => continue,
            }
            exercised += 1;
        }
        Ok(exercised)
    })
}

fn waiters(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Awaited], |act| {
        let told: Vec<_> = act.waited().collect();
        let Some((_, one, first)) = told.first() else { return Ok(0) };
        if let Some((_, other, second)) = told.iter().find(|(_, _, status)| status != first) {
            return Err(format!("wait {one} for {} gave `{first}`, and wait {other} `{second}`", act.label));
        }
        if act.broken_off && told.len() < WAITERS {
            return Err(format!("of {WAITERS} waits for {} only {} ended", act.label, told.len()));
        }
        Ok(told.len() / WAITERS)
    })
}

fn cancel(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Awaited], |act| {
        let Some(gave_up) = act.position(|what| matches!(what, What::GaveUp { .. })) else { return Ok(0) };
        let Some((at, _, status)) = act.waited().next() else {
            return match act.broken_off {
                true => Err(format!("a wait for {} was given up, and then no other ended", act.label)),
                false => Ok(0),
            };
        };
        let released = act.position(|what| matches!(what, What::Released { .. }));
        if released.is_none_or(|released| at < released) {
            return Err(format!("a wait for {} was given up, and it ended", act.label));
        }
        if !act.is_true(status) {
            return Err(format!("a wait for {} was given up, and then it ended by `{status}`", act.label));
        }
        Ok(usize::from(gave_up < at))
    })
}

fn alone(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Outlived], |act| match act.waited().next() {
        Some(_) => Ok(1),
        None if act.broken_off => {
            Err(format!("{} has ended, and its wait waited for whoever holds its pipe", act.label))
        }
        None => Ok(0),
    })
}

fn bytes(evidence: &Evidence<'_>) -> Judgement {
    // If the wait does not end, that is another rule's business.
    each(evidence, &[Scene::Line], |act| if act.waited().next().is_some() { act.heard() } else { Ok(0) })
        .and_then(|lines| Ok(lines + each(evidence, &[Scene::Flood], |act| act.heard())?))
}

fn input(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Filter], |act| act.heard())
}

/// Whether both streams were right and the status true.
fn talked(act: &Act<'_>) -> Judgement {
    for what in &act.events {
        match what {
            What::Talked { right: [true, true], status, .. } => return act.check(*status).map(|()| 1),
            What::Talked { right: [stdout, _], .. } => {
                let stream = if *stdout { Stream::Err } else { Stream::Out };
                return Err(format!("not all of the {} of {} was read", name(stream), act.label));
            }
            What::TalkFailed { why, .. } => {
                return Err(format!("communicating with {} failed: {why}", act.label));
            }
            _ => {}
        }
    }
    if act.broken_off {
        return Err(format!("communicating with {} did not come to an end", act.label));
    }
    Ok(0)
}

fn communicate(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Talk], talked)
}

fn deaf(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Deaf], talked)
}

fn signalled(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Signalled], |act| {
        let Some((_, answer)) = act.sent().next() else { return Ok(0) };
        if *answer != Sending::Done {
            return Err(format!("a signal to {} was not sent: {}", act.label, words(answer)));
        }
        match act.waited().next() {
            Some((_, _, status)) => act.check(status).map(|()| 1),
            None if act.broken_off => {
                Err(format!("{} was sent a signal, and its end was never told", act.label))
            }
            None => Ok(0),
        }
    })
}

fn words(answer: &Sending) -> &str {
    match answer {
        Sending::Done => "it was sent",
        Sending::Over => "the end was reported, it was said",
        Sending::Failed(words) => words,
    }
}

fn over(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Signalled], |act| {
        let Some((told, _, _)) = act.waited().next() else { return Ok(0) };
        let mut exercised = 0;
        for (_, answer) in act.sent().filter(|(at, _)| *at > told) {
            if *answer != Sending::Over {
                let said = words(answer);
                return Err(format!(
                    "the end of {} was reported, and a signal not refused: {said}",
                    act.label
                ));
            }
            exercised += 1;
        }
        Ok(exercised)
    })
}

fn kept(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Late], |act| {
        let ended = act.position(|what| matches!(what, What::ProgramEnded { .. }));
        let Some((_, answer)) = act.sent().next().filter(|_| ended.is_some()) else { return Ok(0) };
        if *answer != Sending::Done {
            let said = words(answer);
            return Err(format!("{} has ended untold, and a signal to it failed: {said}", act.label));
        }
        match act.waited().next() {
            Some((_, _, status)) => act.check(status).map(|()| 1),
            None if act.broken_off => {
                Err(format!("{} was sent a signal when it had ended, and its end never told", act.label))
            }
            None => Ok(0),
        }
    })
}

fn killed(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Killed], |act| match act.went_on() {
        None => Ok(0),
        Some((false, _)) => Err(format!("{} was dropped, and was not killed", act.label)),
        Some((true, true)) => Err(format!("{} was dropped, and went on", act.label)),
        Some((true, false)) => act.collected().map(|()| usize::from(act.settled().is_some())),
    })
}

fn detached(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Detached], |act| match act.went_on() {
        None => Ok(0),
        Some((true, true)) => act.collected().map(|()| usize::from(act.settled().is_some())),
        Some(_) => Err(format!("{} was dropped, and did not go on", act.label)),
    })
}

fn closed(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Orphaned, Scene::Untold], |act| {
        if act.position(|what| matches!(what, What::LoopLeft { .. })).is_none() {
            return Ok(0);
        }
        match act.waited().next() {
            Some((_, _, ExitStatus::Unknown)) => {
                act.collected().map(|()| usize::from(act.settled().is_some()))
            }
            Some((_, _, status)) => Err(format!(
                "the loop that had started {} was closed before its end was reported, which was told as `{status}`",
                act.label
            )),
            None if act.broken_off => {
                Err(format!("the loop that had started {} was closed, and a wait never ended", act.label))
            }
            None => Ok(0),
        }
    })
}

fn streams(evidence: &Evidence<'_>) -> Judgement {
    each(evidence, &[Scene::Given, Scene::Merged, Scene::Piped, Scene::Null], |act| {
        // What was given is read when the wait has ended.
        if act.scene == Scene::Piped || act.waited().next().is_some() { act.heard() } else { Ok(0) }
    })
}
