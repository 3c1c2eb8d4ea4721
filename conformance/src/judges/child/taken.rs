//! Is a child that another loop took over reported there?

use std::collections::BTreeSet;
use std::format;
use std::string::String;

use super::disturbed::snatched;
use crate::history::What;
use crate::judges::{Evidence, Judgement};
use crate::program::{Kid, Label};

/// The children that another loop took over, or tried to.
pub(super) fn taken(evidence: &Evidence<'_>) -> BTreeSet<Kid> {
    let kid = |what: &What| match what {
        What::TakingOver { kid, .. } => Some(*kid),
        _ => None,
    };
    evidence.events.iter().filter_map(|event| kid(&event.what)).collect()
}

/// The registrations of one child, each of which takes it over from the one before.
#[derive(Default)]
struct Owners {
    asked: BTreeSet<Label>,
    /// Those that are another loop's.
    others: BTreeSet<Label>,
    /// Whose it is, if that is known.
    current: Option<Label>,
    /// Those that came back when they were replaced, or were removed.
    over: BTreeSet<Label>,
    told: BTreeSet<Label>,
    /// Those that replaced one of another loop.
    takers: BTreeSet<Label>,
    ordered: bool,
}

impl Owners {
    /// The child is registered, and `by` takes the place of whoever it was.
    fn accept(&mut self, label: Label) -> Result<(), String> {
        match self.current.replace(label) {
            Some(former) if self.over.contains(&former) => {
                if self.others.contains(&former) || self.others.contains(&label) {
                    self.takers.insert(label);
                }
                Ok(())
            }
            Some(former) if !self.ordered => {
                Err(format!("{label} took the place of {former}, which was not handed back"))
            }
            _ => Ok(()),
        }
    }

    /// A callback was called, `there` if that was in a run of its own loop.
    fn tell(&mut self, label: Label, kid: Kid, there: bool) -> Result<(), String> {
        let why = if self.over.contains(&label) {
            "after another had taken its place"
        } else if !there {
            "and not by its own loop, in its run"
        } else if !self.told.insert(label) {
            "once more"
        } else {
            self.current = self.current.filter(|current| *current != label);
            return Ok(());
        };
        Err(format!("{label} was told of {kid}, {why}"))
    }
}

/// The loop that registered last is told, and no other.
pub(super) fn takeover(evidence: &Evidence<'_>) -> Judgement {
    let stalled = evidence.runs.iter().any(|run| run.stalled);
    let mut exercised = 0;
    // Whose registration another thread removes, the history cannot tell.
    for of in &taken(evidence) - &snatched(evidence) {
        let mut owners = Owners::default();
        for (at, event) in evidence.events.iter().enumerate() {
            match &event.what {
                What::Watching { label, kid: Some(kid), .. } if *kid == of => {
                    owners.asked.insert(*label);
                }
                What::TakingOver { label, kid, .. } if *kid == of => {
                    owners.asked.insert(*label);
                    owners.others.insert(*label);
                }
                What::Displaced { by } if owners.asked.contains(by) => {
                    owners.over.extend(owners.current);
                }
                What::Accepted { label, .. } if owners.asked.contains(label) => {
                    owners.accept(*label)?;
                }
                What::Unwatched { kid, answer: true } if *kid == of => {
                    owners.over.extend(owners.current.take());
                }
                What::Ordered { kid } if *kid == of => owners.ordered = true,
                What::Told { label, kid: Some(kid), .. } if *kid == of => {
                    owners.tell(*label, of, event.context == 0 && evidence.is_running_at(at))?;
                }
                What::ToldThere { label, kid, there, .. } if *kid == of => {
                    owners.tell(*label, of, *there)?;
                }
                What::Untold { label } if owners.current == Some(*label) => {
                    return Err(format!("{label} took {of} over, and was never told of its end"));
                }
                _ => {}
            }
        }
        if let Some(label) = owners.current.filter(|_| stalled && owners.ordered)
            && !owners.others.contains(&label)
        {
            return Err(format!("{label} took {of} over, and was never told of its end"));
        }
        exercised += owners.takers.intersection(&owners.told).count();
    }
    Ok(exercised)
}
