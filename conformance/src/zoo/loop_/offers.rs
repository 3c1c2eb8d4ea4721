//! What does the specimen offer beyond running callbacks?

use std::time::Duration;

use anyloop::{Capabilities, ExceptionHandler, Instant, LoopState, Observe, RunError, Step};

use super::{Bug, Specimen};

impl Specimen {
    pub(super) fn offers(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::default();
        let hides = self.has(Bug::OffersLessInside) && self.state.get() == LoopState::Running;
        if !hides {
            capabilities.step = Some(self);
        }
        capabilities.observe = Some(self);
        capabilities
    }

    /// Lets time pass until the next timer is due, but no further than to `latest`.
    fn pass(&self, latest: Instant) {
        let next = self.timers.borrow().first_key_value().map_or(latest, |((when, _), _)| *when);
        self.now.set(self.now.get().max(next.min(latest)));
    }
}

impl Step for Specimen {
    fn step(&self, max_wait: Option<Duration>) -> Result<bool, RunError> {
        match self.state.get() {
            LoopState::Idle => {}
            LoopState::Closed if self.has(Bug::StepsWhenClosed) => return Ok(false),
            LoopState::Closed => return Err(RunError::Closed),
            _ => return Err(RunError::AlreadyRunning),
        }
        self.collect_remote();
        self.collect_timers();
        if self.ready.borrow().is_empty() {
            match max_wait {
                Some(wait) => self.pass(self.now.get() + wait),
                None if !self.wait() => return Err(RunError::Stalled),
                None => {}
            }
            self.collect_remote();
            self.collect_timers();
        }
        let ran = !self.ready.borrow().is_empty();
        self.state.set(LoopState::Running);
        self.run_batch();
        self.state.set(LoopState::Idle);
        self.stops.set(0);
        Ok(ran)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.collect_remote();
        if !self.ready.borrow().is_empty() {
            return Some(self.now.get());
        }
        self.timers.borrow().first_key_value().map(|((when, _), _)| *when)
    }
}

impl Observe for Specimen {
    fn set_exception_handler(&self, handler: Option<ExceptionHandler>) -> Option<ExceptionHandler> {
        let closed = self.state.get() == LoopState::Closed;
        assert!(!(closed && self.has(Bug::HandlerPanicsWhenClosed)), "the loop is closed");
        if self.has(Bug::KeepsFirstHandler) && self.handler.borrow().is_some() {
            return handler;
        }
        self.handler.replace(handler)
    }
}
