//! Who judges the judges: specimens with one disease each, and the rule that must notice it.
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | what is a disease, and does the kit notice it? |
//! | `diseases.rs` | which of them concern loops, policies and the root crate? |
//! | `loop_.rs` | what can be wrong with a loop? |
//! | `remote.rs` | what can be wrong with a loop's remote half? |
//! | `policy.rs` | what can be wrong with a policy? |
//! | `root.rs` | what could be wrong with the root crate? |
//! | `watcher.rs` | what can be wrong with a child watcher? |
//! | `surroundings.rs` | what can be wrong around the callbacks of a loop? |
//! | `host.rs` | what can be wrong with a loop that a host drives? |
//! | `program.rs` | what can be wrong with how programs are started? |
//! | `source.rs` | what can be wrong with what a loop watches? |
//! | `system.rs` | what of that shows only where the system can be asked? |
//! | `signal.rs` | what can be wrong with how a loop hears signals? |
//! | `fork.rs` | what can go wrong when the process forks? |
//!
//! The healthy specimen must pass everything, and every disease must be noticed by the judge of
//! the rule that it breaks. Nothing here is of use for anything else.
//!
//! # Mutants
//!
//! Diseases are what we think of; `cargo mutants` thinks of others. Now and then the kit alone is
//! held against the mutants of the engine and of the watchers, a few files at a time:
//!
//! ```text
//! ANYLOOP_PATIENCE_MS=600 cargo mutants --in-place --cap-lints true -p anyloop-turn -p anyloop-os \
//!     --test-package anyloop-os -f impls/turn/src/ring.rs -- --test epoll_pidfd
//! ```
//!
//! It does not look into `cfg_if!`, so for a run the modules in `impls/os/src/lib.rs` have to stand
//! outside of it. A harness that plays the corpus and the default programs in one process, and ends
//! at the first MUST that is broken, or vacuous, is many times faster than the tests; it plays what broke one once more,
//! since on a busy machine patience ends early. Subjects: `sim`, whose virtual clock
//! notices what a real one forgives, `turn/fixed`, `turn/crowded`, and the five of `anyloop-os`.
//!
//! Last time 358 of 400 viable mutants of the engine died, and 206 of 216 of the child watchers. What no
//! rule speaks of is left out since, in `.cargo/mutants.toml`, with the reasons. A mutant that survives is a program or a
//! judge that is missing, or else one of these:
//!
//! * It does the same, or only costs memory or time: what sweeps tombstones, looks ahead, counts for
//!   that or leases numbers; a wheel that keeps more in its heap; threads in the place of a signal. All that is left of
//!   the engine is of this kind.
//! * It is about a race of two threads of the users: one removes or registers a child in the middle of another's
//!   registration (`give_back`, `take_ended`, `Sweep::look_at`).
//! * It is about what the handler of a signal finds when a bell was given up just before, or the process forks
//!   at that moment: chance, for a kit (`bell.rs`).
//! * It is about a process that has no thread left (`take_back`); `impls/os/tests/limits.rs` has such a one.

mod diseases;
mod host;
pub mod loop_;
pub mod policy;
mod remote;
pub mod root;
pub mod source;
mod surroundings;

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        pub mod program;
        const NO_PROGRAMS: &[Lack] = &[];
    } else {
        #[path = "no_program.rs"]
        pub mod program;
        const NO_PROGRAMS: &[Lack] = &[Lack::family("process", "it has no handles of processes on this system")];
    }
}

cfg_if::cfg_if! {
    if #[cfg(unix)] {
        mod fork;
        mod signal;
        mod system;
        pub mod watcher;
        const LACKS: &[Lack] = &[];
    } else {
        #[path = "no_fork.rs"]
        mod fork;
        #[path = "no_watcher.rs"]
        pub mod watcher;
        const LACKS: &[Lack] = &[
            Lack::family("child", "the kit has no children on this system"),
            Lack::family("source", "the kit has no sockets on this system"),
            Lack::rule(&rules::close::DESCRIPTORS, "the kit cannot count descriptors on this system"),
            Lack::rule(&rules::run::INTERRUPTED, "the kit has no signals on this system"),
            Lack::family("fork", "processes do not fork on this system"),
            Lack::family("signal", "the kit raises no signals on this system"),
        ];
        mod signal {
            pub(super) static DISEASES: &[super::Disease] = &[];
        }
        mod system {
            pub(super) static DISEASES: &[super::Disease] = &[];
        }
    }
}

use std::boxed::Box;
use std::time::Duration;
use std::vec::Vec;

use anyloop::rules::{self, Rule};
use anyloop::{Loop, Policy};

use crate::check::{Failure, Found, Played, Source, judge};
use crate::generate::KINDS;
use crate::history::History;
use crate::judges::Verdict;
use crate::minimise::Effort;
use crate::program::Program;
use crate::protocol::{self, Fault};
use crate::root::{Anyloop, Root};
use crate::subject::{Lack, Subject};

/// Something that is wrong with a specimen.
#[derive(Clone, Copy, Debug)]
pub enum Bug {
    /// With its loops.
    Loop(loop_::Bug),
    /// With its policy.
    Policy(policy::Bug),
    /// With the root crate.
    Root(root::Bug),
    /// With how the root crate deals with programs.
    Program(program::Bug),
    /// With how the root crate watches sources.
    Source(source::Bug),
    /// With its watcher.
    Watcher(watcher::Sick),
    /// With what is told of it, as by a driver whose language lets a loop do what Rust does not.
    Told(fn(&mut History)),
}

/// A specimen's disease.
#[derive(Clone, Copy, Debug)]
pub struct Disease {
    /// A short name.
    pub name: &'static str,
    /// What the specimen does wrong.
    pub what: &'static str,
    /// The rule whose judge must notice it.
    pub rule: &'static Rule,
    /// The disease itself.
    pub bug: Bug,
}

/// The specimen: a policy, its loops and its watcher, one of them sick or none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Specimen {
    bug: Option<Bug>,
}

impl Specimen {
    /// A specimen that has `bug`.
    #[must_use]
    pub const fn with(bug: Bug) -> Self {
        Self { bug: Some(bug) }
    }

    /// The root crate that it lives in.
    #[must_use]
    pub fn root(&self) -> &'static dyn Root {
        match self.bug {
            // One for each disease and run of the zoo: nothing that grows.
            Some(Bug::Root(bug)) => Box::leak(Box::new(root::Sick::new(bug))),
            Some(Bug::Source(bug)) => Box::leak(Box::new(source::Sick(bug))),
            Some(Bug::Program(bug)) => Box::leak(Box::new(program::Sick(bug))),
            _ => &Anyloop,
        }
    }
}

impl Subject for Specimen {
    fn policy(&self) -> Policy {
        Policy::new(match self.bug {
            Some(Bug::Loop(bug)) => policy::SpecimenPolicy::new(None, Some(bug), None),
            Some(Bug::Policy(bug)) => policy::SpecimenPolicy::new(Some(bug), None, None),
            Some(Bug::Watcher(bug)) => policy::SpecimenPolicy::new(None, None, Some(bug)),
            _ => policy::SpecimenPolicy::new(None, None, None),
        })
    }

    fn lacks(&self) -> Vec<Lack> {
        [LACKS, NO_PROGRAMS].concat()
    }

    fn patience(&self) -> Duration {
        match self.bug {
            None => Duration::from_secs(10),
            // A sick one may hang, and is not worth waiting for.
            Some(Bug::Loop(loop_::Bug::WaitsForItself)) => Duration::from_millis(40),
            Some(_) => Duration::from_millis(400),
        }
    }

    fn burn(&self) -> fn(&Loop, Duration) {
        loop_::Specimen::burn
    }
}

/// The specimen as the zoo shows it: what is told of it may be wrong, too.
struct Shown {
    played: Played<'static>,
    bug: Bug,
}

impl Source for Shown {
    fn play(&self, program: &Program) -> Result<History, Fault> {
        let mut history = self.played.play(program)?;
        if let Bug::Told(tell) = self.bug {
            tell(&mut history);
        }
        Ok(history)
    }

    fn lacks(&self) -> &[Lack] {
        self.played.lacks()
    }

    fn patience(&self) -> Option<Duration> {
        self.played.patience()
    }
}

/// What came of one disease.
#[derive(Clone, Debug)]
pub struct Row {
    /// The disease.
    pub disease: Disease,
    /// How its rule noticed it; `None` if it did not.
    pub killed: Option<Failure>,
}

/// Every disease.
pub fn diseases() -> impl Iterator<Item = Disease> {
    let more = [
        surroundings::DISEASES,
        watcher::DISEASES,
        program::DISEASES,
        source::DISEASES,
        host::DISEASES,
        system::DISEASES,
        fork::DISEASES,
        signal::DISEASES,
    ];
    diseases::DISEASES.iter().chain(more.into_iter().flatten()).copied()
}

/// Shows every disease to the judge of its rule. `programs` and `seed` are as in
/// [`Options`](crate::check::Options).
pub fn run(programs: Option<u32>, seed: u64, mut progress: impl FnMut(&Row)) -> Vec<Row> {
    let mut rows = Vec::new();
    for disease in diseases() {
        let row = Row { disease, killed: kill(&disease, programs, seed) };
        progress(&row);
        rows.push(row);
    }
    rows
}

/// A specimen that has `disease`, as something that programs are played on: in a process of its
/// own if that may not survive it.
///
/// # Panics
///
/// If that process does not greet: `main` has to begin with
/// [`enter_if_child`](crate::world::enter_if_child).
#[must_use]
pub fn show(disease: &Disease) -> Box<dyn Source> {
    if ![&rules::run::ALIVE, &rules::run::RETURNS].contains(&disease.rule) {
        return played(disease);
    }
    match protocol::isolated(disease.name) {
        Ok(driver) => Box::new(driver),
        Err(fault) => panic!("{fault}: does main() begin with enter_if_child()?"),
    }
}

/// A specimen that has `disease`, played in this process, come what may.
#[must_use]
pub fn played(disease: &Disease) -> Box<dyn Source> {
    // One for each disease that is shown, like its root.
    let specimen: &'static Specimen = Box::leak(Box::new(Specimen::with(disease.bug)));
    Box::new(Shown { played: Played::with_root(specimen, specimen.root()), bug: disease.bug })
}

/// Plays programs until the judge of the disease's rule notices it.
///
/// # Panics
///
/// As [`show`].
#[must_use]
pub fn kill(disease: &Disease, programs: Option<u32>, seed: u64) -> Option<Failure> {
    let shown = show(disease);
    for kind in KINDS.iter().filter(|kind| kind.judges(disease.rule)) {
        let total = kind.scaled(programs);
        for (number, program) in (0..total).zip(kind.generate(seed)) {
            let history = shown.play(&program).unwrap_or_else(|fault| panic!("{fault}"));
            if let Some(Verdict::Broken { why }) = judge(disease.rule, &history) {
                let found = Found { rule: disease.rule, kind: kind.name, number, why, history };
                let small = found.minimised(&program, &*shown, Effort::default());
                return Some(small.unwrap_or_else(|fault| panic!("{fault}")));
            }
        }
    }
    None
}
