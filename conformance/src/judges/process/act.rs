//! What happened in a scene with a program, and what should have?

use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use anyloop::ExitStatus;

use crate::history::{Launch, Sending, Stream, What};
use crate::judges::{Evidence, Judgement};
use crate::program::{Label, Plan, Scene};

/// What ends a program that is sent a signal unless its plan says otherwise.
const SIGTERM: i32 = 15;

/// One scene: what happened from its beginning on, to the end of the play.
pub(super) struct Act<'h> {
    pub(super) label: Label,
    pub(super) scene: Scene,
    pub(super) plan: Plan,
    pub(super) events: Vec<&'h What>,
    /// The play was given up, and this scene was not over.
    pub(super) broken_off: bool,
}

impl Act<'_> {
    /// What came of the start.
    pub(super) fn launch(&self) -> Option<&Launch> {
        self.events.iter().find_map(|what| match what {
            What::Launched { result, .. } => Some(result),
            _ => None,
        })
    }

    pub(super) fn is_started(&self) -> bool {
        self.launch() == Some(&Launch::Done)
    }

    pub(super) fn position(&self, is_it: impl Fn(&What) -> bool) -> Option<usize> {
        self.events.iter().position(|what| is_it(what))
    }

    /// The ends that were waited for, with their places.
    pub(super) fn waited(&self) -> impl Iterator<Item = (usize, u32, ExitStatus)> {
        self.events.iter().enumerate().filter_map(|(at, what)| match what {
            What::Waited { waiter, status, .. } => Some((at, *waiter, *status)),
            _ => None,
        })
    }

    /// How the program ends.
    pub(super) fn truth(&self) -> ExitStatus {
        let by = |signal| ExitStatus::Signaled { signal, core: false };
        match (self.plan, self.scene) {
            (Plan::Exit(_), Scene::Signalled) => by(SIGTERM),
            (Plan::Exit(code), _) => ExitStatus::Exited(code.into()),
            (Plan::Signal(signal), _) => by(signal.into()),
        }
    }

    pub(super) fn is_true(&self, status: ExitStatus) -> bool {
        let without_core = match status {
            ExitStatus::Signaled { signal, .. } => ExitStatus::Signaled { signal, core: false },
            other => other,
        };
        without_core == self.truth()
    }

    /// Fails unless that is how the program ends.
    pub(super) fn check(&self, status: ExitStatus) -> Result<(), String> {
        if self.is_true(status) {
            return Ok(());
        }
        Err(format!("the end of {} was told as `{status}`: it was `{}`", self.label, self.truth()))
    }

    /// The answers to signals, with their places.
    pub(super) fn sent(&self) -> impl Iterator<Item = (usize, &Sending)> {
        self.events.iter().enumerate().filter_map(|(at, what)| match what {
            What::Signalled { result, .. } => Some((at, result)),
            _ => None,
        })
    }

    /// Whether what was read is what was written; how many streams were.
    pub(super) fn heard(&self) -> Judgement {
        let mut exercised = 0;
        for what in &self.events {
            let What::Heard { stream, bytes, right, failed, .. } = what else { continue };
            let (label, name) = (self.label, name(*stream));
            if let Some(error) = failed {
                return Err(format!("reading the {name} of {label} failed after {bytes} bytes: {error}"));
            }
            if !right {
                return Err(format!(
                    "{bytes} bytes of the {name} of {label} were read, not all that it wrote"
                ));
            }
            exercised += 1;
        }
        if exercised == 0 && self.broken_off {
            return Err(format!("what {} writes was never read to its end", self.label));
        }
        Ok(exercised)
    }

    pub(super) fn settled(&self) -> Option<bool> {
        self.events.iter().find_map(|what| match what {
            What::Settled { collected, .. } => Some(*collected),
            _ => None,
        })
    }

    /// Fails if the child was not collected.
    pub(super) fn collected(&self) -> Result<(), String> {
        match self.settled() {
            Some(false) => Err(format!("{} has ended, and was not collected", self.label)),
            _ => Ok(()),
        }
    }

    pub(super) fn went_on(&self) -> Option<(bool, bool)> {
        self.events.iter().find_map(|what| match what {
            What::WentOn { ended, said, .. } => Some((*ended, *said)),
            _ => None,
        })
    }
}

pub(super) const fn name(stream: Stream) -> &'static str {
    match stream {
        Stream::Out => "standard output",
        Stream::Err => "standard error",
    }
}

/// Of which scene an event tells.
fn of(what: &What) -> Option<Label> {
    match what {
        What::Launched { label, .. }
        | What::StatusSaw { label, .. }
        | What::GaveUp { label }
        | What::Released { label }
        | What::ProgramEnded { label }
        | What::Waited { label, .. }
        | What::Heard { label, .. }
        | What::Talked { label, .. }
        | What::TalkFailed { label, .. }
        | What::Signalling { label, .. }
        | What::Signalled { label, .. }
        | What::DroppingChild { label }
        | What::WentOn { label, .. }
        | What::LoopLeft { label }
        | What::Settled { label, .. }
        | What::Spent { label, .. }
        | What::Performed { label } => Some(*label),
        _ => None,
    }
}

/// The scenes of those kinds.
pub(super) fn acts<'h>(evidence: &Evidence<'h>, scenes: &[Scene]) -> Vec<Act<'h>> {
    let hangs = evidence.events.iter().any(|event| event.what == What::Stalled);
    let mut acts = BTreeMap::new();
    for event in evidence.events {
        if let What::Launching { label, scene, plan } = event.what {
            let act = Act { label, scene, plan, events: Vec::new(), broken_off: hangs };
            acts.insert(label, act);
        } else if let Some(act) = of(&event.what).and_then(|label| acts.get_mut(&label)) {
            act.broken_off &= !matches!(event.what, What::Performed { .. });
            act.events.push(&event.what);
        }
    }
    acts.into_values().filter(|act| scenes.contains(&act.scene)).collect()
}

/// Judges the scenes of those kinds in which a program was started.
pub(super) fn each(
    evidence: &Evidence<'_>,
    scenes: &[Scene],
    judge: impl Fn(&Act<'_>) -> Judgement,
) -> Judgement {
    acts(evidence, scenes).iter().filter(|act| act.is_started()).map(judge).sum()
}
