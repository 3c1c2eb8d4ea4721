//! Which programs are played before the random ones: those that once showed a defect.
//!
//! Each is a file of the folder `corpus`, compiled in, so that whoever uses the kit has them. It
//! begins with a comment that says which defect it comes from, and a line `// rules:` with the
//! rules that it was kept for:
//!
//! ```text
//! // Timers of equal deadline ran in no order, for a heap keeps none.
//! // rules: timer.tie
//! at 5 #1
//! at 5 #2
//! run
//! ```
//!
//! A program is judged by every rule, as any other; it is left out for subjects that lack a family
//! of the rules it was kept for.

use core::error::Error;
use core::fmt;
use std::vec::Vec;

use crate::program::Program;
use crate::text::ParseError;

/// A file of the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path in the kit: `corpus/timer-ties.loop`.
    pub file: &'static str,
    /// What it says.
    pub text: &'static str,
}

macro_rules! corpus {
    ($($name:literal)*) => {
        /// Every file of the folder, in the order in which they are played.
        pub static CORPUS: &[Entry] = &[$(Entry {
            file: concat!("corpus/", $name, ".loop"),
            text: include_str!(concat!("../corpus/", $name, ".loop")),
        },)*];
    };
}

corpus! {
    "attach-on-store"
    "attach-refused"
    "cancel-chain"
    "cancel-stale"
    "child-255"
    "child-blocked"
    "child-busy"
    "child-ended-before-watched"
    "child-forgotten-news"
    "child-jolt"
    "child-jolt-heeded"
    "child-late-twice"
    "child-let-go"
    "child-refused-again"
    "child-removed-lives"
    "child-replaced"
    "child-scarce"
    "child-taken-over"
    "child-taken-over-late"
    "close-reentry"
    "fork-current"
    "fork-in-task"
    "fork-of-the-finished"
    "fork-parent"
    "fork-thread"
    "guard-out-of-order"
    "nested-run"
    "panic-mid-batch"
    "post-mid-batch"
    "probe-when-closed"
    "program-dropped"
    "program-inactive"
    "program-late-signal"
    "program-missing"
    "program-orphaned"
    "program-outlived"
    "program-signalled-again"
    "program-steps"
    "program-talk"
    "reaper-kept-together"
    "source-left-watched"
    "source-next"
    "source-steps"
    "source-waited-for"
    "signal-again"
    "signal-beside-watcher"
    "signal-removed-late"
    "signal-restored"
    "signal-steps"
    "signal-two-loops"
    "signal-while-stopped"
    "step-cancelled-deadline"
    "step-stale-wake"
    "stop-here-and-there"
    "stop-mid-batch"
    "timer-sooner"
    "timer-ties"
    "wake-sleep"
    "wake-stop"
}

impl Entry {
    /// The program.
    ///
    /// # Errors
    ///
    /// Where the file is no program.
    pub fn program(&self) -> Result<Program, CorpusError> {
        self.text.parse().map_err(|error| CorpusError { file: self.file, text: self.text, error })
    }

    /// The ids of the rules that it was kept for.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> + use<> {
        let line = self.text.lines().find_map(|line| line.strip_prefix("// rules:"));
        line.unwrap_or_default().split_whitespace()
    }

    /// Whether it was kept for a rule of that family.
    #[must_use]
    pub fn is_about(&self, family: &str) -> bool {
        self.rules().any(|rule| rule.split('.').next() == Some(family))
    }
}

/// All programs of the corpus, with their files.
///
/// # Errors
///
/// The first file that is no program.
pub fn programs() -> Result<Vec<(&'static Entry, Program)>, CorpusError> {
    CORPUS.iter().map(|entry| Ok((entry, entry.program()?))).collect()
}

/// A file of the corpus is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorpusError {
    /// The file.
    pub file: &'static str,
    /// What it says.
    pub text: &'static str,
    /// Where it goes wrong, and how.
    pub error: ParseError,
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.error)
    }
}

impl Error for CorpusError {}
