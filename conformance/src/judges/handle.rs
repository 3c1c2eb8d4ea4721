//! Does every callback have a number of its own?

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};

use anyloop::rules::handle;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement};
use crate::history::What;

/// How these rules are judged.
pub static TABLE: &[Entry] = &[(&handle::UNIQUE, Judged(unique))];

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
