//! Does a policy attach its child watcher to the loop that is stored in the main context, and only
//! then?
//!
//! The kit's own watchers, which programs set, tell when they are attached. The main context is the
//! one of the loop that is judged.

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};

use crate::history::{Given, What};
use crate::judges::{Evidence, Judgement};

/// What is known while a history is read.
#[derive(Default)]
struct Story {
    /// The kit's watcher that the policy has.
    watcher: Option<u32>,
    /// What each of them is attached to.
    attached: BTreeMap<u32, Option<u32>>,
    /// A store in the main context that is under way.
    store: Option<Store>,
    /// What was stored in the main context, once something was.
    stored: Option<Option<u32>>,
    /// The last store in the main context was undone because the watcher had refused.
    undone: bool,
}

/// A store that is under way.
struct Store {
    /// What the watcher was attached to before.
    before: Option<u32>,
    refused: bool,
}

impl Story {
    /// What the policy's watcher is attached to.
    fn attachment(&self) -> Option<u32> {
        self.watcher.and_then(|watcher| self.attached.get(&watcher).copied().flatten())
    }

    fn apply(&mut self, what: &What, context: u32) {
        match what {
            What::WatcherSet { watcher, failed: None } => {
                self.watcher = watcher.filter(|watcher| *watcher < 2);
            }
            What::Attached { watcher, lp, refused } => {
                if *refused {
                    if let Some(store) = &mut self.store {
                        store.refused = true;
                    }
                } else {
                    self.attached.insert(*watcher, *lp);
                }
            }
            What::Storing { .. } if context == 0 => {
                self.store = Some(Store { before: self.attachment(), refused: false });
            }
            What::Stored { which, failed } if context == 0 => {
                let refused = self.store.take().is_some_and(|store| store.refused);
                self.undone = failed.is_some() && refused;
                if failed.is_none() {
                    self.stored = Some(*which);
                }
            }
            // What the policy has made by itself is stored, too.
            What::GaveLoop { ambient: false, given: Given::Loop(lp) } if context == 0 => {
                self.stored.get_or_insert(Some(*lp));
            }
            _ => {}
        }
    }
}

fn name(lp: Option<u32>) -> String {
    lp.map_or_else(|| "no loop".to_string(), |lp| format!("loop {lp}"))
}

/// Shows each event, with what is known before it.
fn read(evidence: &Evidence<'_>, mut see: impl FnMut(&Story, &What, u32) -> Judgement) -> Judgement {
    let mut story = Story::default();
    let mut exercised = 0;
    for event in evidence.events {
        exercised += see(&story, &event.what, event.context)?;
        story.apply(&event.what, event.context);
    }
    Ok(exercised)
}

/// Setting attaches nothing.
pub(super) fn loose(evidence: &Evidence<'_>) -> Judgement {
    let mut setting = false;
    read(evidence, |_, what, _| {
        match what {
            What::WatcherSetting { .. } => setting = true,
            What::Attached { watcher, lp, .. } if setting => {
                return Err(format!("watcher {watcher} was attached to {} when it was set", name(*lp)));
            }
            What::WatcherSet { watcher, failed } => {
                setting = false;
                return Ok(usize::from(watcher.is_some() && failed.is_none()));
            }
            _ => {}
        }
        Ok(0)
    })
}

/// Storing in the main context attaches.
pub(super) fn attach(evidence: &Evidence<'_>) -> Judgement {
    read(evidence, |story, what, context| match (what, story.watcher) {
        (What::Stored { which, failed: None }, Some(watcher)) if context == 0 => {
            let attached = story.attachment();
            if attached != *which && !story.store.as_ref().is_some_and(|store| store.refused) {
                return Err(format!(
                    "{} was stored in the main context, and watcher {watcher} is attached to {}",
                    name(*which),
                    name(attached)
                ));
            }
            Ok(1)
        }
        _ => Ok(0),
    })
}

/// Storing elsewhere does not.
pub(super) fn aloof(evidence: &Evidence<'_>) -> Judgement {
    read(evidence, |story, what, context| match what {
        What::Attached { watcher, lp, .. } if context != 0 => Err(format!(
            "another context stored something, and watcher {watcher} was attached to {}",
            name(*lp)
        )),
        What::Stored { failed: None, .. } if context != 0 => Ok(usize::from(story.watcher.is_some())),
        _ => Ok(0),
    })
}

/// A refusal leaves both as they were.
pub(super) fn both(evidence: &Evidence<'_>) -> Judgement {
    read(evidence, |story, what, context| {
        if context != 0 {
            return Ok(0);
        }
        match (what, &story.store) {
            (What::Stored { which, failed }, Some(Store { before, refused })) => {
                let now = story.attachment();
                match failed {
                    None if *refused => Err(format!("the watcher refused, and {} was stored", name(*which))),
                    Some(_) if now != *before => Err(format!(
                        "storing failed, and left the watcher attached to {} instead of {}",
                        name(now),
                        name(*before)
                    )),
                    _ => Ok(usize::from(*refused)),
                }
            }
            (What::GaveLoop { ambient: false, given }, _) if story.undone => {
                let Some(stored) = story.stored else { return Ok(0) };
                if *given != stored.map_or(Given::NoLoop, Given::Loop) {
                    return Err(format!(
                        "storing failed because the watcher refused, and the policy gave {given} instead of {}",
                        name(stored)
                    ));
                }
                Ok(1)
            }
            _ => Ok(0),
        }
    })
}
