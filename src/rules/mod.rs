//! Every promise of anyloop, as an item with an id.
//!
//! A rule is one sentence, its level, why a user relies on it, what to check if it fails, and the
//! asyncio rules that it descends from. Trait methods
//! link the rules that they keep, and rustdoc refuses a link to a rule that is not here. The
//! conformance kit has a judge for each, or says why it cannot have one.
//!
//! Ids are dotted lowercase: `family.property`. They are never renumbered and never used again.
//!
//! | family | about |
//! | --- | --- |
//! | [`context`] | what contexts keep apart |
//! | [`policy`] | which loop runs here |
//! | [`run`] | running a loop |
//! | [`ready`] | callbacks that are to run soon |
//! | [`timer`] | callbacks that are to run at a time |
//! | [`handle`] | the numbers that name callbacks |
//! | [`cancel`] | callbacks that are not to run after all |
//! | [`stop`] | ending a run |
//! | [`close`] | ending a loop |
//! | [`wake`] | work from other threads |
//! | [`future`] | tasks |
//! | [`child`] | noticing that children end |
//! | [`reaper`] | collecting every child of the process |
//! | [`process`] | starting programs, and talking with them |
//! | [`source`] | what a loop watches: readers, writers, and who awaits |
//! | [`capability`] | what a loop offers beyond running callbacks |
//! | [`step`] | a loop that a host drives |
//! | [`fork`] | what a forked child does with loops of its parent |
//! | [`signal`] | hearing signals |
//!
//! # Where they come from
//!
//! The ancestors are the numbers that the project's study of asyncio gave to asyncio's observable
//! behaviour: POL for policies, LOOP for loops, WATCH for watchers, PROC for programs, IO for sources and signals; `B`
//! numbers are its known
//! defects. A rule without ancestor is new. What became of every number is in [`ancestors`].

use core::fmt;

/// How binding a rule is, in the words of RFC 2119.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An implementation that breaks it does not conform.
    Must,
    /// An implementation may have a reason to break it, and says so.
    Should,
    /// Allowed, and worth knowing.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

/// One promise.
#[derive(Debug)]
pub struct Rule {
    /// What it is called: `family.property`.
    pub id: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The promise itself, as one sentence or two.
    pub text: &'static str,
    /// Why a user relies on it.
    pub intent: &'static str,
    /// What to look at first if it is broken.
    pub check: &'static str,
    /// The asyncio rules and defects that it descends from; empty if it is new.
    pub ancestors: &'static [&'static str],
}

impl Rule {
    /// The part of the id before the dot.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Declares a family: one doc comment is a rule's rustdoc and its text.
macro_rules! rules {
    ($($(#[doc = $line:literal])+ $level:ident $name:ident = $id:literal from [$($ancestor:literal),*]
        why $why:literal check $check:literal;)*) => {
        $(
            $(#[doc = $line])+
            #[doc = concat!("\n\n", $why, " If it fails, check ", $check, ".")]
            #[doc = concat!("\n\n*", stringify!($level), "*, `", $id, "`. Ancestors: ", $("`", $ancestor, "` ",)* "\n")]
            pub static $name: $crate::rules::Rule = $crate::rules::Rule {
                id: $id,
                level: $crate::rules::Level::$level,
                text: concat!($($line),+).trim_ascii(),
                intent: $why,
                check: $check,
                ancestors: &[$($ancestor),*],
            };
        )*

        /// The rules of this family, in order.
        pub static ALL: &[&$crate::rules::Rule] = &[$(&$name),*];
    };
}

pub mod ancestors;
pub mod cancel;
pub mod capability;
pub mod child;
pub mod close;
pub mod context;
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

/// The families, in the order in which reports show them.
pub static FAMILIES: &[&[&Rule]] = &[
    context::ALL,
    policy::ALL,
    run::ALL,
    ready::ALL,
    timer::ALL,
    handle::ALL,
    cancel::ALL,
    stop::ALL,
    close::ALL,
    wake::ALL,
    future::ALL,
    child::ALL,
    reaper::ALL,
    process::ALL,
    source::ALL,
    capability::ALL,
    step::ALL,
    fork::ALL,
    signal::ALL,
];

/// Ids of rules that were given up. They are not used again.
pub static RETIRED: &[&str] = &[];

/// Every rule, family by family.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().copied().flatten().copied()
}

/// The rule of that id.
///
/// ```
/// use anyloop::rules;
/// assert_eq!(rules::find("ready.fifo"), Some(&rules::ready::FIFO));
/// assert_eq!(rules::find("ready.fofi"), None);
/// ```
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn ids_are_dotted_lowercase_and_unique() {
        let mut seen = BTreeSet::new();
        for family in FAMILIES {
            for rule in *family {
                let (name, property) = rule.id.split_once('.').expect(rule.id);
                assert!(rule.id.bytes().all(|byte| byte == b'.' || byte.is_ascii_lowercase()), "{rule}");
                assert!(!property.is_empty() && !property.contains('.') && property != name, "{rule}");
                assert_eq!(name, family[0].family(), "{rule} stands in the wrong family");
                assert!(seen.insert(rule.id), "{rule} is given twice");
                assert!(!RETIRED.contains(&rule.id), "{rule} was retired");
            }
        }
        assert!(seen.len() >= 40);
    }

    #[test]
    fn a_must_says_must() {
        for rule in all() {
            let word = alloc::format!("{}", rule.level);
            assert!(rule.text.contains(&word), "{rule} is {word} but does not say so");
            assert!(rule.text.ends_with('.'), "{rule} is no sentence");
            assert!(rule.intent.ends_with('.') && rule.intent.len() > 1, "{rule} does not say why");
            assert!(
                !rule.check.is_empty() && !rule.check.ends_with('.'),
                "{rule} does not say what to check"
            );
        }
    }
}
