//! What does each method of the trait do, on a specimen?

use std::fs::File;
use std::mem;
use std::sync::atomic::Ordering;

use anyloop::{
    Callback, Capabilities, CloseError, EventLoop, Handle, Instant, LoopState, RejectReason, Rejected,
    Remote, RunError, TaskSet,
};

use super::{Bug, Half, Specimen};
use crate::program::Units;

impl EventLoop for Specimen {
    fn time(&self) -> Instant {
        self.cached.get().unwrap_or(self.now.get())
    }

    fn call_soon(&self, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        if let Some(reason) = self.refusal() {
            return Err(Rejected::new(reason, callback));
        }
        let is_full = self.has(Bug::FillsUp) && self.count.get() >= 8
            || self.has(Bug::HoldsFew) && self.ready.borrow().len() >= 8;
        if is_full {
            return Err(Rejected::new(RejectReason::Full, callback));
        }
        let mixes = !self.has(Bug::TwoQueues) && !self.has(Bug::HearsWhenIdle);
        if mixes && !self.is_inherited() {
            // What was posted before comes first.
            self.collect_remote();
        }
        let handle = self.handle();
        if self.has(Bug::RunsAtOnce)
            && self.state.get() == LoopState::Running
            && self.ready.borrow().is_empty()
        {
            callback.call();
        } else if self.has(Bug::LosesEveryThird) && self.count.get().is_multiple_of(3) {
            drop(callback);
        } else {
            self.push(handle, callback);
        }
        Ok(handle)
    }

    fn call_at(&self, when: Instant, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        if let Some(reason) = self.refusal() {
            return Err(Rejected::new(reason, callback));
        }
        if self.has(Bug::RefusesPast) && when < self.now.get() {
            return Err(Rejected::new(RejectReason::Full, callback));
        }
        let handle = self.handle();
        if self.has(Bug::SleepsForEver) && self.shared.in_task.load(Ordering::Relaxed) {
            return Ok(handle);
        }
        self.timers.borrow_mut().insert((when, handle), callback);
        Ok(handle)
    }

    fn cancel(&self, handle: Handle) -> bool {
        if self.has(Bug::CancelsTwice) && self.dropping.get() == Some(handle) {
            return true;
        }
        if self.has(Bug::CancelDropsBorrowed) {
            let mut ready = self.ready.borrow_mut();
            let found = ready.iter_mut().find(|(known, callback)| *known == handle && callback.is_some());
            if let Some((_, callback)) = found {
                *callback = None;
                return true;
            }
        }
        let timer = {
            let mut timers = self.timers.borrow_mut();
            let key = timers.keys().copied().find(|(_, known)| self.is_meant(*known, handle));
            key.and_then(|key| timers.remove(&key))
        };
        let taken = timer.or_else(|| {
            let mut ready = self.ready.borrow_mut();
            let stale = self.has(Bug::StaleNamesNext) && !ready.iter().any(|(known, _)| *known == handle);
            let at = ready.iter().position(|(known, callback)| {
                callback.is_some() && (stale || self.is_meant(*known, handle))
            })?;
            if self.has(Bug::CancelsInName) {
                return Some(Callback::new(|| {}));
            }
            // The entry stays, so that the turn under way counts right.
            ready[at].1.take()
        });
        let found = taken.is_some();
        if self.has(Bug::BuriesLater) {
            self.buried.borrow_mut().extend(taken);
        } else {
            self.dropping.set(Some(handle));
            drop(taken);
            self.dropping.set(None);
        }
        if !found && self.has(Bug::Aborts) {
            std::process::abort();
        }
        found || self.has(Bug::AlwaysCancelled)
    }

    fn run_forever(&self) -> Result<(), RunError> {
        if self.is_inherited() {
            return self.run_in_child();
        }
        if self.has(Bug::RunsOnlyOnce) && self.runs.get() > 0 {
            return Err(RunError::AlreadyRunning);
        }
        self.runs.set(self.runs.get() + 1);
        if self.has(Bug::ForgetsIdleStop) {
            self.stops.set(0);
        }
        if self.has(Bug::ClearsRemote) {
            let cleared = mem::take(&mut self.shared.queue().work);
            drop(cleared);
        }
        if self.has(Bug::ClockRestarts) {
            self.now.set(Instant::from_nanos(self.now.get().as_nanos() - Units::NANOS));
        }
        if self.has(Bug::KeepsDescriptor) {
            *self.kept.borrow_mut() = File::open("/dev/null").ok();
        }
        self.begin_to_listen();
        let before = self.state.replace(LoopState::Running);
        let result = self.turns().and_then(|()| self.stay());
        if !self.is_closed() {
            self.state.set(before);
        }
        result
    }

    fn stop(&self) {
        assert!(!(self.is_closed() && self.has(Bug::PanicsWhenClosed)), "the loop is closed");
        self.reach_parent(Bug::StopsParent);
        self.stops.set(self.stops.get() + 1);
    }

    fn state(&self) -> LoopState {
        match self.state.get() {
            LoopState::Running if self.has(Bug::NeverRunning) => LoopState::Idle,
            LoopState::Running if self.is_inherited() && !self.has(Bug::SaysRunningInChild) => {
                LoopState::Idle
            }
            LoopState::Closed if self.has(Bug::SaysOpen) => LoopState::Idle,
            state => state,
        }
    }

    fn close(&self) -> Result<(), CloseError> {
        match self.state.get() {
            LoopState::Running | LoopState::Idle if self.is_inherited() => return self.close_in_child(),
            LoopState::Running if self.has(Bug::WaitsForItself) => loop {
                std::thread::park();
            },
            LoopState::Running if !self.has(Bug::ClosesRunning) => return Err(CloseError::Running),
            LoopState::Closed => {
                if self.has(Bug::Reopens) {
                    self.state.set(LoopState::Idle);
                }
                if self.has(Bug::RefusesNestedClose) && self.closing.get() {
                    return Err(CloseError::Running);
                }
                return Ok(());
            }
            _ => {}
        }
        self.closing.set(true);
        if !self.has(Bug::ClosesLate) {
            self.state.set(LoopState::Closed);
        }
        if !self.has(Bug::KeepsTasks) {
            self.tasks.cancel_all();
        }
        let work = {
            let mut queue = self.shared.queue();
            queue.closed = true;
            mem::take(&mut queue.work)
        };
        drop(work);
        if self.has(Bug::CloseDropsBorrowed) {
            self.ready.borrow_mut().clear();
        }
        drop(self.ready.take());
        if !self.has(Bug::KeepsTimers) {
            drop(self.timers.take());
        }
        drop(self.buried.take());
        let handler = self.handler.take();
        drop(handler);
        self.drop_sources();
        self.close_ears();
        self.state.set(LoopState::Closed);
        self.closing.set(false);
        Ok(())
    }

    fn remote(&self) -> Remote {
        Remote::new(Half(self.shared.clone()))
    }

    fn tasks(&self) -> &TaskSet {
        &self.tasks
    }

    fn capabilities(&self) -> Capabilities<'_> {
        self.offers()
    }
}
