//! Are futures polled, woken, awaited and dropped as promised?

use std::collections::{BTreeMap, BTreeSet};
use std::format;

use anyloop::rules::future;
use anyloop::{JoinError, RunError};

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement};
use crate::history::{Ran, What};
use crate::program::Label;

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&future::OUTPUT, Judged(output)),
    (&future::STOPPED, Judged(stopped)),
    (&future::WOKEN, Judged(woken)),
    (&future::WAKES, Judged(wakes)),
    (&future::JOIN, Judged(join)),
    (&future::CANCEL, Judged(cancel)),
    (&future::DROPPED, Judged(dropped)),
    (&future::SLEEP, Judged(sleep)),
    (&future::TURN, Judged(turn)),
    (&future::PANIC, Judged(panic)),
    (&future::FAILS, Judged(fails)),
    (&future::LATER, Judged(later)),
    (&future::STARTS, Judged(starts)),
    (&future::FIFO, Judged(fifo)),
    (&future::FREES, Judged(frees)),
    (&future::CLOSED, Judged(closed)),
    (&future::ENDS, Judged(ends)),
    (&future::DETACH, Judged(detach)),
    (&future::STATE, Judged(state)),
    (&future::SCOPE, Judged(scope)),
];

/// Where something happened to a future, first.
fn place(evidence: &Evidence<'_>, what: &What) -> Option<usize> {
    evidence.events.iter().position(|event| event.what == *what)
}

fn output(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in evidence.runs.iter().filter(|run| run.took_place()) {
        let Some(label) = run.until else { continue };
        let finished = place(evidence, &What::Finished { label }).is_some_and(|place| run.contains(place));
        match &run.result {
            Some(Ran::Output(output)) if *output == label.0 && finished => exercised += 1,
            Some(Ran::Output(output)) if finished => {
                return Err(format!("{label} gave {}, and the run gave {output}", label.0));
            }
            Some(Ran::Output(_)) => {
                return Err(format!("the run gave an output, and {label} was not finished"));
            }
            Some(_) if finished => return Err(format!("{label} was finished, and the run gave no output")),
            _ => {}
        }
    }
    Ok(exercised)
}

fn stopped(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, run) in evidence.runs.iter().enumerate() {
        let (Some(label), true) = (run.until, run.took_place()) else { continue };
        let finished = place(evidence, &What::Finished { label });
        let early = finished.is_none_or(|place| place > run.exit);
        match &run.result {
            Some(Ran::Error(RunError::Stopped)) => {}
            Some(Ran::Output(output)) if early => {
                return Err(format!("the run ended before {label} was finished, and gave {output}"));
            }
            // It was finished, perhaps in the turn of the stop.
            Some(Ran::Output(_) | Ran::Panicked(_)) | None => continue,
            Some(other) if early && !run.stalled => {
                return Err(format!("the run ended before {label} was finished, and said {other:?}"));
            }
            Some(_) => continue,
        }
        let Some(next) = evidence.runs.get(at + 1).filter(|next| next.until == Some(label)) else { continue };
        if next.stalled && early && finished.is_none_or(|place| place > next.exit) {
            return Err(format!("{label} was stopped early, and could not be finished by another run"));
        }
        exercised += usize::from(matches!(next.result, Some(Ran::Output(_))));
    }
    Ok(exercised)
}

fn woken(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    // Each start of a task, and each run for a future, is worth one poll.
    let mut credit: BTreeSet<Label> = BTreeSet::new();
    for event in evidence.events {
        match &event.what {
            What::Spawning { label } | What::Woken { label } | What::Enter { until: Some(label) } => {
                credit.insert(*label);
            }
            What::Polled { label } => {
                if !credit.remove(label) {
                    return Err(format!("{label} was polled, and nobody had woken it"));
                }
                exercised += 1;
            }
            _ => {}
        }
    }
    Ok(exercised)
}

fn wakes(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let mut waiting: BTreeMap<Label, usize> = BTreeMap::new();
    for (at, event) in evidence.events.iter().enumerate() {
        match &event.what {
            What::Woken { label } => {
                waiting.insert(*label, at);
            }
            What::Polled { label } => exercised += usize::from(waiting.remove(label).is_some()),
            What::FutureDropped { label } | What::Finished { label } => {
                waiting.remove(label);
            }
            What::Aborting { label } => {
                waiting.remove(label);
            }
            What::Stalled => {
                if let Some((label, _)) = waiting.first_key_value() {
                    return Err(format!("{label} was woken, and not polled again"));
                }
            }
            _ => {}
        }
    }
    Ok(exercised)
}

fn join(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Joining { label, of } = event.what else { continue };
        let finished = place(evidence, &What::Finished { label: of });
        let aborted = place(evidence, &What::Aborting { label: of });
        let panicked = place(evidence, &What::Panicking { label: of });
        let joined = evidence.between(at, evidence.events.len()).find_map(|(_, inner)| match &inner.what {
            What::Joined { label: who, of: whom, result } if (*who, *whom) == (label, of) => Some(result),
            _ => None,
        });
        let right = match joined {
            Some(Ok(output)) => finished.is_some() && *output == of.0,
            Some(Err(JoinError::Panicked)) => panicked.is_some(),
            Some(Err(_)) => aborted.is_some() || finished.is_none() && panicked.is_none(),
            None => {
                let gone = place(evidence, &What::FutureDropped { label }).unwrap_or(evidence.events.len());
                let stalled =
                    evidence.runs.iter().find(|run| run.stalled && finished.is_some_and(|f| f < run.exit));
                if stalled.is_some_and(|run| at < run.exit && run.exit < gone) {
                    return Err(format!("{label} awaits {of}, which was finished, and got nothing"));
                }
                continue;
            }
        };
        if !right {
            let got = match joined {
                Some(Ok(output)) => format!("the output {output}"),
                Some(Err(error)) => format!("the error \"{error}\""),
                None => "nothing".into(),
            };
            return Err(format!("{label} awaited {of}, and got {got}"));
        }
        exercised += usize::from(matches!(joined, Some(Ok(_))));
    }
    Ok(exercised)
}

fn cancel(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Aborting { label } = event.what else { continue };
        if evidence.between(at, evidence.events.len()).any(|(_, inner)| inner.what == What::Polled { label })
        {
            return Err(format!("{label} was cancelled, and polled afterwards"));
        }
        let dropped = place(evidence, &What::FutureDropped { label });
        let stalled = evidence.runs.iter().find(|run| run.stalled && at < run.exit);
        match (dropped, stalled, evidence.closed) {
            (Some(dropped), Some(run), _) if run.exit < dropped => {
                return Err(format!("{label} was cancelled, and the loop slept without dropping it"));
            }
            (Some(dropped), ..) => exercised += usize::from(at < dropped),
            (None, _, Some(_)) => return Err(format!("{label} was cancelled, and never dropped")),
            (None, ..) => {}
        }
    }
    Ok(exercised)
}

fn dropped(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        match event.what {
            What::FutureDropped { label } if event.context != 0 => {
                return Err(format!("{label} was dropped on another thread than the loop's"));
            }
            What::Spawned { label } => {
                let gone = place(evidence, &What::FutureDropped { label });
                let Some((_, closed)) = evidence.closed.filter(|(from, _)| at < *from) else { continue };
                match gone {
                    Some(gone) if gone < closed => exercised += 1,
                    Some(_) => {
                        return Err(format!("{label} was dropped only after the loop had been closed"));
                    }
                    None => return Err(format!("{label} was not dropped when the loop was closed")),
                }
            }
            _ => {}
        }
    }
    Ok(exercised)
}

fn sleep(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        let What::Slept { label, due, failed: false } = event.what else { continue };
        let Some(at) = event.at else { continue };
        if at < due {
            return Err(format!(
                "{label} went on {} us before its sleep was over",
                (due - at).div_ceil(1000)
            ));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn turn(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in &evidence.runs {
        let (Some(label), Some(Ran::Output(_))) = (run.until, &run.result) else { continue };
        for life in evidence.lives.values().filter(|life| life.by == 0 && life.is_soon()) {
            if !life.waits_at(run.enter) {
                continue;
            }
            if life.waits_at(run.exit) {
                return Err(format!("{} was ready, and the run for {label} returned before it", life.label));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}

fn panic(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for run in &evidence.runs {
        let Some(label) = run.until else { continue };
        if !evidence.between(run.enter, run.exit).any(|(_, inner)| inner.what == What::Panicking { label }) {
            continue;
        }
        match &run.result {
            Some(Ran::Panicked(_)) => exercised += 1,
            Some(other) => return Err(format!("{label} panicked, and the run for it gave {other:?}")),
            None => {}
        }
    }
    Ok(exercised)
}

fn fails(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        let What::Joined { label, of, result: Err(error) } = &event.what else { continue };
        let panicked = place(evidence, &What::Panicking { label: *of }).is_some();
        if panicked != (*error == JoinError::Panicked) {
            let truth = if panicked { "panicked" } else { "did not panic" };
            return Err(format!("{of} {truth}, and {label}, which awaits it, was told \"{error}\""));
        }
        exercised += usize::from(panicked);
    }
    Ok(exercised)
}

fn later(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let mut under_way: std::vec::Vec<Label> = std::vec::Vec::new();
    let mut spawning = None;
    for (at, event) in evidence.events.iter().enumerate().filter(|(_, event)| event.context == 0) {
        match &event.what {
            What::Spawning { label } => spawning = Some(*label),
            What::Spawned { .. } | What::TaskRefused { .. } => spawning = None,
            What::Started { label } => under_way.push(*label),
            What::Polled { label } => {
                if let Some(spawned) = spawning {
                    return Err(format!("{label} was polled while {spawned} was being spawned"));
                }
                if let Some(other) = under_way.last() {
                    return Err(format!("{label} was polled from inside of {other}"));
                }
                if !evidence.is_running_at(at) {
                    return Err(format!("{label} was polled while its loop did not run"));
                }
                under_way.push(*label);
                exercised += 1;
            }
            What::Ended { label } | What::PollEnded { label } => under_way.retain(|other| other != label),
            _ => {}
        }
    }
    Ok(exercised)
}

fn starts(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Spawned { label } = event.what else { continue };
        if place(evidence, &What::Polled { label }).is_some() {
            exercised += 1;
            continue;
        }
        let gone = [What::FutureDropped { label }, What::Aborting { label }];
        let gone = gone.iter().filter_map(|what| place(evidence, what)).min().unwrap_or(usize::MAX);
        if evidence.runs.iter().any(|run| run.stalled && at < run.exit && run.exit < gone) {
            return Err(format!("{label} was spawned, and the loop slept without polling it"));
        }
    }
    Ok(exercised)
}

fn fifo(evidence: &Evidence<'_>) -> Judgement {
    // Those that were woken from elsewhere, or cancelled, have no certain place.
    let uncertain: BTreeSet<Label> = evidence
        .events
        .iter()
        .filter_map(|event| match event.what {
            What::Woken { label } if event.context != 0 => Some(label),
            What::Aborting { label } | What::Enter { until: Some(label) } => Some(label),
            _ => None,
        })
        .collect();
    let mut queue: std::vec::Vec<Label> = std::vec::Vec::new();
    let mut polled = None;
    let mut again = false;
    let mut exercised = 0;
    for event in evidence.events {
        match event.what {
            // A wake from inside of its own poll counts when the poll is over.
            What::Woken { label } if polled == Some(label) => again = true,
            What::Woken { label } | What::Spawning { label }
                if !queue.contains(&label) && !uncertain.contains(&label) =>
            {
                queue.push(label);
            }
            What::Polled { label } => {
                if let Some(at) = queue.iter().position(|other| *other == label) {
                    if at > 0 {
                        return Err(format!(
                            "{label} was polled before {}, which was woken before",
                            queue[0]
                        ));
                    }
                    exercised += usize::from(queue.len() > 1);
                    queue.remove(at);
                }
                (polled, again) = (Some(label), false);
            }
            What::PollEnded { label } => {
                if again && !queue.contains(&label) && !uncertain.contains(&label) {
                    queue.push(label);
                }
                (polled, again) = (None, false);
            }
            What::FutureDropped { label } | What::TaskRefused { label } => {
                queue.retain(|other| *other != label);
            }
            _ => {}
        }
    }
    Ok(exercised)
}

fn frees(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Joined { label, of, result: Ok(_) } = event.what else { continue };
        if place(evidence, &What::FutureDropped { label: of }).is_none_or(|dropped| dropped > at) {
            return Err(format!("{label} had the output of {of}, whose future was not dropped yet"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn closed(evidence: &Evidence<'_>) -> Judgement {
    let Some((_, closed)) = evidence.closed else { return Ok(0) };
    let mut exercised = 0;
    for (at, event) in evidence.between(closed, evidence.events.len()) {
        let What::Spawning { label } = event.what else { continue };
        for (_, inner) in evidence.between(at, evidence.events.len()) {
            if inner.what == (What::FutureDropped { label }) {
                return Err(format!("{label} was dropped by a closed loop, not handed back"));
            } else if inner.what == (What::Spawned { label }) {
                return Err(format!("{label} was accepted by a closed loop"));
            } else if inner.what == (What::TaskRefused { label }) {
                exercised += 1;
                break;
            }
        }
    }
    Ok(exercised)
}

fn ends(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Sleeping { label, due } = event.what else { continue };
        let slept = evidence.between(at, evidence.events.len()).any(|(_, inner)| {
            matches!(inner.what, What::Slept { label: who, due: when, .. } if (who, when) == (label, due))
        });
        let gone = place(evidence, &What::FutureDropped { label }).unwrap_or(usize::MAX);
        if slept {
            exercised += 1;
        } else if evidence.runs.iter().any(|run| run.stalled && at < run.exit && run.exit < gone) {
            return Err(format!("{label} slept, and did not go on when the time had come"));
        }
    }
    Ok(exercised)
}

fn detach(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Detaching { label, .. } = event.what else { continue };
        let over = [What::Finished { label }, What::Panicking { label }];
        let over = over.iter().filter_map(|what| place(evidence, what)).min();
        let closed = evidence.closed.map_or(usize::MAX, |(from, _)| from);
        match place(evidence, &What::FutureDropped { label }) {
            Some(dropped) if at < dropped && dropped < closed && over.is_none_or(|over| dropped < over) => {
                return Err(format!("nobody holds {label} any more, and it was dropped unfinished"));
            }
            _ => exercised += usize::from(over.is_some_and(|over| at < over)),
        }
    }
    Ok(exercised)
}

fn state(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Detaching { label, finished } = event.what else { continue };
        let gone = place(evidence, &What::FutureDropped { label }).is_some_and(|place| place < at);
        let begun = [What::Finished { label }, What::Panicking { label }];
        let ending = begun.iter().any(|what| place(evidence, what).is_some_and(|place| place < at));
        if finished && !gone {
            return Err(format!("{label} was not over, and its handle said that it is finished"));
        }
        if gone && ending && !finished {
            return Err(format!("{label} was over, and its handle said that it is not finished"));
        }
        exercised += usize::from(finished);
    }
    Ok(exercised)
}

fn scope(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::Scoping { label } = event.what else { continue };
        // A callback has a guard of another kind.
        if evidence.lives.contains_key(&label) {
            continue;
        }
        let polled = What::Polled { label };
        if evidence.between(at, evidence.events.len()).any(|(_, inner)| inner.what == polled) {
            return Err(format!("the guard of {label} was dropped, and it was polled afterwards"));
        }
        exercised +=
            usize::from(place(evidence, &What::FutureDropped { label }).is_some_and(|gone| at < gone));
    }
    Ok(exercised)
}
