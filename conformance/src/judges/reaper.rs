//! Is whoever ended told of or remembered, though nobody had registered him?

use std::collections::{BTreeMap, BTreeSet};
use std::format;

use anyloop::ExitStatus;
use anyloop::rules::reaper as rules;

use super::child::{Child, Story};
use super::{Entry, Evidence, Judgement, Treatment::Judged};
use crate::history::What;
use crate::program::Kid;

/// The rules of this family.
pub static TABLE: &[Entry] =
    &[(&rules::TOLD, Judged(told)), (&rules::KEPT, Judged(kept)), (&rules::LATE, Judged(late))];

/// Where the handler of strangers was set.
fn adopting(evidence: &Evidence<'_>) -> Option<usize> {
    evidence.events.iter().position(|event| event.what == What::Adopting)
}

/// The children that nobody ever registered or collected by himself.
fn strangers(story: &Story) -> impl Iterator<Item = (Kid, &Child)> {
    let registered: BTreeSet<_> = story.registrations.iter().filter_map(|it| it.kid).collect();
    let kids = story.kids.iter().filter(move |(kid, child)| !registered.contains(kid) && !child.stolen);
    kids.map(|(kid, child)| (*kid, child))
}

/// What was said of each child, and on which context.
fn handed(evidence: &Evidence<'_>) -> BTreeMap<Kid, std::vec::Vec<(ExitStatus, u32)>> {
    let mut handed = BTreeMap::<_, std::vec::Vec<_>>::new();
    for event in evidence.events {
        if let What::Handed { kid: Some(kid), status } = event.what {
            handed.entry(kid).or_default().push((status, event.context));
        }
    }
    handed
}

fn claims(evidence: &Evidence<'_>) -> impl Iterator<Item = (usize, Kid, Option<ExitStatus>)> {
    evidence.events.iter().enumerate().filter_map(|(at, event)| match event.what {
        What::Claimed { kid, status } => Some((at, kid, status)),
        _ => None,
    })
}

/// The handler is told of each stranger once, with the truth.
fn told(evidence: &Evidence<'_>) -> Judgement {
    let Some(adopting) = adopting(evidence) else { return Ok(0) };
    let (story, handed) = (Story::new(evidence), handed(evidence));
    let mut exercised = 0;
    for (kid, child) in strangers(&story) {
        let Some(ordered) = child.ordered.filter(|ordered| adopting < *ordered) else { continue };
        let claimed = claims(evidence).any(|(_, claimed, status)| claimed == kid && status.is_some());
        match handed.get(&kid).map_or(&[][..], std::vec::Vec::as_slice) {
            // The loop was closed first, or somebody asked.
            [] if claimed || !evidence.runs.iter().any(|run| ordered < run.exit) => {}
            [] => return Err(format!("nobody was told of {kid}, which nobody had registered")),
            [(status, _)] if !child.is_true(*status) => {
                return Err(format!("the handler was told `{status}` of {kid}, which {}", child.truth()));
            }
            [(_, 0)] => exercised += 1,
            [_] => return Err(format!("the handler was told of {kid} elsewhere than on the loop's context")),
            _ => return Err(format!("the handler was told of {kid} more than once")),
        }
    }
    Ok(exercised)
}

/// Whoever asks is given the status, once.
fn kept(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let adopting = adopting(evidence);
    let mut exercised = 0;
    for (kid, child) in strangers(&story) {
        let mut given = false;
        for (at, _, status) in claims(evidence).filter(|(_, claimed, _)| *claimed == kid) {
            let certain = child.ended.is_some_and(|ended| ended < at) && adopting.is_none();
            match status {
                Some(status) if !child.is_true(status) => {
                    return Err(format!("{kid} is said to have `{status}`, and {}", child.truth()));
                }
                Some(_) if given => return Err(format!("the end of {kid} was given twice")),
                None if certain && !given => {
                    return Err(format!("{kid} had ended, and the watcher did not know how"));
                }
                status => given |= status.is_some(),
            }
            exercised += usize::from(certain);
        }
    }
    Ok(exercised)
}

/// Who ended inside of a bracket, and was registered there, is reported with the truth.
fn late(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut brackets = std::vec::Vec::new();
    let mut begun = None;
    for (at, event) in evidence.events.iter().enumerate() {
        match event.what {
            What::Bracket { on: true } => begun = begun.or(Some(at)),
            What::Bracket { on: false } => brackets.extend(begun.take().map(|begun| begun..at)),
            _ => {}
        }
    }
    let mut exercised = 0;
    for it in story.registrations.iter().filter(|it| it.stayed()) {
        let Some((kid, child)) = it.kid.and_then(|kid| Some((kid, story.kids.get(&kid)?))) else { continue };
        let Some(ended) = child.ended.filter(|ended| *ended < it.asked && !child.stolen) else { continue };
        let first = story.of(kid).next().is_some_and(|first| first.label == it.label);
        let claimed = claims(evidence).any(|(_, claimed, _)| claimed == kid);
        let together = brackets.iter().any(|bracket| bracket.contains(&ended) && bracket.contains(&it.asked));
        if !first || claimed || !together {
            continue;
        }
        if story.is_missing(it) {
            return Err(format!("{} was never called: {kid} had ended inside of the bracket", it.label));
        }
        for telling in &it.told {
            if !child.is_true(telling.status) {
                let (label, status) = (it.label, telling.status);
                return Err(format!("{label} was told `{status}` of {kid}, which {}", child.truth()));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}
