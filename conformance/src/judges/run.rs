//! Was the loop run as promised?

use std::collections::BTreeSet;
use std::format;

use anyloop::LoopState;
use anyloop::rules::run;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement, Run, ready};
use crate::history::{Current, How, Ran, What};
use crate::program::Label;

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&run::STATE, Judged(state)),
    (&run::CURRENT, Judged(current)),
    (&run::NESTED, Judged(nested)),
    (&run::OTHER, Judged(other)),
    (&run::AGAIN, Judged(again)),
    (&run::PANIC, Judged(panic)),
    (&run::LASTS, Judged(lasts)),
    (&run::REPORT, Judged(report)),
    (&run::HANDLER, Judged(handler)),
    (&run::ALIVE, Judged(alive)),
    (&run::RETURNS, Judged(returns)),
    (&run::STURDY, Judged(sturdy)),
    (&run::INTERRUPTED, Judged(interrupted)),
];

fn alive(evidence: &Evidence<'_>) -> Judgement {
    match evidence.cut {
        Some(What::Died { how }) => Err(format!("the process ended: {how}")),
        _ => Ok(played(evidence)),
    }
}

/// One, if there was a loop that could have done wrong.
fn played(evidence: &Evidence<'_>) -> usize {
    usize::from(evidence.events.iter().all(|event| !matches!(event.what, What::NoLoop { .. })))
}

fn returns(evidence: &Evidence<'_>) -> Judgement {
    match evidence.cut {
        Some(What::Hung) => Err(
            "a method of the loop, the policy or the watcher did not return, not even after a remote stop"
                .into(),
        ),
        Some(_) => Ok(0),
        None => Ok(played(evidence)),
    }
}

fn state(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Saw { state, .. } = event.what else { continue };
        let expected = match (evidence.is_running_at(at), evidence.closed) {
            // While it is being closed, both answers are right.
            (_, Some((from, to))) if from < at && at < to => continue,
            (_, Some((_, to))) if to < at => LoopState::Closed,
            (true, _) => LoopState::Running,
            (false, _) => LoopState::Idle,
        };
        if state != expected {
            return Err(format!("the loop said that it is {state:?} when it was {expected:?}"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn current(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Saw { current, .. } = event.what else { continue };
        match (evidence.is_running_at(at), current) {
            (true, Current::This) | (false, Current::None) => exercised += 1,
            (true, Current::None) => return Err("inside a run, no loop was said to be running".into()),
            (true, Current::Other) => {
                return Err("inside a run, another loop was said to be running".into());
            }
            (false, _) => return Err("outside of every run, a loop was said to be running".into()),
        }
    }
    Ok(exercised)
}

fn nested(evidence: &Evidence<'_>) -> Judgement {
    attempts(evidence, false)
}

fn other(evidence: &Evidence<'_>) -> Judgement {
    attempts(evidence, true)
}

/// Nested runs are refused, and change nothing.
fn attempts(evidence: &Evidence<'_>, of_other: bool) -> Judgement {
    let whose = if of_other { "another loop" } else { "the same loop" };
    let mut exercised = 0;
    for (from, event) in evidence.events.iter().enumerate() {
        if event.what != (What::Attempting { other: of_other }) {
            continue;
        }
        for (_, inner) in evidence.between(from, evidence.events.len()) {
            match &inner.what {
                What::Started { label } if inner.context == 0 => {
                    return Err(format!("{label} started inside a nested run of {whose}"));
                }
                What::Attempted { result: Ran::Error(_), ran: 0, .. } => break,
                What::Attempted { result: Ran::Error(_), ran, .. } => {
                    return Err(format!(
                        "a nested run of {whose} was refused, but ran {ran} of its callbacks"
                    ));
                }
                What::Attempted { result: Ran::Panicked(words), .. } => {
                    return Err(format!("a nested run of {whose} panicked: {words}"));
                }
                What::Attempted { .. } => return Err(format!("a nested run of {whose} was not refused")),
                _ => {}
            }
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn again(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (number, run) in evidence.runs.iter().enumerate().skip(1) {
        if evidence.closed.is_some_and(|(from, _)| from < run.enter) {
            continue;
        }
        match &run.result {
            Some(Ran::Error(error)) if !run.took_place() => {
                return Err(format!(
                    "run {} was refused, after {number} that had ended: {error}",
                    number + 1
                ));
            }
            // The panic of an awaited future is for whoever awaits it, here the caller of the run.
            Some(Ran::Panicked(_)) if run.until.is_some_and(|label| panicked(evidence, label)) => {}
            Some(Ran::Panicked(words)) => {
                return Err(format!("run {} panicked, after {number} that had ended: {words}", number + 1));
            }
            _ => exercised += 1,
        }
    }
    Ok(exercised)
}

/// Whether the future `label` came to its step `panic`.
fn panicked(evidence: &Evidence<'_>, label: Label) -> bool {
    evidence.events.iter().any(|event| event.what == What::Panicking { label })
}

fn panic(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let observed = !evidence
        .events
        .iter()
        .any(|e| matches!(&e.what, What::Lacking { what } if what == "exception handlers"));
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Panicking { label } = event.what else { continue };
        let Some(run) = evidence.run_at(at) else { continue };
        let of_future = run.until.is_some_and(|label| panicked(evidence, label));
        if run.until == Some(label) || of_future && matches!(run.result, Some(Ran::Panicked(_))) {
            continue;
        }
        if let Some(Ran::Panicked(_)) = run.result {
            return Err(format!("{label} panicked, and so did the run"));
        }
        if run.result == Some(Ran::Returned) && !ready::was_stopped(evidence, run) {
            return Err(format!("{label} panicked, and the run ended though nobody had stopped it"));
        }
        let reported = evidence
            .between(at, run.exit)
            .any(|(_, inner)| matches!(inner.what, What::Reported { label: of, .. } if of == label));
        if observed && !reported {
            return Err(format!("{label} panicked, and the exception handler was not told"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn lasts(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place() && run.until.is_none()) {
        if run.result == Some(Ran::Returned) && !ready::was_stopped(evidence, run) {
            return Err("a run returned, and nobody had stopped the loop".into());
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn report(evidence: &Evidence<'_>) -> Judgement {
    let mut told: BTreeSet<Label> = BTreeSet::new();
    for event in evidence.events {
        let What::Reported { label, .. } = event.what else { continue };
        if event.context != 0 {
            return Err(format!("the panic of {label} was reported on another thread"));
        }
        if !told.insert(label) {
            return Err(format!("{label} panicked once, and was reported twice"));
        }
    }
    Ok(told.len())
}

fn handler(evidence: &Evidence<'_>) -> Judgement {
    let mut current = 0;
    let mut exercised = 0;
    for event in evidence.events {
        match event.what {
            What::HandlerSet { handler, .. } => current = handler,
            What::Reported { label, handler } if handler != current => {
                return Err(format!(
                    "{label} was reported to handler {handler}, and handler {current} had been set"
                ));
            }
            What::Reported { handler, .. } => exercised += usize::from(handler > 1),
            _ => {}
        }
    }
    Ok(exercised)
}

fn sturdy(evidence: &Evidence<'_>) -> Judgement {
    let mut is_broken = false;
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        match event.what {
            What::HandlerSet { broken, .. } => is_broken = broken,
            What::Reported { label, .. } if is_broken => {
                let Some(run) = evidence.run_at(at) else { continue };
                let of_future = run.until.is_some_and(|label| panicked(evidence, label));
                match run.result {
                    Some(Ran::Panicked(_)) if !of_future => {
                        return Err(format!(
                            "the handler that was told of {label} panicked, and so did the run"
                        ));
                    }
                    Some(Ran::Returned) if !ready::was_stopped(evidence, run) => {
                        return Err(format!(
                            "the handler that was told of {label} panicked, and the run ended"
                        ));
                    }
                    _ => exercised += 1,
                }
            }
            _ => {}
        }
    }
    Ok(exercised)
}

/// A run that is interrupted goes on as if nothing had happened.
fn interrupted(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        if event.what != What::Interrupting {
            continue;
        }
        let Some(run) = evidence.run_at(at).filter(|run| run.took_place() || is_failure(run)) else {
            continue;
        };
        if let Some(Ran::Error(error)) = run.result.as_ref().filter(|_| is_failure(run)) {
            return Err(format!("a signal interrupted the run, which failed: {error}"));
        }
        if run.result == Some(Ran::Returned) && run.until.is_none() && !ready::was_stopped(evidence, run) {
            return Err("a signal interrupted the run, which returned though nobody had stopped it".into());
        }
        for life in evidence.lives.values().filter(|life| life.how != How::Watch && life.waits_at(at)) {
            let label = life.label;
            let start = life.start().filter(|start| run.contains(*start));
            let time = start.and_then(|start| evidence.events[start].at);
            if let (Some(deadline), Some(time)) = (life.deadline(), time)
                && time < deadline
            {
                return Err(format!("a signal interrupted the run, and {label} started before its time"));
            }
            let lost =
                life.dropped.is_some_and(|dropped| run.contains(dropped)) && life.cancelled().is_none();
            let never = run.stalled && start.is_none() && life.how != How::Never;
            if lost || never {
                return Err(format!("a signal interrupted the run, and {label} never started"));
            }
        }
        exercised += 1;
    }
    Ok(exercised)
}

/// Whether the system failed the loop.
fn is_failure(run: &Run) -> bool {
    matches!(run.result, Some(Ran::Error(anyloop::RunError::Os(_))))
}
