//! What is an engine driven with, if nothing may happen by itself?

use std::cell::Cell;

use anyloop::{Instant, RunError};
use anyloop_turn::{Backend, Park, Sink, Wake};

/// A backend whose time is set by hand, and that has no events.
#[derive(Default)]
pub struct Clock(Cell<u64>);

impl Clock {
    /// Nanoseconds since the epoch.
    pub fn nanos(&self) -> u64 {
        self.0.get()
    }

    /// Sets the time: later than it was.
    pub fn set(&self, nanos: u64) {
        assert!(nanos >= self.0.replace(nanos), "time goes forwards");
    }
}

/// Wakes nobody: whoever calls the remote half is the one that would be woken.
pub struct Deaf;

impl Wake for Deaf {
    fn wake(&self) {}
}

impl Backend for Clock {
    type Waker = Deaf;

    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.get())
    }

    fn waker(&self) -> Deaf {
        Deaf
    }

    fn park(&self, park: Park, _: &mut Sink<'_>) -> Result<(), RunError> {
        if park == Park::Poll { Ok(()) } else { Err(RunError::Stalled) }
    }
}
