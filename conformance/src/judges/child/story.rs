//! A history, sorted by children and registrations for the judges of this family.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use anyloop::ExitStatus;

use super::disturbed::snatched;
use super::taken::taken;
use crate::history::What;
use crate::judges::Evidence;
use crate::program::{Kid, Label, Plan};
use crate::world::Handling;

/// What a history says about children. Positions are indices of events.
pub(in crate::judges) struct Story {
    pub(in crate::judges) kids: BTreeMap<Kid, Child>,
    /// In the order of the attempts.
    pub(in crate::judges) registrations: Vec<Registration>,
    pub(in crate::judges) removals: Vec<Removal>,
    /// Where the watcher began to be closed, and was.
    pub(in crate::judges) watcher_closed: Option<(usize, usize)>,
    /// Where the loop began to be closed.
    pub(in crate::judges) loop_closed: usize,
    /// Where the patience came to its end.
    pub(in crate::judges) stalled: Option<usize>,
    /// Where the last removal began.
    removing: usize,
    /// Whether the program is over, and the kit looks at what is left.
    accounting: bool,
    /// Whether the system collects the children: their signal is ignored.
    pub(super) ignored: bool,
    /// Children that another thread or loop meddled with: what became of them has no certain order, or
    /// no certain place, and a judge of its own.
    apart: BTreeSet<Kid>,
}

/// What became of a child.
pub(in crate::judges) struct Child {
    pub(in crate::judges) plan: Plan,
    pub(in crate::judges) ordered: Option<usize>,
    /// Where nothing kept it from ending any more: it was ordered to, and not stopped.
    pub(in crate::judges) free: Option<usize>,
    stopped: bool,
    /// Where it is certain that it had ended.
    pub(in crate::judges) ended: Option<usize>,
    pub(in crate::judges) stops: Vec<usize>,
    /// Where the kit tried to collect it, and what it got.
    pub(in crate::judges) collected: Option<(usize, Option<ExitStatus>)>,
    /// Whether the program did that, and got the status: then nobody else has it.
    pub(in crate::judges) stolen: bool,
}

/// What became of an attempt to register.
pub(in crate::judges) struct Registration {
    pub(in crate::judges) label: Label,
    pub(in crate::judges) kid: Option<Kid>,
    pub(in crate::judges) asked: usize,
    /// What the watcher had said of itself.
    pub(in crate::judges) active: bool,
    pub(in crate::judges) accepted: Option<usize>,
    pub(in crate::judges) refused: Option<usize>,
    /// Where a former callback was handed back.
    pub(in crate::judges) displaces: Option<usize>,
    /// Where this one was handed back.
    pub(in crate::judges) displaced: Option<usize>,
    /// Where it began to be removed.
    pub(in crate::judges) removed: Option<usize>,
    pub(in crate::judges) told: Vec<Telling>,
    pub(in crate::judges) started: Vec<usize>,
    pub(in crate::judges) dropped: Option<usize>,
}

/// One call of a callback.
pub(in crate::judges) struct Telling {
    pub(in crate::judges) at: usize,
    /// Whether the pid was the one that was registered.
    pub(in crate::judges) right: bool,
    pub(in crate::judges) status: ExitStatus,
}

/// One attempt to remove a registration.
pub(in crate::judges) struct Removal {
    pub(in crate::judges) kid: Kid,
    pub(in crate::judges) from: usize,
    pub(in crate::judges) answer: bool,
    /// The registration that it is about: the last one that is not known to be over.
    pub(in crate::judges) of: Option<Label>,
    /// Whether it was certainly there.
    pub(in crate::judges) certain: bool,
}

impl Child {
    /// How it ends.
    pub(in crate::judges) fn truth(&self) -> ExitStatus {
        match self.plan {
            Plan::Exit(code) => ExitStatus::Exited(code.into()),
            Plan::Signal(signal) => ExitStatus::Signaled { signal: signal.into(), core: false },
        }
    }

    /// Whether that is how it ends. Whether it leaves a core dump is the system's business.
    pub(in crate::judges) fn is_true(&self, status: ExitStatus) -> bool {
        let without_core = match status {
            ExitStatus::Signaled { signal, .. } => ExitStatus::Signaled { signal, core: false },
            other => other,
        };
        without_core == self.truth()
    }
}

impl Registration {
    /// Whether it was accepted, and at `at` there is no sign yet that it is over.
    pub(in crate::judges) fn is_live(&self, at: usize) -> bool {
        let before = |place: Option<usize>| place.is_some_and(|place| place < at);
        before(self.accepted)
            && !before(self.displaced)
            && !before(self.removed)
            && !before(self.told.first().map(|telling| telling.at))
    }

    /// Whether it was accepted, and neither replaced nor removed.
    pub(in crate::judges) fn stayed(&self) -> bool {
        self.accepted.is_some() && self.displaced.is_none() && self.removed.is_none()
    }
}

impl Story {
    pub(in crate::judges) fn new(evidence: &Evidence<'_>) -> Self {
        let mut story = Self {
            kids: BTreeMap::new(),
            registrations: Vec::new(),
            removals: Vec::new(),
            watcher_closed: None,
            loop_closed: evidence.closed.map_or(evidence.events.len(), |(from, _)| from),
            stalled: evidence.runs.iter().find(|run| run.stalled).map(|run| run.exit),
            removing: 0,
            accounting: false,
            ignored: false,
            apart: &snatched(evidence) | &taken(evidence),
        };
        for (at, event) in evidence.events.iter().enumerate() {
            story.accounting |= matches!(event.what, What::Poked { .. });
            story.ignored |= event.what == What::Handling { how: Handling::Ignored };
            story.note_kid(at, &event.what);
            story.note_registration(at, &event.what);
        }
        story
    }

    fn note_kid(&mut self, at: usize, what: &What) {
        if let What::ChildStarted { kid, plan } = what
            && !self.apart.contains(kid)
        {
            let child = Child {
                plan: *plan,
                ordered: None,
                free: None,
                stopped: false,
                ended: None,
                stops: Vec::new(),
                collected: None,
                // By the system, which tells nobody.
                stolen: self.ignored,
            };
            self.kids.insert(*kid, child);
        }
        let (What::Ordered { kid }
        | What::KidEnded { kid }
        | What::Suspended { kid, .. }
        | What::Collected { kid, .. }) = what
        else {
            return;
        };
        let Some(child) = self.kids.get_mut(kid) else { return };
        match what {
            What::Ordered { .. } => child.ordered = child.ordered.or(Some(at)),
            What::KidEnded { .. } => child.ended = child.ended.or(Some(at)),
            What::Suspended { stopped, .. } => {
                child.stopped = *stopped;
                if *stopped {
                    child.stops.push(at);
                }
            }
            What::Collected { .. } if self.ignored => {}
            What::Collected { status, .. } => {
                child.collected = child.collected.or(Some((at, *status)));
                child.stolen |= status.is_some() && !self.accounting;
            }
            _ => {}
        }
        if child.ordered.is_some() && !child.stopped {
            child.free = child.free.or(Some(at));
        }
    }

    fn note_registration(&mut self, at: usize, what: &What) {
        match what {
            What::Watching { kid: Some(kid), .. } if self.apart.contains(kid) => {}
            What::Watching { label, kid, active } => self.registrations.push(Registration {
                label: *label,
                kid: *kid,
                asked: at,
                active: *active,
                accepted: None,
                refused: None,
                displaces: None,
                displaced: None,
                removed: None,
                told: Vec::new(),
                started: Vec::new(),
                dropped: None,
            }),
            What::Displaced { by } => {
                let former = self.find(*by).and_then(|by| self.current(by.kid, at));
                if let Some(former) = former.map(|former| former.label) {
                    self.change(former, |former| former.displaced = Some(at));
                }
                self.change(*by, |by| by.displaces = Some(at));
            }
            What::Unwatching { .. } => self.removing = at,
            What::Unwatched { kid, .. } if self.apart.contains(kid) => {}
            What::Unwatched { kid, answer } => self.note_removal(*kid, *answer),
            What::Accepted { label, .. } => self.change(*label, |it| it.accepted = Some(at)),
            What::WatchRefused { label, .. } => self.change(*label, |it| it.refused = Some(at)),
            What::Started { label } => self.change(*label, |it| it.started.push(at)),
            What::Dropped { label } => self.change(*label, |it| it.dropped = Some(at)),
            What::Told { label, right, status, .. } => {
                let telling = Telling { at, right: *right, status: *status };
                self.change(*label, |it| it.told.push(telling));
            }
            What::WatcherClosing => self.watcher_closed = self.watcher_closed.or(Some((at, at))),
            What::WatcherClosed => {
                if let Some((from, to)) = &mut self.watcher_closed
                    && from == to
                {
                    *to = at;
                }
            }
            _ => {}
        }
    }

    fn note_removal(&mut self, kid: Kid, answer: bool) {
        let from = self.removing;
        let of = self.current(Some(kid), from).map(|it| it.label);
        let certain = of.is_some() && self.is_certain(Some(kid), from);
        if let Some(label) = of.filter(|_| answer) {
            self.change(label, |it| it.removed = Some(from));
        }
        self.removals.push(Removal { kid, from, answer, of, certain });
    }

    fn change(&mut self, label: Label, change: impl FnOnce(&mut Registration)) {
        if let Some(it) = self.registrations.iter_mut().find(|it| it.label == label) {
            change(it);
        }
    }

    fn find(&self, label: Label) -> Option<&Registration> {
        self.registrations.iter().find(|it| it.label == label)
    }

    /// The last registration of that child, or of the process that is none, that is not known to be over at `at`.
    pub(in crate::judges) fn current(&self, kid: Option<Kid>, at: usize) -> Option<&Registration> {
        self.registrations.iter().rev().find(|it| it.kid == kid && it.is_live(at))
    }

    /// Whether a registration of that child that is not known to be over at `at` certainly is not:
    /// the child cannot have ended, and the loop that should be told is open.
    pub(in crate::judges) fn is_certain(&self, kid: Option<Kid>, at: usize) -> bool {
        let unordered = |child: &Child| child.ordered.is_none_or(|ordered| ordered > at);
        kid.and_then(|kid| self.kids.get(&kid)).is_some_and(unordered) && at < self.loop_closed
    }

    /// The accepted registrations of that child.
    pub(in crate::judges) fn of(&self, kid: Kid) -> impl Iterator<Item = &Registration> {
        self.registrations.iter().filter(move |it| it.kid == Some(kid) && it.accepted.is_some())
    }

    /// Whether a callback should have been called and was not: it was dropped while the loop was
    /// open, or patience came to its end after the child had nothing left to do but end.
    pub(in crate::judges) fn is_missing(&self, it: &Registration) -> bool {
        let Some(accepted) = it.accepted.filter(|_| it.stayed() && it.started.is_empty()) else {
            return false;
        };
        let due = match it.kid {
            None => Some(accepted),
            Some(kid) => self.kids.get(&kid).and_then(|child| child.free).map(|free| free.max(accepted)),
        };
        let in_vain = self.stalled.is_some_and(|stalled| due.is_some_and(|due| due < stalled));
        in_vain || it.dropped.is_some_and(|dropped| dropped < self.loop_closed)
    }
}
