//! On what programs are played: an implementation, or a specimen of the zoo.

use anyloop_conformance::check::{Played, Source};
use anyloop_conformance::zoo::{self, Disease, Specimen};

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
}

impl Actor {
    /// The name that [`choose`] knows it by.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Subject(subject) => subject.name.to_string(),
            Self::Healthy(_) => SPECIMEN.to_string(),
            Self::Sick(disease) => specimen(disease),
        }
    }

    /// What turns programs into histories.
    pub(crate) fn source(&self) -> Box<dyn Source + '_> {
        match self {
            Self::Subject(subject) => Box::new(Played::new(subject)),
            Self::Healthy(specimen) => Box::new(Played::new(specimen)),
            Self::Sick(disease) => zoo::show(disease),
        }
    }
}

/// The name of the specimen with that disease: `specimen/ties-backwards`.
pub(crate) fn specimen(disease: &Disease) -> String {
    format!("{SPECIMEN}/{}", disease.name.replace(' ', "-"))
}

/// Those of the given names, or, if there are none, every subject that can run here.
pub(crate) fn choose(names: &[String]) -> Result<Vec<Actor>, String> {
    if names.is_empty() {
        return Ok(subjects::choose(&[])?.into_iter().map(Actor::Subject).collect());
    }
    names.iter().map(|name| choose_one(name)).collect()
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
