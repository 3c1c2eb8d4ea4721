//! How one subject is judged: programs of every kind, every rule, and a verdict for each.

use std::borrow::Cow;
use std::format;
use std::rc::Rc;
use std::string::{String, ToString};
use std::time::Duration;
use std::vec::Vec;

use anyloop::rules::{self, Level, Rule};
use anyloop::{DefaultPolicy, Policy, PolicyError};

use crate::corpus;
use crate::generate::{KINDS, Kind};
use crate::history::History;
use crate::judges::{self, Evidence, Treatment, Verdict};
use crate::minimise::{Effort, minimise};
use crate::play::play_on;
use crate::program::Program;
use crate::protocol::Fault;
use crate::root::{Anyloop, Root};
use crate::subject::{Lack, Subject};
use crate::world::{self, World};
use crate::{platform, zoo};

/// Something that turns programs into histories: a subject that is played here, or a driver at the
/// other end of a pipe.
pub trait Source {
    /// Plays one program.
    ///
    /// # Errors
    ///
    /// [`Fault`] if a driver does not do its part. That says nothing about any rule.
    fn play(&self, program: &Program) -> Result<History, Fault>;

    /// As [`play`](Self::play); if the process dies of it, what happened before is told as far as
    /// possible.
    ///
    /// # Errors
    ///
    /// As [`play`](Self::play).
    fn trace(&self, program: &Program) -> Result<History, Fault> {
        self.play(program)
    }

    /// Called after a play that hung: the next are not worth waiting for as long.
    fn hurry(&self) {}

    /// What it lacks, and why.
    fn lacks(&self) -> &[Lack];

    /// How long "in the end" may take, if that is known.
    fn patience(&self) -> Option<Duration> {
        None
    }
}

/// A subject that is played in this process.
pub struct Played<'s> {
    subject: &'s dyn Subject,
    root: &'static dyn Root,
    world: Rc<dyn World>,
    lacks: Vec<Lack>,
}

impl<'s> Played<'s> {
    /// A subject in its world.
    pub fn new(subject: &'s dyn Subject) -> Self {
        Self::with_root(subject, &Anyloop)
    }

    /// A subject with something in the place of the root crate.
    pub fn with_root(subject: &'s dyn Subject, root: &'static dyn Root) -> Self {
        // Rules about the policy of the process need a default. If no implementation has
        // registered one, any will do: they are about the root crate.
        if matches!(anyloop::get_event_loop_policy(), Err(PolicyError::NoPolicy)) {
            anyloop::register_default_policy(&DEFAULT);
        }
        let world = subject.world().unwrap_or_else(world::real);
        Self { subject, root, world, lacks: subject.lacks() }
    }
}

static DEFAULT: DefaultPolicy = DefaultPolicy {
    name: env!("CARGO_PKG_NAME"),
    make: || Policy::new(zoo::policy::SpecimenPolicy::new(None, None, None)),
};

impl Source for Played<'_> {
    fn play(&self, program: &Program) -> Result<History, Fault> {
        Ok(play_on(program, self.subject, self.root, &self.world))
    }

    fn lacks(&self) -> &[Lack] {
        &self.lacks
    }

    fn patience(&self) -> Option<Duration> {
        Some(platform::given_patience().unwrap_or(self.subject.patience()))
    }
}

/// What the programs of the [`corpus`] are called where random ones have a kind.
pub const CORPUS_KIND: &str = "corpus";

/// What a program is called that was given in the place of random ones.
pub const GIVEN_KIND: &str = "given";

/// What is judged, and how thoroughly.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many programs of the kind `core` are played; the other kinds in proportion.
    pub programs: Option<u32>,
    /// The seed; zero is the default, and as good as any.
    pub seed: u64,
    /// The rules that are judged, by id or by family; all if empty.
    pub rules: Vec<String>,
    /// The one program that is played, in the place of random ones.
    pub program: Option<Program>,
    /// How much effort a smaller program is worth.
    pub effort: Effort,
    /// The ids of rules that are known to be broken: for them no effort is worth it.
    pub known: Vec<String>,
}

impl Options {
    /// Whether `rule` is among the rules that are judged.
    #[must_use]
    pub fn wants(&self, rule: &Rule) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|name| name == rule.id || name == rule.family())
    }

    /// How much effort a smaller program is worth that breaks `rule`.
    fn effort_for(&self, rule: &Rule) -> Effort {
        if self.known.iter().any(|name| name == rule.id) { Effort::NONE } else { self.effort }
    }
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was kept, whenever it applied.
    Holds,
    /// It was broken.
    Broken(Failure),
    /// It never applied, so nothing is known. A failure of the kit or of the subject.
    Vacuous,
    /// The subject lacks it, for this reason.
    Lacks(Cow<'static, str>),
    /// The kit does not judge it, for this reason.
    Unjudged(&'static str),
}

/// How a rule was broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What happened, in words.
    pub why: String,
    /// The smallest program found that makes it happen.
    pub program: Program,
    /// What happened when it was played.
    pub history: History,
    /// The kind of the program that was found first, or [`CORPUS_KIND`], or [`GIVEN_KIND`].
    pub kind: &'static str,
    /// Its number, from zero.
    pub number: u32,
    /// How many steps it had.
    pub steps: usize,
    /// How many programs were tried to make it smaller.
    pub tries: u32,
}

/// One rule, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The rule.
    pub rule: &'static Rule,
    /// What came of it.
    pub outcome: Outcome,
    /// In how many situations it applied.
    pub exercised: usize,
    /// How many programs were judged.
    pub programs: u32,
    /// Why it is known to be broken, if it is: then that is no failure.
    pub known: Option<String>,
}

/// What came of one subject.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of the subject.
    pub subject: String,
    /// What selects it on the command line of `anyloop check`, if that is not its name.
    pub selector: Option<String>,
    /// The operating system.
    pub os: &'static str,
    /// The seed.
    pub seed: u64,
    /// One cell for each rule that was wanted.
    pub cells: Vec<Cell>,
    /// What the driver did wrong, if that ended the judging early.
    pub fault: Option<Fault>,
}

impl Failure {
    /// Where its program came from: `core program 12`, or a file of the corpus.
    #[must_use]
    pub fn origin(&self) -> String {
        match (self.kind, corpus::CORPUS.get(self.number as usize)) {
            (GIVEN_KIND, _) => "the given program".to_string(),
            (CORPUS_KIND, Some(entry)) => entry.file.to_string(),
            (kind, _) => format!("{kind} program {}", self.number),
        }
    }
}

impl Cell {
    /// Whether it says that the subject does not conform.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        let failed = matches!(self.outcome, Outcome::Broken(_)) && self.known.is_none();
        matches!(self.rule.level, Level::Must) && (failed || matches!(self.outcome, Outcome::Vacuous))
    }

    /// The outcome in one word.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match self.outcome {
            Outcome::Holds => "holds",
            Outcome::Broken(_) if self.known.is_some() => "known",
            Outcome::Broken(_) => "broken",
            Outcome::Vacuous => "vacuous",
            Outcome::Lacks(_) => "lacks",
            Outcome::Unjudged(_) => "unjudged",
        }
    }
}

impl Report {
    /// Whether no MUST is broken or vacuous, and everything was judged.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.fault.is_none() && !self.cells.iter().any(Cell::is_failure)
    }

    /// What came of one rule; `None` if it was not wanted.
    #[must_use]
    pub fn cell(&self, rule: &Rule) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.rule == rule)
    }
}

/// Says how a program is played again that hangs and ends the process: `command`, with the quoted
/// program in the place of `{}`.
pub fn replay_with(command: &str) {
    platform::replay_with(command);
}

/// Judges a subject. `progress` is told the kind of the programs, and how many were played of how
/// many.
pub fn check(
    name: &str,
    subject: &dyn Subject,
    options: &Options,
    progress: impl FnMut(&'static str, u32, u32),
) -> Report {
    check_source(name, &Played::new(subject), options, progress)
}

/// As [`check`], for whatever turns programs into histories.
///
/// # Panics
///
/// If a file of the kit's own [`corpus`] is no program. [`corpus::programs`] says where.
pub fn check_source(
    name: &str,
    source: &dyn Source,
    options: &Options,
    mut progress: impl FnMut(&'static str, u32, u32),
) -> Report {
    let mut cells: Vec<Cell> = rules::all()
        .filter(|rule| options.wants(rule))
        .map(|rule| Cell {
            rule,
            outcome: first_outcome(rule, source),
            exercised: 0,
            programs: 0,
            known: None,
        })
        .collect();
    let fault = play_all(source, options, &mut cells, &mut progress).err();
    // One program is not expected to exercise every rule, but one that shows nothing at all is no
    // evidence.
    let shows_something = cells.iter().any(|cell| cell.exercised > 0 || cell.verdict() == "broken");
    for cell in &mut cells {
        let expected = options.program.is_none() || !shows_something;
        if cell.outcome == Outcome::Holds && cell.exercised == 0 && expected {
            cell.outcome = match &fault {
                Some(_) => Outcome::Unjudged("the driver did not do its part"),
                None => Outcome::Vacuous,
            };
        }
    }
    Report {
        subject: name.to_string(),
        selector: None,
        os: std::env::consts::OS,
        seed: options.seed,
        cells,
        fault,
    }
}

/// Plays the corpus, and programs of every kind.
fn play_all(
    source: &dyn Source,
    options: &Options,
    cells: &mut [Cell],
    progress: &mut impl FnMut(&'static str, u32, u32),
) -> Result<(), Fault> {
    if options.program.is_none() {
        play_corpus(source, options, cells, progress)?;
    }
    KINDS.iter().try_for_each(|kind| play_kind(kind, source, options, cells, progress))
}

/// What is known about a rule before anything is played.
fn first_outcome(rule: &'static Rule, source: &dyn Source) -> Outcome {
    let lack = source.lacks().iter().find(|lack| lack.covers(rule));
    match (judges::find(rule), lack) {
        (Some(Treatment::Unjudged(why)), _) => Outcome::Unjudged(why),
        (None, _) => Outcome::Unjudged("the kit does not know the rule"),
        (_, Some(lack)) => Outcome::Lacks(lack.why.clone()),
        (Some(Treatment::Judged(_)), None) => Outcome::Holds,
    }
}

/// Plays the programs that once showed a defect.
fn play_corpus(
    source: &dyn Source,
    options: &Options,
    cells: &mut [Cell],
    progress: &mut impl FnMut(&'static str, u32, u32),
) -> Result<(), Fault> {
    let programs = corpus::programs().unwrap_or_else(|error| panic!("{error}"));
    let total = u32::try_from(programs.len()).unwrap_or(u32::MAX);
    for (number, (entry, program)) in (0..).zip(&programs) {
        progress(CORPUS_KIND, number, total);
        let lacking = source.lacks().iter().any(|lack| entry.is_about(&lack.what));
        let wanted = cells.iter().any(|cell| is_open(cell) && entry.is_about(cell.rule.family()));
        if wanted && !lacking {
            play_one(
                program,
                CORPUS_KIND,
                number,
                source,
                options,
                &mut cells.iter_mut().filter(|cell| is_open(cell)),
            )?;
        }
    }
    progress(CORPUS_KIND, total, total);
    Ok(())
}

/// Whether nothing is known yet that more programs could not change.
fn is_open(cell: &Cell) -> bool {
    cell.outcome == Outcome::Holds
}

/// After so many hangs the rest of a kind is not played: each is waited for, and shows no more.
const ENOUGH: u32 = 32;

fn play_kind(
    kind: &'static Kind,
    source: &dyn Source,
    options: &Options,
    cells: &mut [Cell],
    progress: &mut impl FnMut(&'static str, u32, u32),
) -> Result<(), Fault> {
    // A program that was given is played once, though several kinds judge the same rules.
    let again = |cell: &Cell| options.program.is_none() || cell.programs == 0;
    let is_open = |cell: &Cell| is_open(cell) && kind.judges(cell.rule) && again(cell);
    let lacking = source.lacks().iter().any(|lack| lack.rules_out(kind.needs));
    if lacking || !cells.iter().any(is_open) {
        return Ok(());
    }
    let total = if options.program.is_some() { 1 } else { kind.scaled(options.programs) };
    let given = options.program.clone().into_iter();
    let mut programs = given.chain(kind.generate(options.seed));
    progress(kind.name, 0, total);
    let mut hangs = 0;
    for number in 0..total {
        let Some(program) = programs.next() else { break };
        let open = &mut cells.iter_mut().filter(|cell| is_open(cell));
        let name = if options.program.is_some() { GIVEN_KIND } else { kind.name };
        hangs += u32::from(play_one(&program, name, number, source, options, open)?);
        progress(kind.name, number + 1, total);
        if hangs == ENOUGH {
            break;
        }
    }
    Ok(())
}

/// Plays one program. A subject that hangs is waited for less and less.
fn play(source: &dyn Source, program: &Program) -> Result<History, Fault> {
    let history = source.play(program)?;
    if history.hangs() {
        source.hurry();
    }
    Ok(history)
}

/// Plays one program, and judges it by the rules of `cells`. Says whether it hung.
fn play_one(
    program: &Program,
    kind: &'static str,
    number: u32,
    source: &dyn Source,
    options: &Options,
    cells: &mut dyn Iterator<Item = &mut Cell>,
) -> Result<bool, Fault> {
    let history = play(source, program)?;
    let evidence = Evidence::new(&history);
    for cell in cells {
        cell.programs += 1;
        match judges::judge(cell.rule, &evidence) {
            Some(Verdict::Broken { why }) => {
                let history = history.clone();
                let found = Found { rule: cell.rule, kind, number, why, history };
                cell.outcome =
                    Outcome::Broken(found.minimised(program, source, options.effort_for(cell.rule))?);
            }
            Some(Verdict::Holds { exercised }) => cell.exercised += exercised,
            None => {}
        }
    }
    Ok(history.hangs())
}

/// A program that breaks a rule, as it was generated.
pub(crate) struct Found {
    pub(crate) rule: &'static Rule,
    pub(crate) kind: &'static str,
    pub(crate) number: u32,
    pub(crate) why: String,
    pub(crate) history: History,
}

impl Found {
    /// Makes the program small, and says what happens in the small one.
    pub(crate) fn minimised(
        self,
        program: &Program,
        source: &dyn Source,
        effort: Effort,
    ) -> Result<Failure, Fault> {
        let (mut why, mut history, mut fault) = (self.why, self.history, None);
        let mut breaks = |played: Result<History, Fault>| match played {
            Err(found) => {
                fault = Some(found);
                false
            }
            Ok(played) => match judge(self.rule, &played) {
                Some(Verdict::Broken { why: words }) => {
                    (why, history) = (words, played);
                    true
                }
                _ => false,
            },
        };
        let (small, tries) = minimise(program, effort, |smaller| breaks(play(source, smaller)));
        if self.rule == &rules::run::ALIVE {
            // A process that dies takes along what it has not told.
            breaks(source.trace(&small));
        }
        match fault {
            Some(fault) => Err(fault),
            None => {
                let (kind, number, steps) = (self.kind, self.number, program.len());
                Ok(Failure { why, program: small, history, kind, number, steps, tries })
            }
        }
    }
}

/// Judges one history by one rule; `None` if the rule is not judged.
#[must_use]
pub fn judge(rule: &Rule, history: &History) -> Option<Verdict> {
    judges::judge(rule, &Evidence::new(history))
}
