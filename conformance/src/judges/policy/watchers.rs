//! Does a policy keep and replace its child watcher as promised?

use std::collections::{BTreeMap, BTreeSet};
use std::format;

use crate::history::{Event, Given, What};
use crate::judges::{Evidence, Judgement};

/// What is judged: what this context saw, and what any other did to the watcher.
fn is_about_watchers(event: &&Event) -> bool {
    event.context == 0 || matches!(event.what, What::WatcherClosing | What::WatcherSet { failed: None, .. })
}

pub(super) fn watcher(evidence: &Evidence<'_>) -> Judgement {
    let mut current: Option<&Given> = None;
    let mut exercised = 0;
    for event in evidence.events.iter().filter(is_about_watchers) {
        match &event.what {
            What::WatcherGave { given: Given::Failed(words) } => {
                return Err(format!("the policy gave no watcher: {words}"));
            }
            What::WatcherGave { given } => {
                if let Some(former) = current.replace(given) {
                    if former != given {
                        let words = |given: &Given| match given {
                            Given::Loop(number) => format!("watcher {number}"),
                            other => format!("{other}"),
                        };
                        return Err(format!("the policy gave {}, and then {}", words(former), words(given)));
                    }
                    exercised += 1;
                }
            }
            What::WatcherSet { failed: None, .. } => current = None,
            _ => {}
        }
    }
    Ok(exercised)
}

pub(super) fn rewatch(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    // The kit's two watchers are open at first.
    let mut active: BTreeMap<u32, bool> = BTreeMap::from([(0, true), (1, true)]);
    let mut current = None;
    let mut former = None;
    let mut set: Option<Option<u32>> = None;
    for event in evidence.events.iter().filter(is_about_watchers) {
        match &event.what {
            // By the program: that is not the policy's doing.
            What::WatcherClosing => {
                current.and_then(|current| active.insert(current, false));
            }
            // Other contexts have numbers of their own, and may have closed any.
            What::WatcherSet { .. } if event.context != 0 => {
                active.values_mut().for_each(|active| *active = false);
                (current, former, set) = (None, None, None);
            }
            What::WatcherGave { given: Given::Loop(given) } => {
                if let Some(Some(expected)) = set {
                    if expected != *given {
                        return Err(format!(
                            "watcher {expected} was set, and the policy gave watcher {given}"
                        ));
                    }
                    exercised += 1;
                }
                current = Some(*given);
                active.entry(*given).or_insert(true);
            }
            What::WatcherSet { watcher, failed: None } => {
                former = current.filter(|_| current != *watcher);
                current = *watcher;
                set = Some(*watcher);
            }
            What::WatcherSaw { watcher, active: now } => {
                if former == Some(*watcher) && *now {
                    return Err(format!("watcher {watcher} was replaced, and not closed"));
                }
                let was = active.insert(*watcher, *now).unwrap_or(true);
                if current == Some(*watcher) && was && !*now {
                    return Err(format!("watcher {watcher} was set, and closed"));
                }
                exercised += usize::from(former == Some(*watcher));
            }
            _ => {}
        }
    }
    Ok(exercised)
}

pub(super) fn unwatch(evidence: &Evidence<'_>) -> Judgement {
    // The kit's own are not the policy's.
    let mut seen: BTreeSet<u32> = BTreeSet::from([0, 1]);
    let mut unset = false;
    let mut exercised = 0;
    for event in evidence.events.iter().filter(is_about_watchers) {
        match &event.what {
            // What another context has met is not known.
            What::WatcherSet { watcher, failed: None } => unset = watcher.is_none() && event.context == 0,
            What::WatcherGave { given: Given::Loop(given) } => {
                let known = !seen.insert(*given);
                if std::mem::take(&mut unset) {
                    if known {
                        return Err(format!("none was set, and the policy gave watcher {given} again"));
                    }
                    exercised += 1;
                }
            }
            _ => {}
        }
    }
    Ok(exercised)
}
