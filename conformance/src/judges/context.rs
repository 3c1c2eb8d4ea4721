//! Do contexts keep apart what is stored in them?

use std::collections::BTreeMap;
use std::format;

use anyloop::rules::context;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement};
use crate::history::What;

/// How these rules are judged.
pub static TABLE: &[Entry] = &[(&context::APART, Judged(apart)), (&context::KEPT, Judged(kept))];

fn apart(evidence: &Evidence<'_>) -> Judgement {
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    let mut exercised = 0;
    for event in evidence.events {
        let What::Kept { number, former } = event.what else { continue };
        let others = last.iter().any(|(context, other)| *context != event.context && Some(*other) == former);
        let own = last.get(&event.context).copied();
        if others && own != former {
            return Err(format!("{former:?} was found in a context that had not put it there"));
        }
        exercised += usize::from(last.keys().any(|context| *context != event.context));
        last.insert(event.context, number);
    }
    Ok(exercised)
}

fn kept(evidence: &Evidence<'_>) -> Judgement {
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    let mut exercised = 0;
    for event in evidence.events {
        let What::Kept { number, former } = event.what else { continue };
        if let Some(own) = last.insert(event.context, number) {
            if former != Some(own) {
                return Err(format!(
                    "{own} was put into a place of the context, and {former:?} was found there"
                ));
            }
            exercised += 1;
        }
    }
    Ok(exercised)
}
