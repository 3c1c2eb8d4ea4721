//! What handles the signal of a child's end, as the program wants it and at the end?

use core::time::Duration;

use super::Player;
use super::child_steps::TURNS;
use crate::history::What;
use crate::program::{Body, LoopName, SignalName, Step, Units};
use crate::world::Handling;

impl Player {
    pub(super) fn signal_step(&self, step: &Step) {
        let world = self.world.clone();
        let Some(signal) = world.end_signal() else {
            return self.log.record(What::lacking("a signal that tells of a child's end"));
        };
        if *step == Step::Jolt {
            // What a sick watcher leaves is put right at the end.
            self.kids.handled.set(true);
            let how = signal.handling();
            return match signal.jolt() {
                Some(jolt) => {
                    let (interrupted, errno) = (jolt.interrupted, jolt.errno);
                    self.log.record(What::Jolted { how, interrupted, errno });
                }
                None => self.log.record(What::lacking("a system call to be interrupted")),
            };
        }
        // Later, it would take the signal away from a watcher that listens, and the watcher could not know.
        if !self.kids.is_untouched() || self.log.with(|state| state.listening.contains(&SignalName::Chld)) {
            return self.log.record(What::lacking("another handler while somebody listens"));
        }
        self.kids.handled.set(true);
        let how = match step {
            Step::Block => {
                signal.block(true);
                return self.log.record(What::Blocking);
            }
            Step::Ignore => Handling::Ignored,
            _ => Handling::Counted,
        };
        signal.handle(how);
        self.log.record(What::Handling { how });
    }

    /// Takes steps about registrations while no descriptor is to be had.
    pub(super) fn scarcely(&self, body: &Body) {
        let world = self.world.clone();
        // What it needs itself it has by now.
        let watcher = self.watcher();
        self.with_other_loop(|_| ());
        let scarce = |on| {
            let active = watcher.as_ref().is_some_and(|watcher| watcher.is_active());
            self.log.record(What::Scarce { on, active });
        };
        scarce(true);
        let was_had = world.scarce(&mut || {
            self.kids.scarce.set(true);
            for step in &body.0 {
                if let Step::Watch { .. }
                | Step::Alien { .. }
                | Step::TakeOver { which: LoopName::A, .. }
                | Step::Attach { .. } = step
                {
                    self.step(step);
                }
            }
            self.kids.scarce.set(false);
        });
        scarce(false);
        if !was_had {
            self.log.record(What::lacking("a lack of descriptors"));
        }
    }

    /// Looks at what handles the signal when a watcher has no reason to any more, and the loop is open.
    pub(super) fn look_whether_it_let_go(&self) {
        let world = self.world.clone();
        let Some(signal) = world.end_signal().filter(|_| self.kids.handled.get()) else { return };
        if !self.kids.has_let_go()
            || !self.kids.all_over(&self.log)
            || self.lp.is_closed()
            || self.given_up.get()
        {
            return;
        }
        // What was registered there is over, too.
        self.close_other();
        for _ in 0..TURNS {
            if signal.handling() == Handling::Other {
                self.run_for(Duration::from_nanos(Units::NANOS));
            }
        }
        self.log.record_quietly(What::LetGo { how: signal.handling() });
    }

    /// Looks at what handles the signal when all is over, and leaves it as it was before the program.
    pub(super) fn account_for_the_signal(&self) {
        let world = self.world.clone();
        let Some(signal) = world.end_signal().filter(|_| self.kids.handled.get()) else { return };
        let how = signal.handling();
        let patience = if self.kids.any_ordered() { self.kids.patience() } else { Duration::ZERO };
        let calls = signal.calls(if how == Handling::Counted { patience } else { Duration::ZERO });
        self.log.record_quietly(What::Handled { how, calls });
        signal.handle(Handling::Default);
        signal.block(false);
    }
}
