//! What does the specimen offer beyond running callbacks?

use std::mem;
use std::time::Duration;

use anyloop::{Capabilities, EventLoop, ExceptionHandler, Instant, LoopState, Observe, RunError, Step};

use super::{Bug, Specimen};

impl Specimen {
    pub(super) fn offers(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::default();
        let hides = self.has(Bug::OffersLessInside) && self.state.get() == LoopState::Running;
        if !hides {
            capabilities.step = Some(self);
        }
        capabilities.observe = Some(self);
        self.offer_processes(&mut capabilities);
        self.offer_sources(&mut capabilities);
        self.offer_signals(&mut capabilities);
        capabilities
    }

    /// Lets time pass until the next timer is due, but no further than to `latest`.
    fn pass(&self, latest: Instant) {
        let next = self.timers.borrow().first_key_value().map_or(latest, |((when, _), _)| *when);
        self.now.set(self.now.get().max(next.min(latest)));
    }

    /// Runs what is ready, or waits for something to be.
    fn take_step(&self, latest: Option<Instant>) -> Result<bool, RunError> {
        loop {
            self.collect_remote();
            self.collect_timers();
            self.collect_sources();
            self.collect_signals();
            if mem::take(&mut self.shared.queue().stop) {
                self.stop();
            }
            // Those that were cancelled have left their places.
            self.ready.borrow_mut().retain(|(_, callback)| callback.is_some());
            if !self.ready.borrow().is_empty() {
                let turns = if self.has(Bug::StepsTwice) { 2 } else { 1 };
                (0..turns).for_each(|_| _ = self.run_batch());
                return Ok(!self.has(Bug::StepsSilently));
            }
            if self.stops.get() > 0 || latest.is_some_and(|latest| latest <= self.now.get()) {
                return Ok(false);
            }
            match latest {
                Some(_) if self.has(Bug::StepsAtOnce) => return Ok(false),
                Some(latest) if !self.has(Bug::StepsOn) => self.pass(latest),
                _ if self.wait() => {}
                _ => return Err(RunError::Stalled),
            }
        }
    }
}

impl Step for Specimen {
    fn step(&self, max_wait: Option<Duration>) -> Result<bool, RunError> {
        match self.state.get() {
            LoopState::Idle => {}
            LoopState::Closed if self.has(Bug::StepsWhenClosed) => return Ok(false),
            LoopState::Closed if !self.has(Bug::MistakesClosed) => return Err(RunError::Closed),
            _ => return Err(RunError::AlreadyRunning),
        }
        self.state.set(LoopState::Running);
        let taken = self.take_step(max_wait.map(|wait| self.now.get() + wait));
        self.state.set(LoopState::Idle);
        if !self.has(Bug::StepKeepsStop) {
            self.stops.set(0);
        }
        self.stay().and(taken)
    }

    fn next_deadline(&self) -> Option<Instant> {
        if !self.has(Bug::DeadlineForgetsRemote) {
            self.collect_remote();
        }
        if self.ready.borrow().iter().any(|(_, callback)| callback.is_some()) {
            return Some(self.now.get());
        }
        let next = self.timers.borrow().first_key_value().map(|((when, _), _)| *when);
        if !self.has(Bug::RemembersDeadline) {
            return next;
        }
        let known = self.chosen.get().flatten().filter(|when| *when > self.now.get());
        let sooner = next.filter(|next| known.is_none_or(|known| *next < known));
        self.chosen.set(Some(sooner.or(known)));
        sooner.or(known)
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
