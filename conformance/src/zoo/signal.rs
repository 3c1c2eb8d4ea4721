//! What can be wrong with how a loop hears signals?

use anyloop::rules::signal;

use super::loop_::Bug;
use super::surroundings::of_loop;
use super::{Bug as Any, Disease};
use crate::history::{History, What};

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[
    of_loop(
        "listens when it runs",
        "forgets a signal that came while it was stopped",
        &signal::CALLED,
        Bug::LosesSignals,
    ),
    of_loop("hears twice", "calls a handler twice for one signal", &signal::COUNTED, Bug::HearsTwice),
    Disease {
        name: "calls inside of the raise",
        what: "calls a handler where the system does",
        rule: &signal::LATER,
        bug: Any::Told(calls_inside),
    },
    of_loop(
        "adds handlers",
        "calls the former handler, too, when another has taken its place",
        &signal::REPLACED,
        Bug::AddsHandlers,
    ),
    of_loop(
        "removed anything",
        "says that it has removed a handler, whether or not there was one",
        &signal::ANSWER,
        Bug::AlwaysRemoved,
    ),
    of_loop(
        "keeps removed handlers",
        "calls a handler that was removed",
        &signal::REMOVED,
        Bug::KeepsRemovedHandler,
    ),
    of_loop(
        "keeps the signal",
        "leaves its own function in the place of the former handler",
        &signal::RESTORED,
        Bug::KeepsSignal,
    ),
    of_loop(
        "accepts any signal",
        "accepts handlers for numbers that are no signals",
        &signal::REFUSED,
        Bug::AcceptsAnySignal,
    ),
    of_loop(
        "the last one hears",
        "believes that one loop of the process hears signals: the last that asked",
        &signal::BOTH,
        Bug::LastLoopHears,
    ),
    of_loop(
        "keeps signals when closed",
        "leaves its function in place when it is closed",
        &signal::CLOSED,
        Bug::KeepsSignalsWhenClosed,
    ),
    of_loop(
        "listens when closed",
        "accepts handlers when it is closed",
        &signal::CLOSED,
        Bug::ListensWhenClosed,
    ),
    of_loop(
        "keeps the signal of children",
        "keeps SIGCHLD for child watchers",
        &signal::BESIDE,
        Bug::KeepsChildSignal,
    ),
    of_loop(
        "forgets who panicked",
        "removes a handler that has panicked",
        &signal::STURDY,
        Bug::ForgetsPanicked,
    ),
];

/// The first call of a handler is told inside of the raise before it.
fn calls_inside(history: &mut History) {
    let events = &mut history.events;
    let called = events.iter().position(|event| matches!(event.what, What::SignalCalling { .. }));
    let is_raise = |what: &What| matches!(what, What::Raising { .. });
    let raised = |called: usize| {
        events[..called].iter().rposition(|event| event.context == 0 && is_raise(&event.what))
    };
    if let Some((called, raised)) = called.and_then(|called| Some((called, raised(called)?))) {
        let call = events.remove(called);
        events.insert(raised + 1, call);
    }
}
