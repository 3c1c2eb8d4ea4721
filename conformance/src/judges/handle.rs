//! Does every callback have a number of its own?

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};

use anyloop::rules::handle;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement};
use crate::history::What;

/// How these rules are judged.
pub static TABLE: &[Entry] = &[(&handle::UNIQUE, Judged(unique)), (&handle::CONTEXTS, Judged(contexts))];

fn unique(evidence: &Evidence<'_>) -> Judgement {
    let mut owners: BTreeMap<u64, String> = BTreeMap::new();
    for event in evidence.events {
        let (number, owner) = match &event.what {
            What::Accepted { label, handle: Some(number) } => (*number, label.to_string()),
            What::OtherAccepted { handle } => (*handle, "a callback of another loop".to_string()),
            _ => continue,
        };
        if let Some(first) = owners.insert(number, owner.clone()) {
            return Err(format!("{first} and {owner} got the same handle, {number}"));
        }
    }
    Ok(owners.len().saturating_sub(1))
}

fn contexts(evidence: &Evidence<'_>) -> Judgement {
    let mut owners: BTreeMap<u64, u32> = BTreeMap::new();
    let mut exercised = 0;
    for event in evidence.events {
        let (What::Accepted { handle: Some(number), .. } | What::OtherAccepted { handle: number }) =
            event.what
        else {
            continue;
        };
        match owners.insert(number, event.context) {
            Some(first) if first != event.context => {
                return Err(format!("loops of two contexts gave the same handle, {number}"));
            }
            _ => exercised += usize::from(event.context != 0),
        }
    }
    Ok(exercised)
}
