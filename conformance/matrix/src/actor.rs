//! On what programs are played: an implementation, a specimen of the zoo, or whatever a driver has, in
//! a process of its own.

use std::env;
use std::process::Command;

use anyloop_conformance::check::{Played, Source};
use anyloop_conformance::protocol::{self, Driver, Fault};
use anyloop_conformance::zoo::{self, Disease, Specimen};
use anyloop_conformance::{History, Program};

use crate::nearest;
use crate::subjects::{self, Candidate};

/// What stands before the name of a disease.
const SPECIMEN: &str = "specimen";

/// Something that plays.
pub(crate) enum Actor {
    /// An implementation that runs on this machine.
    Subject(Candidate),
    /// The healthy specimen.
    Healthy(Specimen),
    /// A specimen with a disease, to see what a failure looks like.
    Sick(Disease),
    /// A driver, by the command that starts it.
    Foreign(String),
}

impl Actor {
    /// The name that [`choose`] knows it by, or the command of a driver.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Subject(subject) => subject.name.clone(),
            Self::Healthy(_) => SPECIMEN.to_string(),
            Self::Sick(disease) => specimen(disease),
            Self::Foreign(command) => command.clone(),
        }
    }

    /// What selects it on the command line of `check`; of `play` too, if it is a driver.
    pub(crate) fn selector(&self) -> String {
        match self {
            Self::Foreign(command) => format!("--driver {}", shell(command)),
            _ => self.name(),
        }
    }

    /// What turns programs into histories: a driver, or this program once more, so that a crash is a
    /// verdict.
    pub(crate) fn driver(&self) -> Result<Driver, Fault> {
        let fault = |why: String| Fault { why };
        if let Self::Foreign(words) = self {
            let words: Vec<String> = shlex::Shlex::new(words).collect();
            let [program, arguments @ ..] = &*words else { return Err(fault("has no name".into())) };
            let mut command = Command::new(program);
            command.args(arguments);
            return Driver::start(command);
        }
        let program = env::current_exe().map_err(|error| fault(format!("has no name: {error}")))?;
        let mut command = Command::new(program);
        command.args(["drive", &self.name()]);
        Driver::start(command)
    }

    /// Plays one program: what played it, and what happened.
    pub(crate) fn play(&self, program: &Program) -> Result<(Driver, History), Fault> {
        let driver = self.driver()?;
        let history = driver.play(program)?;
        // What dies takes along what it has not told, unless it tells at once.
        let history = if history.is_cut() { driver.trace(program)? } else { history };
        Ok((driver, history))
    }

    /// Plays for the kit at the other end of the standard streams.
    pub(crate) fn serve(&self) -> ! {
        let name = self.name();
        let serve = |source: &dyn Source| protocol::serve(&name, source);
        match self {
            Self::Subject(subject) => serve(&Played::new(subject)),
            Self::Healthy(specimen) => serve(&Played::new(specimen)),
            Self::Sick(disease) => serve(&*zoo::played(disease)),
            // No name stands for one.
            Self::Foreign(_) => unreachable!("a driver serves itself"),
        }
    }
}

/// A text as one word of a shell.
fn shell(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| format!("{text:?}"), |quoted| quoted.into_owned())
}

/// The name of the specimen with that disease: `specimen/ties-backwards`.
pub(crate) fn specimen(disease: &Disease) -> String {
    format!("{SPECIMEN}/{}", disease.name.replace(' ', "-"))
}

/// Those of the given names, and the drivers; if there are none, every subject that can run here.
pub(crate) fn choose(names: &[String], drivers: &[String]) -> Result<Vec<Actor>, String> {
    if names.is_empty() && drivers.is_empty() {
        return Ok(subjects::choose(&[])?.into_iter().map(Actor::Subject).collect());
    }
    let foreign = drivers.iter().map(|command| Ok(Actor::Foreign(command.clone())));
    names.iter().map(|name| choose_one(name)).chain(foreign).collect()
}

/// The one of that name.
pub(crate) fn choose_one(name: &str) -> Result<Actor, String> {
    if name == SPECIMEN {
        return Ok(Actor::Healthy(Specimen::default()));
    }
    if name.starts_with("specimen/") {
        let names: Vec<String> = zoo::diseases().map(|disease| specimen(&disease)).collect();
        return match zoo::diseases().find(|disease| specimen(disease) == name) {
            Some(disease) => Ok(Actor::Sick(disease)),
            None => Err(nearest::unknown("subject", name, names.iter().map(String::as_str))),
        };
    }
    let mut chosen = subjects::choose(&[name.to_string()])?;
    chosen.pop().map(Actor::Subject).ok_or_else(|| format!("there is no subject `{name}`"))
}
