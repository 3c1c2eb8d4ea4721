//! Does a loop offer the same for all its life, and nothing when it is closed?

use std::format;
use std::string::String;

use anyloop::RunError;
use anyloop::rules::capability;

use super::Treatment::Judged;
use super::{Entry, Evidence, Judgement};
use crate::history::{OFFERS, Tried, What};

/// How these rules are judged.
pub static TABLE: &[Entry] = &[
    (&capability::SAME, Judged(same)),
    (&capability::REFUSED, Judged(refused)),
    (&capability::HARMLESS, Judged(harmless)),
];

fn same(evidence: &Evidence<'_>) -> Judgement {
    let mut first = None;
    let mut exercised = 0;
    for event in evidence.events {
        let What::Offered { offers } = event.what else { continue };
        let before = *first.get_or_insert(offers);
        for (bit, name) in OFFERS.iter().enumerate() {
            match (before >> bit & 1, offers >> bit & 1) {
                (1, 0) => return Err(format!("the open loop offered {name}, and then it did not")),
                (0, 1) => return Err(format!("the open loop did not offer {name}, and then it did")),
                _ => {}
            }
        }
        exercised += 1;
    }
    // One look alone compares with nothing.
    Ok(if exercised > 1 { exercised } else { 0 })
}

fn refused(evidence: &Evidence<'_>) -> Judgement {
    tried(evidence, |what| {
        Some(match what {
            Tried::Step => "took a step",
            Tried::Source => "watched a source",
            Tried::Program => "started a program",
            _ => return None,
        })
    })
}

fn harmless(evidence: &Evidence<'_>) -> Judgement {
    tried(evidence, |what| {
        Some(match what {
            Tried::Handler => "took an exception handler",
            Tried::Deadline => "had a next deadline",
            Tried::Removal => "removed a source",
            _ => return None,
        })
    })
}

/// What `judges` has a word for was asked of a closed loop in vain, and without a panic.
fn tried(evidence: &Evidence<'_>, judges: impl Fn(Tried) -> Option<&'static str>) -> Judgement {
    let mut exercised = 0;
    for event in evidence.events {
        let What::Tried { what, accepted, reason, panic } = &event.what else { continue };
        let Some(deed) = judges(*what) else { continue };
        if let Some(words) = panic {
            return Err(format!("{} on a closed loop panicked: {words}", asking(*what)));
        }
        if *accepted {
            return Err(format!("a closed loop {deed}"));
        }
        if let Some(error) = reason.as_ref().filter(|error| **error != RunError::Closed) {
            return Err(format!(
                "{} on a closed loop was refused for another reason: {error}",
                asking(*what)
            ));
        }
        exercised += 1;
    }
    Ok(exercised)
}

fn asking(what: Tried) -> String {
    String::from(match what {
        Tried::Step => "taking a step",
        Tried::Source => "watching a source",
        Tried::Program => "starting a program",
        Tried::Handler => "setting the exception handler",
        Tried::Deadline => "asking for the next deadline",
        Tried::Removal => "removing a source",
    })
}
