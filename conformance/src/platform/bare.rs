//! How a play is recorded where there is no standard library: in its context, and on trust.

use alloc::rc::Rc;
use alloc::string::String;
use core::any::Any;
use core::cell::RefCell;
use core::time::Duration;

use anyloop::PerContext;

use crate::history::Event;
use crate::log::{Log, State};
use crate::program::{Label, Program};

static STATE: PerContext<RefCell<State>> = PerContext::new();

/// The state that a play shares: here, everything that needs it is on one context.
#[derive(Clone)]
pub(crate) struct Shared(());

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        // Without a context nothing can be played, and the policy says so.
        let _ = STATE.replace(Some(Rc::new(RefCell::new(state))));
        Self(())
    }

    pub(crate) fn with<R>(&self, section: impl FnOnce(&mut State) -> R) -> R {
        match STATE.get() {
            Ok(Some(state)) => section(&mut state.borrow_mut()),
            // Nowhere to write it down: in an interrupt, or after the play.
            _ => section(&mut State::default()),
        }
    }
}

/// Never said: nothing forks here.
pub(crate) fn be_fork() {}

/// Never.
pub(crate) fn is_fork() -> bool {
    false
}

/// Never.
pub(crate) fn is_stray() -> bool {
    false
}

/// None.
pub(crate) fn strays() -> u32 {
    0
}

/// Calls `section`; a panic passes through.
pub(crate) fn catch<R>(section: impl FnOnce() -> R) -> Result<R, String> {
    Ok(section())
}

/// Whether `raise` does anything.
pub(crate) const PANICS: bool = false;

/// Never called, since nobody could catch it.
pub(crate) fn raise(_: Label) {}

/// Whose planned panic that is.
pub(crate) fn raised(_: &(dyn Any + Send)) -> Option<Label> {
    None
}

/// Keeps another context busy: there is none.
pub(crate) fn burn_elsewhere(_: Duration) {}

/// There is no other clock than the loop's.
pub(crate) fn elapsed() -> Duration {
    Duration::ZERO
}

/// Nobody asks for less patience than the subject wants.
pub(crate) fn given_patience() -> Option<Duration> {
    None
}

/// Events are told after the play.
pub(crate) fn happened(_: &Event) {}

/// Nobody watches.
pub(crate) struct Watch;

impl Watch {
    pub(crate) fn new(_: &Program, _: &Log, _: Duration) -> Self {
        Self
    }

    pub(crate) fn again(&self) {}
}
