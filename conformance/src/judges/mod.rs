//! Which rules are judged, and how: one pure function for each, over the history.
//!
//! One file a family, as in [`anyloop::rules`]. A judge counts the situations in which its rule
//! had something to say, and says in words what went wrong, with the labels of the program. It
//! never panics and never bounds lateness: histories come from real clocks too.

pub mod cancel;
pub mod capability;
pub mod child;
pub mod close;
pub mod context;
mod evidence;
pub mod fork;
pub mod future;
pub mod handle;
pub mod policy;
pub mod process;
pub mod ready;
pub mod reaper;
pub mod run;
pub mod signal;
pub mod source;
pub mod step;
pub mod stop;
pub mod timer;
pub mod wake;

use std::string::String;

use anyloop::rules::{self, Rule};

use crate::history::{Event, What};

pub use evidence::{Cancel, Evidence, Life, Run, Turn};

/// What a judge says about one history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule was kept, in so many situations to which it applies.
    Holds {
        /// The number of situations; zero says nothing about the subject.
        exercised: usize,
    },
    /// The rule was broken.
    Broken {
        /// What happened, in words.
        why: String,
    },
}

/// What a judge returns: how often the rule was exercised, or why it is broken.
pub type Judgement = Result<usize, String>;

/// How the kit treats a rule.
#[derive(Clone, Copy)]
pub enum Treatment {
    /// It is judged by this function.
    Judged(fn(&Evidence<'_>) -> Judgement),
    /// It is not judged, for this reason.
    Unjudged(&'static str),
}

/// One line of the table.
pub type Entry = (&'static Rule, Treatment);

/// Every rule, once, family by family.
pub static TABLE: &[&[Entry]] = &[
    context::TABLE,
    policy::TABLE,
    run::TABLE,
    ready::TABLE,
    timer::TABLE,
    handle::TABLE,
    cancel::TABLE,
    stop::TABLE,
    close::TABLE,
    wake::TABLE,
    future::TABLE,
    child::TABLE,
    reaper::TABLE,
    process::TABLE,
    source::TABLE,
    capability::TABLE,
    step::TABLE,
    fork::TABLE,
    signal::TABLE,
];

/// Every rule with its treatment.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().copied().flatten()
}

/// How that rule is treated.
#[must_use]
pub fn find(rule: &Rule) -> Option<Treatment> {
    all().find(|(known, _)| *known == rule).map(|(_, treatment)| *treatment)
}

/// Judges a history by one rule; `None` if that is not judged.
///
/// What breaks off is evidence only of that: the rest of the play might have kept every promise. Where the
/// program sets another child watcher, the steps about children say nothing about the one that is judged.
#[must_use]
pub fn judge(rule: &Rule, evidence: &Evidence<'_>) -> Option<Verdict> {
    let verdict = find(rule)?.judge(evidence)?;
    let about_ends = rule == &rules::run::ALIVE || rule == &rules::run::RETURNS;
    let is_set = |event: &Event| matches!(event.what, What::WatcherSet { .. });
    let about_another = ["child", "reaper"].contains(&rule.family()) && evidence.events.iter().any(is_set);
    if (evidence.cut.is_some() && !about_ends) || about_another {
        Some(Verdict::Holds { exercised: 0 })
    } else {
        Some(verdict)
    }
}

impl Treatment {
    /// Judges a history; `None` if the rule is not judged.
    #[must_use]
    pub fn judge(self, evidence: &Evidence<'_>) -> Option<Verdict> {
        match self {
            Self::Judged(judge) => Some(match judge(evidence) {
                Ok(exercised) => Verdict::Holds { exercised },
                Err(why) => Verdict::Broken { why },
            }),
            Self::Unjudged(_) => None,
        }
    }
}

impl core::fmt::Debug for Treatment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Judged(_) => "Judged",
            Self::Unjudged(why) => why,
        })
    }
}
