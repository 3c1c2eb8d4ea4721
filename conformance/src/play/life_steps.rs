//! What does a loop offer beyond running callbacks, and what does it leave behind when it goes?

use alloc::rc::Rc;
use core::cell::Cell;
use core::future;
use core::time::Duration;

use anyloop::{Capabilities, Handle, Instant, Loop, Remote, RunError};

use super::Player;
use crate::history::{Tried, What};
use crate::log::Log;
use crate::platform;
use crate::program::{Step, Units};

/// The handle of nothing that these loops have.
const NOTHING: u64 = u64::MAX;

impl Player {
    pub(super) fn life_step(&self, step: &Step) {
        match step {
            Step::Probe if self.lp.is_closed() => self.try_capabilities(&self.lp.capabilities()),
            Step::Probe => self.log.record(What::Offered { offers: offers(&self.lp.capabilities()) }),
            Step::Discard => self.leave(true),
            Step::Abandon => self.leave(false),
            _ => {}
        }
    }

    /// Asks a closed loop for what it offers, or has offered while it was open.
    fn try_capabilities(&self, capabilities: &Capabilities<'_>) {
        if let Some(step) = capabilities.step {
            let reason = Cell::new(None);
            self.attempt_for(Tried::Step, &reason, || {
                let taken = step.step(Some(Duration::ZERO));
                Some(taken.map_err(|error| reason.set(Some(error))).is_ok())
            });
            self.attempt_it(Tried::Deadline, || Some(step.next_deadline().is_some()));
        }
        if let Some(readiness) = capabilities.readiness {
            self.attempt_it(Tried::Source, || self.world.try_source(readiness));
            self.attempt_it(Tried::Removal, || Some(readiness.remove(Handle::from_bits(NOTHING)?)));
        }
        if let Some(processes) = capabilities.processes {
            self.attempt_it(Tried::Program, || self.world.try_program(processes));
        }
        if let Some(observe) = capabilities.observe {
            self.attempt_it(Tried::Handler, || {
                drop(observe.set_exception_handler(Some(Rc::new(|_| ()))));
                drop(observe.set_exception_handler(None));
                Some(false)
            });
        }
    }

    fn attempt_it(&self, what: Tried, attempt: impl FnOnce() -> Option<bool>) {
        self.attempt_for(what, &Cell::new(None), attempt);
    }

    /// As [`attempt_it`](Self::attempt_it), of something that says why it refuses.
    fn attempt_for(
        &self,
        what: Tried,
        reason: &Cell<Option<RunError>>,
        attempt: impl FnOnce() -> Option<bool>,
    ) {
        let (accepted, panic) = match platform::catch(attempt) {
            Ok(Some(accepted)) => (accepted, None),
            // The world has nothing to try it with.
            Ok(None) => return,
            Err(panic) => (false, Some(panic)),
        };
        self.log.record_quietly(What::Tried { what, accepted, reason: reason.take(), panic });
    }

    /// Lets another loop live for a moment, and go: closed, or only dropped.
    fn leave(&self, closed: bool) {
        let idle = self.inside.get() == 0;
        let before = self.world.descriptors(usize::MAX, Duration::ZERO).filter(|_| idle);
        let Ok(lp) = self.booth.seat().policy().new_event_loop() else { return };
        let remote = lp.remote();
        let waiting = Cell::new(0);
        let gone = platform::catch(|| {
            waiting.set(self.live(&lp, &remote, idle));
            if closed {
                let capabilities = lp.capabilities();
                let _ = lp.close();
                self.count_again(closed, before);
                self.try_capabilities(&capabilities);
            }
            drop(lp);
        });
        let [ran, dropped] = self.log.with(|state| state.leavings);
        let (waiting, panic) = (waiting.get(), gone.err());
        self.log.record_quietly(What::Gone { closed, waiting, dropped, ran, panic });
        let refuses = remote.call_soon(|| {}).is_err();
        self.log.record_quietly(What::RemoteLeft { closed: remote.is_closed(), refuses });
        if !closed {
            self.count_again(closed, before);
        }
    }

    /// Has the loop wait for something, so that it opens what it needs, and gives it work that it
    /// does not come to: says how much.
    fn live(&self, lp: &Loop, remote: &Remote, idle: bool) -> u32 {
        let task = Leaving::new(&self.log);
        let task = lp.spawn_local(async move {
            let _waits = task;
            future::pending::<()>().await;
        });
        if idle {
            let it = remote.clone();
            let stop = lp.call_later(Duration::from_nanos(Units::NANOS), move || it.stop());
            if stop.is_ok() {
                let _ = self.root.run_forever(lp);
            }
        }
        let [soon, at, post] = [(); 3].map(|()| Leaving::new(&self.log));
        let accepted = [
            task.is_ok(),
            lp.call_soon(move || soon.run()).is_ok(),
            lp.call_at(Instant::NEVER, move || at.run()).is_ok(),
            remote.call_soon(move || post.run()).is_ok(),
        ];
        // What was refused is not what waits.
        self.log.with(|state| state.leavings = [0, 0]);
        accepted.into_iter().map(u32::from).sum()
    }

    fn count_again(&self, closed: bool, before: Option<usize>) {
        let Some(before) = before else { return };
        if let Some(after) = self.world.descriptors(before, self.kids.patience()) {
            self.log.record_quietly(What::LoopDescriptors { closed, before, after });
        }
    }
}

/// One bit for each capability, in the order of [`OFFERS`](crate::history::OFFERS).
fn offers(capabilities: &Capabilities<'_>) -> u32 {
    let offered = [
        capabilities.readiness.is_some(),
        capabilities.completion.is_some(),
        capabilities.signals.is_some(),
        capabilities.processes.is_some(),
        capabilities.blocking.is_some(),
        capabilities.step.is_some(),
        capabilities.observe.is_some(),
        capabilities.ext.is_some(),
    ];
    (0..).zip(offered).map(|(bit, offered)| u32::from(offered) << bit).sum()
}

/// What waits on a loop that goes, and tells whether it ran or was dropped.
struct Leaving {
    log: Log,
    called: bool,
}

impl Leaving {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), called: false }
    }

    fn run(mut self) {
        self.called = true;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.log.with(|state| state.leavings[usize::from(!self.called)] += 1);
    }
}
