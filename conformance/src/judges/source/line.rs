//! For what is a source ready, and who has to do with it?

use std::vec::Vec;

use anyloop::rules::{Rule, source as rules};

use crate::history::{Side, What};
use crate::program::{Label, Wire};

/// The other side.
pub(super) const fn other(side: Side) -> Side {
    match side {
        Side::Read => Side::Write,
        Side::Write => Side::Read,
    }
}

/// One source, and what was done at the other end.
///
/// What another thread does happens between two events: between them it may have happened, and after the second
/// it certainly has.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub(super) number: i64,
    /// Whether its number was that of a source that was closed.
    pub(super) recycled: bool,
    feeding: usize,
    fed: usize,
    drained: usize,
    clogged: bool,
    hanging_up: bool,
    hung_up: bool,
    /// The reader, and the writer.
    pub(super) labels: [Option<Label>; 2],
    /// The tasks that wait for each side.
    pub(super) waiting: [Vec<Label>; 2],
    /// Whether both were ready when the run began, and neither was called yet.
    pub(super) both_ready: bool,
}

impl Line {
    pub(super) fn new(number: i64, recycled: bool) -> Self {
        Self { number, recycled, ..Self::default() }
    }

    pub(super) fn see(&mut self, this: Wire, what: &What) {
        match what {
            What::Feeding { wire } if *wire == this => self.feeding += 1,
            What::Fed { wire } if *wire == this => self.fed += 1,
            What::Drained { wire, amount } if *wire == this => self.drained += amount,
            What::Clogged { wire } if *wire == this => self.clogged = true,
            What::Unclogged { wire } if *wire == this => self.clogged = false,
            What::HangingUp { wire } if *wire == this => self.hanging_up = true,
            What::HungUp { wire } if *wire == this => self.hung_up = true,
            _ => return,
        }
        self.both_ready = false;
    }

    /// Whether that side may be ready.
    pub(super) const fn may_be_ready(&self, side: Side) -> bool {
        self.hanging_up
            || match side {
                Side::Read => self.feeding > self.drained,
                Side::Write => !self.clogged,
            }
    }

    /// Whether that side is certainly ready.
    pub(super) const fn is_ready(&self, side: Side) -> bool {
        self.hung_up || self.has_work(side)
    }

    /// The same, not only since the other side has gone.
    const fn has_work(&self, side: Side) -> bool {
        match side {
            Side::Read => self.fed > self.drained,
            Side::Write => !self.clogged,
        }
    }

    /// Whether reader and writer are both to be called.
    pub(super) const fn owes_both(&self) -> bool {
        let both = self.labels[0].is_some() && self.labels[1].is_some();
        both && self.is_ready(Side::Read) && self.is_ready(Side::Write)
    }

    pub(super) fn give_up(&mut self, label: Label) {
        self.waiting.iter_mut().for_each(|waiting| waiting.retain(|waits| *waits != label));
    }

    /// The rules by which it is to be called now; the last is the most special.
    pub(super) fn reasons(&self, life: &Life) -> Vec<&'static Rule> {
        [
            (&rules::READY, life.calls == 0),
            (&rules::LEVEL, life.calls > 0),
            (&rules::APART, life.disturbed),
            (&rules::RECYCLED, self.recycled),
            (&rules::PANIC, life.panicked),
            (&rules::END, self.hung_up && !self.has_work(life.side)),
        ]
        .into_iter()
        .filter(|(_, applies)| *applies)
        .map(|(rule, _)| rule)
        .collect()
    }
}

/// What became of a reader or writer.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) label: Label,
    pub(super) wire: Wire,
    pub(super) side: Side,
    pub(super) calls: u32,
    /// Whether its source may have been ready since it was called last.
    pub(super) was_ready: bool,
    /// Whether the other side was added, replaced or removed since.
    pub(super) disturbed: bool,
    pub(super) panicked: bool,
    pub(super) dropped: bool,
    pub(super) over: Option<Over>,
}

/// How it came to an end.
#[derive(Clone, Copy)]
pub(super) enum Over {
    Replaced(Label),
    Removed,
}

impl Life {
    pub(super) const fn new(label: Label, wire: Wire, side: Side) -> Self {
        Self {
            label,
            wire,
            side,
            calls: 0,
            was_ready: false,
            disturbed: false,
            panicked: false,
            dropped: false,
            over: None,
        }
    }
}
