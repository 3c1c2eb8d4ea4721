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
