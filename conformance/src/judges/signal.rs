//! Are handlers called when their signals come, as often as they may be, and no more when they are gone?

mod story;

use std::format;
use std::string::String;
use std::vec::Vec;

use anyloop::rules::signal as rules;

use self::story::{Call, End, Handler, Raise, Story};
use super::child::Story as Children;
use super::{Entry, Evidence, Judgement, Treatment::Judged};
use crate::history::{How, What};
use crate::program::SignalName;

/// The rules of this family.
pub static TABLE: &[Entry] = &[
    (&rules::CALLED, Judged(called)),
    (&rules::COUNTED, Judged(counted)),
    (&rules::LATER, Judged(later)),
    (&rules::REPLACED, Judged(replaced)),
    (&rules::ANSWER, Judged(answer)),
    (&rules::REMOVED, Judged(removed)),
    (&rules::RESTORED, Judged(restored)),
    (&rules::REFUSED, Judged(refused)),
    (&rules::BOTH, Judged(both)),
    (&rules::CLOSED, Judged(closed)),
    (&rules::BESIDE, Judged(beside)),
    (&rules::STURDY, Judged(sturdy)),
];

/// The first raise that the handler was there for and that a run waited for in vain.
fn in_vain<'s>(evidence: &Evidence<'_>, story: &'s Story, handler: &'s Handler) -> Option<&'s Raise> {
    let waited = |raise: &Raise| {
        let stalled =
            evidence.events.iter().enumerate().skip(raise.to).find(|(_, it)| it.what == What::Stalled);
        stalled.is_some_and(|(at, _)| handler.is_there_until(at))
    };
    let heard = |raise: &Raise| handler.calls.iter().any(|call| call.at > raise.from);
    story.raises_for(handler).find(|raise| !heard(raise) && waited(raise))
}

/// How often it was certain that a handler was called for what was raised while it was there.
fn hits(story: &Story, handler: &Handler) -> usize {
    let heard = |raise: &&Raise| handler.calls.iter().any(|call| call.at > raise.from);
    story.raises_for(handler).filter(heard).count()
}

fn called(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for handler in story.handlers.iter().filter(|handler| handler.signal.is_own()) {
        if in_vain(evidence, &story, handler).is_some() {
            return Err(format!("{} was raised, and {} was never called", handler.signal, handler.label()));
        }
        exercised += hits(&story, handler);
    }
    Ok(exercised)
}

fn counted(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for handler in story.handlers.iter().filter(|handler| handler.signal.is_own()) {
        for (before, call) in handler.calls.iter().enumerate() {
            let since = handler.asked..call.at;
            let raised =
                story.raises.iter().filter(|it| it.signal == handler.signal && since.contains(&it.from));
            let raised = raised.count();
            if before >= raised {
                let (label, signal, calls) = (call.label, handler.signal, before + 1);
                return Err(format!(
                    "{signal} was raised {raised} times, and call {calls} was that of {label}"
                ));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

fn later(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let calls = story.handlers.iter().flat_map(|handler| &handler.calls).chain(&story.strays);
    let mut exercised = 0;
    for Call { at, label, .. } in calls {
        if evidence.events[*at].context != 0 {
            return Err(format!("{label} was called elsewhere than on the loop's context"));
        }
        if story.raises.iter().any(|raise| raise.context == 0 && raise.from < *at && *at < raise.to) {
            return Err(format!("{label} was called inside of the raise"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn replaced(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for handler in &story.handlers {
        for (at, label) in handler.labels.iter().skip(1) {
            let was_before = |call: &&Call| {
                let known = handler.labels.iter().position(|(_, it)| *it == call.label);
                call.at > *at && known.is_some_and(|known| handler.labels[known].0 < *at)
            };
            if let Some(stray) = story.strays.iter().find(was_before) {
                return Err(format!("{} was called after {label} had taken its place", stray.label));
            }
            exercised += usize::from(handler.calls.iter().any(|call| call.at > *at));
        }
    }
    Ok(exercised)
}

fn answer(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    for removal in &story.removals {
        if removal.answer != removal.expected {
            let (signal, said) = (removal.signal, if removal.answer { "a handler" } else { "no handler" });
            return Err(format!("the loop says that it has removed {said} of {signal}, and that is wrong"));
        }
    }
    Ok(story.removals.len())
}

fn removed(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for handler in &story.handlers {
        let Some(End::Removed(at)) = handler.end else { continue };
        let last = handler.label();
        if story.strays.iter().any(|call| call.label == last && call.at > at) {
            return Err(format!("{last} was called after it had been removed"));
        }
        let raised = story.raises.iter().filter(|raise| raise.signal == handler.signal).any(|raise| {
            let heard = handler.calls.iter().any(|call| call.at > raise.from);
            raise.from > handler.asked
                && !heard
                && evidence.runs.iter().any(|run| run.exit > raise.to.max(at))
        });
        exercised += usize::from(raised);
    }
    Ok(exercised)
}

/// What handles the signal, where the kit looked: at which place, and was it what had been there before?
fn dispositions(evidence: &Evidence<'_>) -> impl Iterator<Item = (usize, SignalName, bool)> {
    evidence.events.iter().enumerate().filter_map(|(at, event)| match event.what {
        What::Disposition { signal, former } => Some((at, signal, former)),
        _ => None,
    })
}

fn restored(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let open = evidence.closed.map_or(usize::MAX, |(closing, _)| closing);
    let mut exercised = 0;
    for (at, signal, former) in dispositions(evidence).filter(|(at, ..)| *at < open) {
        if story.is_listened_for(signal, at) {
            continue;
        }
        let was = story.handlers.iter().any(|handler| handler.signal == signal && handler.asked < at);
        if was && !former {
            return Err(format!("nobody listens for {signal}, and what handled it before does not any more"));
        }
        exercised += usize::from(was);
    }
    Ok(exercised)
}

fn refused(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let closed = evidence.closed.map_or(usize::MAX, |(closing, _)| closing);
    for (at, event) in evidence.events.iter().enumerate() {
        match event.what {
            What::SignalAdded { signal, accepted: true, .. } if !signal.is_good() => {
                return Err(format!("a handler of `{signal}` was accepted, which nobody can listen for"));
            }
            What::SignalAdded { signal, accepted: false, label } if signal.is_good() && at < closed => {
                return Err(format!("{label}, a handler of `{signal}`, was refused"));
            }
            What::SignalAdded { signal, .. } => exercised += usize::from(!signal.is_good()),
            _ => {}
        }
    }
    Ok(exercised)
}

fn both(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for also in &story.others {
        let (Some(calls), signal) = (also.calls, also.signal) else { continue };
        let since: Vec<_> =
            story.raises.iter().filter(|raise| raise.signal == signal && raise.from > also.asked).collect();
        let certain = since.iter().any(|raise| raise.from > also.accepted);
        if certain && calls == 0 {
            return Err(format!("another loop listened for {signal}, which was raised, and did not hear it"));
        }
        if calls as usize > since.len() {
            let raised = since.len();
            return Err(format!(
                "another loop heard {signal} {calls} times, which was raised {raised} times"
            ));
        }
        exercised += usize::from(certain);
    }
    Ok(exercised)
}

fn closed(evidence: &Evidence<'_>) -> Judgement {
    let Some((_, closed)) = evidence.closed else { return Ok(0) };
    let story = Story::new(evidence);
    if let Some(stray) = story.strays.iter().find(|call| call.at > closed) {
        return Err(format!("{} was called when the loop was closed", stray.label));
    }
    for event in evidence.events.iter().skip(closed) {
        if let What::SignalAdded { signal, accepted: true, .. } = event.what {
            return Err(format!("the closed loop accepted a handler of {signal}"));
        }
    }
    let mut exercised = 0;
    for (at, signal, former) in dispositions(evidence).filter(|(at, ..)| *at > closed) {
        let was = |handler: &Handler| handler.signal == signal && matches!(handler.end, Some(End::Closed(_)));
        if !former && !story.is_listened_for(signal, at) {
            return Err(format!("the loop is closed, and what handled {signal} before does not any more"));
        }
        exercised += usize::from(story.handlers.iter().any(was));
    }
    Ok(exercised)
}

fn beside(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    if !evidence.lives.values().any(|life| life.how == How::Watch && life.accepted.is_some()) {
        return Ok(0);
    }
    let mut exercised = 0;
    for handler in story.handlers.iter().filter(|handler| handler.signal == SignalName::Chld) {
        if in_vain(evidence, &story, handler).is_some() {
            return Err(format!(
                "{} was not called for the signal that a watcher may listen for",
                handler.label()
            ));
        }
        exercised += hits(&story, handler);
    }
    if exercised > 0 {
        let children = Children::new(evidence);
        let missing = children.registrations.iter().find(|it| it.stayed() && children.is_missing(it));
        if let Some(missing) = missing {
            let why: String = "was not told, and there was a handler of the same signal".into();
            return Err(format!("{} {why}", missing.label));
        }
    }
    Ok(exercised)
}

fn sturdy(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let told = |what: &What| !matches!(what, What::Lacking { what } if what == "exception handlers");
    let observed = evidence.events.iter().all(|event| told(&event.what));
    let mut exercised = 0;
    for handler in &story.handlers {
        for call in handler.calls.iter().filter(|call| call.panicked.is_some()) {
            let label = call.label;
            let reports = |what: &What| matches!(what, What::Reported { label: of, .. } if *of == label);
            let reported = evidence.events.iter().skip(call.at).any(|event| reports(&event.what));
            if observed && !reported {
                return Err(format!("{label} panicked, and the exception handler was not told"));
            }
            if in_vain(evidence, &story, handler).is_some_and(|raise| raise.from > call.at) {
                return Err(format!("{label} panicked, and was not called again"));
            }
            exercised += usize::from(handler.calls.iter().any(|again| again.at > call.at));
        }
    }
    Ok(exercised)
}
