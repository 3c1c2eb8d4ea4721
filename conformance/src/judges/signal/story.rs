//! What became of each handler, and what was raised meanwhile? As the loop should see it.

use std::collections::BTreeMap;
use std::vec::Vec;

use super::Evidence;
use crate::history::What;
use crate::program::{Label, SignalName};

/// All about signals in one history.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// The handlers that there were, one for each time that a signal had one.
    pub(super) handlers: Vec<Handler>,
    /// Calls of what is no handler any more.
    pub(super) strays: Vec<Call>,
    pub(super) raises: Vec<Raise>,
    pub(super) removals: Vec<Removal>,
    /// The other loops that listened.
    pub(super) others: Vec<Other>,
}

/// The handler of a signal, from the time when there was one until there was none.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) signal: SignalName,
    /// Where it was asked for.
    pub(super) asked: usize,
    /// Who was it, from which place on: each takes the place of the one before.
    pub(super) labels: Vec<(usize, Label)>,
    pub(super) calls: Vec<Call>,
    pub(super) end: Option<End>,
}

/// Where a signal's handler began to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Removed(usize),
    Closed(usize),
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) at: usize,
    pub(super) label: Label,
    /// Where it panicked.
    pub(super) panicked: Option<usize>,
}

/// A signal that was raised between these places, on that context.
#[derive(Debug)]
pub(super) struct Raise {
    pub(super) signal: SignalName,
    pub(super) context: u32,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A handler was to be removed.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) signal: SignalName,
    pub(super) answer: bool,
    pub(super) expected: bool,
}

/// Another loop that listened.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) signal: SignalName,
    pub(super) asked: usize,
    pub(super) accepted: usize,
    /// How often it heard, and where that was said.
    pub(super) calls: Option<u32>,
    pub(super) over: usize,
}

impl Handler {
    /// Who it was last.
    pub(super) fn label(&self) -> Label {
        self.labels.last().map_or(Label(0), |(_, label)| *label)
    }

    /// Whether it was there at that place, and is not about to go.
    pub(super) fn is_there_until(&self, at: usize) -> bool {
        self.end.is_none_or(|end| match end {
            End::Removed(gone) | End::Closed(gone) => at < gone,
        })
    }

    fn call(&mut self, label: Label) -> Option<&mut Call> {
        self.calls.last_mut().filter(|call| call.label == label)
    }
}

impl Story {
    pub(super) fn new(evidence: &Evidence<'_>) -> Self {
        let mut story = Self::default();
        let mut current = BTreeMap::<SignalName, usize>::new();
        let mut asked = 0;
        let mut raising = BTreeMap::<u32, Vec<usize>>::new();
        for (at, event) in evidence.events.iter().enumerate() {
            match event.what {
                What::SignalAdding { .. } | What::AlsoAdding { .. } => asked = at,
                What::SignalAdded { label, signal, accepted: true } => {
                    let number = *current.entry(signal).or_insert_with(|| {
                        let (labels, calls) = (Vec::new(), Vec::new());
                        story.handlers.push(Handler { signal, asked, labels, calls, end: None });
                        story.handlers.len() - 1
                    });
                    story.handlers[number].labels.push((at, label));
                }
                What::SignalRemoving { .. } => asked = at,
                What::SignalRemoved { signal, answer } => {
                    let number = current.remove(&signal);
                    story.removals.push(Removal { signal, answer, expected: number.is_some() });
                    if let Some(number) = number {
                        story.handlers[number].end = Some(End::Removed(asked));
                    }
                }
                What::Closed { result: Ok(()) } => {
                    let closing = evidence.closed.map_or(at, |(closing, _)| closing);
                    for number in core::mem::take(&mut current).into_values() {
                        story.handlers[number].end = Some(End::Closed(closing));
                    }
                }
                What::SignalCalling { label, signal } => {
                    let call = Call { at, label, panicked: None };
                    let handler = current.get(&signal).map(|number| &mut story.handlers[*number]);
                    match handler.filter(|handler| handler.label() == label) {
                        Some(handler) => handler.calls.push(call),
                        None => story.strays.push(call),
                    }
                }
                What::Panicking { label } => {
                    let called = story.handlers.iter_mut().find_map(|handler| handler.call(label));
                    if let Some(call) = called {
                        call.panicked = Some(at);
                    }
                }
                What::Raising { signal } => {
                    raising.entry(event.context).or_default().push(story.raises.len());
                    let (context, to) = (event.context, evidence.events.len());
                    story.raises.push(Raise { signal, context, from: at, to });
                }
                What::Raised { .. } => {
                    if let Some(number) = raising.get_mut(&event.context).and_then(Vec::pop) {
                        story.raises[number].to = at;
                    }
                }
                What::AlsoAdded { signal, accepted: true } => {
                    let over = evidence.events.len();
                    story.others.push(Other { signal, asked, accepted: at, calls: None, over });
                }
                What::AlsoHeard { signal, calls } => {
                    let first = |it: &&mut Other| it.signal == signal && it.calls.is_none();
                    if let Some(other) = story.others.iter_mut().find(first) {
                        (other.calls, other.over) = (Some(calls), at);
                    }
                }
                _ => {}
            }
        }
        story
    }

    /// What was raised while the handler was there, from the beginning to the end.
    pub(super) fn raises_for<'s>(&'s self, handler: &'s Handler) -> impl Iterator<Item = &'s Raise> + 's {
        let first = handler.labels.first().map_or(usize::MAX, |(at, _)| *at);
        self.raises.iter().filter(move |raise| {
            raise.signal == handler.signal && raise.from > first && handler.is_there_until(raise.to)
        })
    }

    /// Whether anybody may listen for that signal at that place.
    pub(super) fn is_listened_for(&self, signal: SignalName, at: usize) -> bool {
        let here =
            |handler: &Handler| handler.signal == signal && handler.asked < at && handler.is_there_until(at);
        let there = |other: &Other| other.signal == signal && other.asked < at && at < other.over;
        self.handlers.iter().any(here) || self.others.iter().any(there)
    }
}
