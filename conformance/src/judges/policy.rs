//! Do policies, and the place that holds the one in force, answer as promised?

mod attach;
mod watchers;

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;
use std::vec::Vec;

use anyloop::LoopState;
use anyloop::rules::policy;

use self::attach::{aloof, attach, both, loose};
use self::watchers::{rewatch, unwatch, watcher};
use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement};
use crate::history::{Given, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&policy::SAME, Judged(same)),
    (&policy::SET, Judged(set)),
    (&policy::RESET, Judged(reset)),
    (&policy::APART, Judged(apart)),
    (&policy::GUARD, Judged(guard)),
    (&policy::RUNNING, Judged(running)),
    (&policy::STORED, Judged(stored)),
    (&policy::CLEARED, Judged(cleared)),
    (&policy::CONTEXT, Judged(context)),
    (&policy::NEW, Judged(new)),
    (&policy::OUTER, Judged(outer)),
    (&policy::WATCHER, Judged(watcher)),
    (&policy::REWATCH, Judged(rewatch)),
    (&policy::ELSEWHERE, Judged(elsewhere)),
    (&policy::FORCE, Judged(force)),
    (&policy::FORMER, Judged(former)),
    (&policy::IDLE, Judged(idle)),
    (&policy::ERROR, Judged(error)),
    (&policy::RETRY, Judged(retry)),
    (&policy::THREAD, Judged(thread)),
    (&policy::UNWATCH, Judged(unwatch)),
    (&policy::LOOSE, Judged(loose)),
    (&policy::ATTACH, Judged(attach)),
    (&policy::ALOOF, Judged(aloof)),
    (&policy::BOTH, Judged(both)),
];

/// Why the answer to a look-up is certain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Because {
    /// Nothing was set.
    Untouched,
    /// It was set.
    Set,
    /// It was set to none.
    Reset,
    /// A guard came or went since.
    Guard,
}

/// The policy of the process, as the steps so far make it.
struct Slot {
    /// The process's own scope, and those of the guards: the policy, unless it is the default
    /// that was not asked for yet.
    scopes: Vec<(u32, Option<u32>)>,
    because: Because,
    seen: BTreeSet<u32>,
}

impl Slot {
    fn new() -> Self {
        Self { scopes: Vec::from([(0, None)]), because: Because::Untouched, seen: BTreeSet::from([0, 1]) }
    }

    fn top(&mut self) -> &mut Option<u32> {
        let last = self.scopes.len() - 1;
        &mut self.scopes[last].1
    }

    fn apply(&mut self, what: &What) {
        match what {
            What::PolicySet { policy, .. } => {
                *self.top() = *policy;
                self.because = if policy.is_some() { Because::Set } else { Because::Reset };
            }
            What::GuardOn { guard, policy } => {
                self.scopes.push((*guard, Some(*policy)));
                self.because = Because::Guard;
            }
            What::GuardOff { guard } => {
                // Of a guard that never was, the process's own scope takes no notice.
                self.scopes.retain(|(other, _)| other != guard || *other == 0);
                self.because = Because::Guard;
            }
            What::Found { policy: Some(policy) } => {
                *self.top() = Some(*policy);
                self.seen.insert(*policy);
            }
            _ => {}
        }
    }
}

/// Checks the look-ups whose answer is certain because of `reason`.
fn lookups(evidence: &Evidence<'_>, reason: Because) -> Judgement {
    let mut slot = Slot::new();
    let mut exercised = 0;
    for event in evidence.events {
        if let What::Found { policy } = event.what
            && slot.because == reason
        {
            exercised += check_lookup(&mut slot, policy)?;
        }
        slot.apply(&event.what);
    }
    Ok(exercised)
}

fn check_lookup(slot: &mut Slot, found: Option<u32>) -> Result<usize, String> {
    let Some(found) = found else { return Err("a look-up gave no policy".into()) };
    let because = slot.because;
    let expected = *slot.top();
    match expected {
        Some(expected) if expected != found => Err(match because {
            Because::Untouched => "two look-ups gave different policies, and none had been set".into(),
            Because::Set => format!("{} was set, and a look-up gave {}", name(expected), name(found)),
            Because::Reset => "after a reset, two look-ups gave different policies".into(),
            Because::Guard => {
                format!(
                    "with the guards that are left, {} is in force, and a look-up gave {}",
                    name(expected),
                    name(found)
                )
            }
        }),
        None if slot.seen.contains(&found) => Err(match because {
            Because::Guard => {
                format!("with the guards that are left, none is set, and a look-up gave {}", name(found))
            }
            _ => format!(
                "the policy was reset, and a look-up gave {}, which had been seen before",
                name(found)
            ),
        }),
        Some(_) => Ok(usize::from(because != Because::Reset)),
        None => Ok(usize::from(because != Because::Untouched)),
    }
}

fn name(policy: u32) -> String {
    match policy {
        0 => "p".into(),
        1 => "q".into(),
        other => format!("default number {}", other - 1),
    }
}

fn same(evidence: &Evidence<'_>) -> Judgement {
    lookups(evidence, Because::Untouched)
}

fn set(evidence: &Evidence<'_>) -> Judgement {
    lookups(evidence, Because::Set)
}

fn reset(evidence: &Evidence<'_>) -> Judgement {
    lookups(evidence, Because::Reset)
}

fn guard(evidence: &Evidence<'_>) -> Judgement {
    lookups(evidence, Because::Guard)
}

fn apart(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::LoopSaw { which, state } = event.what else { continue };
        let closed = which == 0 && evidence.closed.is_some_and(|(from, _)| from < at);
        let run = which == 0 && evidence.is_running_at(at);
        match state {
            _ if closed => {}
            LoopState::Closed => return Err(format!("setting the policy closed loop {which}")),
            LoopState::Idle if run => return Err("setting the policy ended the run of a loop".into()),
            _ => exercised += 1,
        }
    }
    Ok(exercised)
}

fn running(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::GaveLoop { ambient: true, given } = &event.what else { continue };
        if event.context != 0 || !evidence.is_running_at(at) {
            continue;
        }
        if *given != Given::Loop(0) {
            return Err(format!("inside a run, get_event_loop gave {given}, not the running loop"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

/// What `p` has stored in one context.
#[derive(Clone, Default)]
struct Stored {
    /// `None`: nothing was stored yet. `Some(None)`: "none" was.
    value: Option<Option<u32>>,
    /// Whether another context stored something since.
    disturbed: bool,
    /// Whether the factory failed when a loop was to be made here.
    failed: bool,
}

/// One answer of `p`, and all that is known about what it should be.
struct Answer<'e> {
    given: &'e Given,
    context: u32,
    stored: Stored,
    /// Whether the factory of `p` failed meanwhile.
    failing: bool,
    /// Loops that were made and never stored.
    unstored: BTreeSet<u32>,
    /// How often the factory and the setter of `p` were called for it.
    calls: [usize; 2],
    /// Whether a watcher refused to be attached meanwhile.
    refused: bool,
    /// Whether the loop was not met before.
    fresh: bool,
}

/// Shows every answer of `p` that is judged.
fn answers(evidence: &Evidence<'_>, mut see: impl FnMut(&Answer<'_>) -> Judgement) -> Judgement {
    let mut slot = Slot::new();
    let mut contexts: BTreeMap<u32, Stored> = BTreeMap::new();
    let mut unstored: BTreeSet<u32> = BTreeSet::new();
    let mut met: BTreeSet<u32> = BTreeSet::from([0]);
    let (mut calls, mut refused) = ([0, 0], false);
    let mut failing = 0;
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        match &event.what {
            What::Made { given: Given::Loop(lp), seen: None, .. } => {
                unstored.insert(*lp);
                met.insert(*lp);
            }
            What::Stored { which, failed: None } => {
                for (context, stored) in &mut contexts {
                    stored.disturbed |= *context != event.context;
                }
                contexts.insert(event.context, Stored { value: Some(*which), ..Stored::default() });
                if let Some(lp) = which {
                    unstored.remove(lp);
                }
            }
            What::Failing { on: true } => failing += 1,
            What::Failing { on: false } => failing -= 1,
            What::AskingLoop { .. } => (calls, refused) = ([0, 0], false),
            What::Attached { refused: true, .. } => refused = true,
            What::Factory => calls[0] += 1,
            What::Setter => calls[1] += 1,
            What::GaveLoop { ambient, given } => {
                // The ambient answer is the policy's outside of runs, if `p` is in force.
                let of_p = !ambient || (*slot.top() == Some(0) && !evidence.is_running_at(at));
                let stored = contexts.entry(event.context).or_default();
                let fresh = matches!(given, Given::Loop(lp) if met.insert(*lp));
                if !of_p {
                    continue;
                }
                exercised += see(&Answer {
                    given,
                    context: event.context,
                    stored: stored.clone(),
                    failing: failing > 0,
                    unstored: unstored.clone(),
                    calls,
                    refused,
                    fresh,
                })?;
                stored.failed |= failing > 0 && calls[0] > 0 && stored.value.is_none();
                if let (None, Given::Loop(lp)) = (stored.value, given) {
                    stored.value = Some(Some(*lp));
                }
            }
            _ => {}
        }
        slot.apply(&event.what);
    }
    Ok(exercised)
}

fn stored(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| match answer.stored.value {
        Some(Some(lp)) if *answer.given != Given::Loop(lp) => {
            Err(format!("loop {lp} was stored, and the policy gave {}", answer.given))
        }
        Some(Some(_)) => Ok(1),
        _ => Ok(0),
    })
}

fn cleared(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| match answer.stored.value {
        Some(None) if *answer.given != Given::NoLoop => {
            Err(format!("none was stored, and the policy gave {}", answer.given))
        }
        Some(None) => Ok(1),
        _ => Ok(0),
    })
}

fn context(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| {
        let Some(value) = answer.stored.value.filter(|_| answer.stored.disturbed) else { return Ok(0) };
        let expected = value.map_or(Given::NoLoop, Given::Loop);
        if *answer.given != expected {
            return Err(format!(
                "another context stored something, and the policy gave {} here, not {expected}",
                answer.given
            ));
        }
        Ok(1)
    })
}

fn new(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    let mut failing = 0;
    for event in evidence.events {
        match &event.what {
            What::Failing { on: true } => failing += 1,
            What::Failing { on: false } => failing -= 1,
            What::Made { given: Given::Failed(_), .. } if failing > 0 => {}
            What::NoLoop { why } => return Err(format!("no loop could be made: {why}")),
            What::Made { seen: Some(other), .. } => {
                return Err(format!("a new loop was asked for, and loop {other} was given again"));
            }
            What::Made { given: Given::Loop(lp), state: Some(state), .. } => {
                if *state != LoopState::Idle {
                    return Err(format!("loop {lp} was new, and said that it is {state:?}"));
                }
                exercised += 1;
            }
            What::Made { given, .. } => return Err(format!("a new loop was asked for, and came {given}")),
            _ => {}
        }
    }
    answers(evidence, |answer| match answer.given {
        Given::Loop(lp) if answer.unstored.contains(lp) => {
            Err(format!("loop {lp} was made and not stored, and the policy gave it as the current one"))
        }
        _ => Ok(0),
    })?;
    Ok(exercised)
}

fn outer(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| {
        if !answer.fresh || answer.stored.value.is_some() {
            return Ok(0);
        }
        match answer.calls {
            [1, 1] => Ok(1),
            [made, set] => Err(format!(
                "the policy made a loop by itself, and used the outermost factory {made} times and the outermost setter {set} times"
            )),
        }
    })
}

fn elsewhere(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| match (answer.context, answer.stored.value, answer.given) {
        (0, ..) | (_, Some(_), _) => Ok(0),
        (_, None, Given::Loop(lp)) => {
            Err(format!("on another thread nothing was stored, and the policy gave loop {lp}"))
        }
        _ => Ok(1),
    })
}

/// Loops that came from `p`, or were stored in it, are not the answer of another policy.
fn force(evidence: &Evidence<'_>) -> Judgement {
    let mut slot = Slot::new();
    let mut of_p: BTreeSet<u32> = BTreeSet::new();
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        match &event.what {
            What::Stored { which: Some(lp), failed: None } => drop(of_p.insert(*lp)),
            What::GaveLoop { ambient: false, given: Given::Loop(lp) } => drop(of_p.insert(*lp)),
            What::GaveLoop { ambient: true, given } if !evidence.is_running_at(at) => {
                if let (Some(1), Given::Loop(lp)) = (*slot.top(), given)
                    && of_p.contains(lp)
                {
                    return Err(format!("{} is in force, and loop {lp} of {} was given", name(1), name(0)));
                }
                exercised += usize::from(*slot.top() == Some(1) && !of_p.is_empty());
            }
            _ => {}
        }
        slot.apply(&event.what);
    }
    Ok(exercised)
}

fn former(evidence: &Evidence<'_>) -> Judgement {
    let mut slot = Slot::new();
    let mut exercised = 0;
    for event in evidence.events {
        if let (What::PolicySet { former, .. }, Some(expected)) = (&event.what, *slot.top()) {
            match former {
                Some(former) if *former == expected => exercised += 1,
                Some(former) => {
                    return Err(format!(
                        "{} was in force, and setting gave {}",
                        name(expected),
                        name(*former)
                    ));
                }
                None => return Err(format!("{} was in force, and setting gave nothing", name(expected))),
            }
        }
        slot.apply(&event.what);
    }
    Ok(exercised)
}

fn idle(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::StoreSaw { which, state } = event.what else { continue };
        let closed = which == 0 && evidence.closed.is_some_and(|(from, _)| from < at);
        let expected = match which {
            _ if closed => LoopState::Closed,
            0 if evidence.is_running_at(at) => LoopState::Running,
            _ => LoopState::Idle,
        };
        if state != expected {
            return Err(format!("after a loop was stored, loop {which} was {state:?}, not {expected:?}"));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn error(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| match (answer.failing, answer.calls, answer.given) {
        (false, ..) | (true, [0, _], _) => Ok(0),
        (true, _, Given::Failed(_)) => Ok(1),
        (true, _, given) => Err(format!("the factory failed, and the policy gave {given}")),
    })
}

fn retry(evidence: &Evidence<'_>) -> Judgement {
    answers(evidence, |answer| match (answer.failing, answer.stored.value, answer.given) {
        (false, None, Given::Loop(_)) if answer.stored.failed => Ok(1),
        (false, None, given) if answer.stored.failed && !answer.refused => {
            Err(format!("the factory failed once, and from then on the policy gave {given}"))
        }
        _ => Ok(0),
    })
}

fn thread(evidence: &Evidence<'_>) -> Judgement {
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        let What::ElsewhereSaw { running } = event.what else { continue };
        if running {
            return Err("another thread said that a loop is running there".into());
        }
        exercised += usize::from(evidence.is_running_at(at));
    }
    Ok(exercised)
}
