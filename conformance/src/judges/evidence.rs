//! A history, sorted once for all judges: what became of each callback, and which runs there were.

use std::collections::BTreeMap;
use std::vec::Vec;

use crate::history::{Event, History, How, Ran, What};
use crate::program::Label;

/// A history and what can be looked up in it. Positions are indices of events.
#[derive(Debug)]
pub struct Evidence<'h> {
    /// The events.
    pub events: &'h [Event],
    /// What became of each callback.
    pub lives: BTreeMap<Label, Life>,
    /// The runs of the loop, nested attempts not among them.
    pub runs: Vec<Run>,
    /// The steps of the loop that a host took, nested attempts not among them.
    pub turns: Vec<Turn>,
    /// Where `stop` was called, and on which context.
    pub stops: Vec<(usize, u32)>,
    /// Where the loop began to be closed, and was, the first time that it was not refused.
    pub closed: Option<(usize, usize)>,
    /// How the history breaks off, if it does.
    pub cut: Option<&'h What>,
}

/// What became of one callback.
#[derive(Clone, Debug)]
pub struct Life {
    /// Its label.
    pub label: Label,
    /// How it was asked for.
    pub how: How,
    /// The context on which it was asked for.
    pub by: u32,
    /// Where it was asked for.
    pub asked: usize,
    /// Where it was accepted, and the handle that was given.
    pub accepted: Option<usize>,
    /// The handle that was given.
    pub handle: Option<u64>,
    /// Where it came back.
    pub refused: Option<usize>,
    /// Where it started, each time.
    pub started: Vec<usize>,
    /// Where it ended.
    pub ended: Option<usize>,
    /// Where it was dropped uncalled.
    pub dropped: Option<usize>,
    /// The attempts to cancel it.
    pub cancels: Vec<Cancel>,
}

/// One attempt to cancel.
#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    /// Where it began.
    pub from: usize,
    /// Where the loop had answered.
    pub to: usize,
    /// What it answered.
    pub answer: bool,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Where it was entered.
    pub enter: usize,
    /// Where it was over; the end of the history if it never was.
    pub exit: usize,
    /// The future that it was for.
    pub until: Option<Label>,
    /// How it ended, if it did.
    pub result: Option<Ran>,
    /// Whether the kit's patience, or the loop's own, came to its end.
    pub stalled: bool,
}

/// One step that a host took.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Where it was begun.
    pub from: usize,
    /// Where it was over; the end of the history if it never was.
    pub to: usize,
    /// How long it was allowed to wait, in nanoseconds.
    pub wait: u64,
    /// What the loop had said about its next deadline.
    pub next: Option<u64>,
    /// Whether it said that a callback ran, if it was taken.
    pub ran: Option<bool>,
    /// Whether the kit's patience came to its end.
    pub stalled: bool,
}

impl Turn {
    /// Whether the event at `place` is inside of it.
    #[must_use]
    pub const fn contains(&self, place: usize) -> bool {
        self.from < place && place < self.to
    }
}

impl Life {
    /// Where it started first.
    #[must_use]
    pub fn start(&self) -> Option<usize> {
        self.started.first().copied()
    }

    /// Where it was cancelled successfully.
    #[must_use]
    pub fn cancelled(&self) -> Option<usize> {
        self.cancels.iter().find(|cancel| cancel.answer).map(|cancel| cancel.from)
    }

    /// Whether it was accepted before `at` and then neither started nor cancelled nor dropped.
    #[must_use]
    pub fn waits_at(&self, at: usize) -> bool {
        let before = |place: Option<usize>| place.is_some_and(|place| place < at);
        before(self.accepted) && !before(self.start()) && !before(self.cancelled()) && !before(self.dropped)
    }

    /// Whether it was asked for with `call_soon`.
    #[must_use]
    pub const fn is_soon(&self) -> bool {
        matches!(self.how, How::Soon)
    }

    /// Its deadline, if it is a timer that becomes due.
    #[must_use]
    pub const fn deadline(&self) -> Option<u64> {
        match self.how {
            How::At(deadline) => Some(deadline),
            _ => None,
        }
    }
}

impl Run {
    /// Whether the event at `place` is inside of it.
    #[must_use]
    pub const fn contains(&self, place: usize) -> bool {
        self.enter < place && place < self.exit
    }

    /// Whether the loop really ran, and was not refused.
    #[must_use]
    pub fn took_place(&self) -> bool {
        match &self.result {
            Some(Ran::Error(error)) => {
                matches!(error, anyloop::RunError::Stopped | anyloop::RunError::Stalled) || self.stalled
            }
            _ => true,
        }
    }
}

impl<'h> Evidence<'h> {
    /// Sorts a history.
    #[must_use]
    pub fn new(history: &'h History) -> Self {
        let mut evidence = Self {
            events: &history.events,
            lives: BTreeMap::new(),
            runs: Vec::new(),
            stops: Vec::new(),
            turns: Vec::new(),
            closed: None,
            cut: history.events.last().map(|last| &last.what).filter(|_| history.is_cut()),
        };
        let mut closing = 0;
        for (at, event) in history.events.iter().enumerate() {
            match &event.what {
                What::Asking { label, how } => {
                    let life = Life {
                        label: *label,
                        how: *how,
                        by: event.context,
                        asked: at,
                        accepted: None,
                        handle: None,
                        refused: None,
                        started: Vec::new(),
                        ended: None,
                        dropped: None,
                        cancels: Vec::new(),
                    };
                    evidence.lives.insert(*label, life);
                }
                What::Enter { until } => evidence.runs.push(Run {
                    enter: at,
                    exit: history.events.len(),
                    until: *until,
                    result: None,
                    stalled: false,
                }),
                What::Stalled => match evidence.turns.last_mut() {
                    Some(turn) if turn.ran.is_none() && turn.to == history.events.len() => {
                        turn.stalled = true
                    }
                    _ => {
                        if let Some(run) = evidence.runs.last_mut() {
                            run.stalled = true;
                        }
                    }
                },
                What::Turning { wait, next } => evidence.turns.push(Turn {
                    from: at,
                    to: history.events.len(),
                    wait: *wait,
                    next: *next,
                    ran: None,
                    stalled: false,
                }),
                What::Turned { result, ran } => {
                    if let Some(turn) = evidence.turns.last_mut() {
                        turn.to = at;
                        turn.ran = (*result == Ran::Returned).then_some(*ran);
                    }
                }
                What::Exit { result } => {
                    if let Some(run) = evidence.runs.last_mut() {
                        run.exit = at;
                        run.result = Some(result.clone());
                    }
                }
                What::Stop => evidence.stops.push((at, event.context)),
                What::Closing => closing = at,
                What::Closed { result: Ok(()) } if evidence.closed.is_none() => {
                    evidence.closed = Some((closing, at));
                }
                other => evidence.live(at, other),
            }
        }
        evidence
    }

    /// Notes what became of a callback.
    fn live(&mut self, at: usize, what: &What) {
        let (What::Accepted { label, .. }
        | What::Refused { label, .. }
        | What::WatchRefused { label, .. }
        | What::Started { label }
        | What::Ended { label }
        | What::Dropped { label }
        | What::Cancelling { label }
        | What::Cancelled { label, .. }) = what
        else {
            return;
        };
        let Some(life) = self.lives.get_mut(label) else { return };
        match what {
            What::Accepted { handle, .. } => {
                life.accepted = Some(at);
                life.handle = *handle;
            }
            What::Refused { .. } | What::WatchRefused { .. } => life.refused = Some(at),
            What::Started { .. } => life.started.push(at),
            What::Ended { .. } => life.ended = Some(at),
            What::Dropped { .. } => life.dropped = life.dropped.or(Some(at)),
            What::Cancelling { .. } => life.cancels.push(Cancel { from: at, to: at, answer: false }),
            What::Cancelled { answer, .. } => {
                if let Some(cancel) = life.cancels.last_mut() {
                    cancel.to = at;
                    cancel.answer = *answer;
                }
            }
            _ => {}
        }
    }

    /// The run that the event at `place` is inside of.
    #[must_use]
    pub fn run_at(&self, place: usize) -> Option<&Run> {
        self.runs.iter().find(|run| run.contains(place))
    }

    /// Whether the loop was running at `place`, by itself or driven by a host.
    #[must_use]
    pub fn is_running_at(&self, place: usize) -> bool {
        self.run_at(place).is_some() || self.turns.iter().any(|turn| turn.contains(place))
    }

    /// Where the run, or the step, before `run` was over; the start of the play if it was the first. A
    /// run that was refused does not count: it uses up no stop.
    #[must_use]
    pub fn since(&self, run: &Run) -> usize {
        let runs = self.runs.iter().filter(|other| other.took_place()).map(|other| other.exit);
        let turns = self.turns.iter().filter(|turn| turn.ran.is_some()).map(|turn| turn.to);
        runs.chain(turns).filter(|exit| *exit < run.enter).max().unwrap_or(0)
    }

    /// The events between two places, both excluded.
    pub fn between(&self, from: usize, to: usize) -> impl Iterator<Item = (usize, &'h Event)> {
        let to = to.min(self.events.len());
        let from = (from + 1).min(to);
        self.events[from..to].iter().enumerate().map(move |(offset, event)| (from + offset, event))
    }

    /// Where the last run was over.
    #[must_use]
    pub fn last_exit(&self) -> Option<usize> {
        self.runs.last().map(|run| run.exit)
    }

    /// The time of the event at `place`, or of the last one before it that has one.
    #[must_use]
    pub fn time_at(&self, place: usize) -> u64 {
        let place = (place + 1).min(self.events.len());
        self.events[..place].iter().rev().find_map(|event| event.at).unwrap_or(0)
    }

    /// The callbacks in the order in which they were asked for.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Life> {
        let mut lives: Vec<&Life> = self.lives.values().collect();
        lives.sort_by_key(|life| life.asked);
        lives
    }
}
