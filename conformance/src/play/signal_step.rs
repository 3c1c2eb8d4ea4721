//! What handles the signal of a child's end, as the program wants it and at the end?

use core::time::Duration;

use super::Player;
use crate::history::What;
use crate::program::{SignalName, Step};
use crate::world::Handling;

impl Player {
    pub(super) fn signal_step(&self, step: &Step) {
        let world = self.world.clone();
        let Some(signal) = world.end_signal() else {
            return self.log.record(What::lacking("a signal that tells of a child's end"));
        };
        // Later, it would take the signal away from a watcher that listens, and the watcher could not know.
        if !self.kids.is_untouched() || self.log.with(|state| state.listening.contains(&SignalName::Chld)) {
            return self.log.record(What::lacking("another handler while somebody listens"));
        }
        let how = if matches!(step, Step::Ignore) { Handling::Ignored } else { Handling::Counted };
        signal.handle(how);
        self.kids.handled.set(true);
        self.log.record(What::Handling { how });
    }

    /// Looks at what handles the signal when all is over, and leaves it as it was before the program.
    pub(super) fn account_for_the_signal(&self) {
        let world = self.world.clone();
        let Some(signal) = world.end_signal().filter(|_| self.kids.handled.get()) else { return };
        let how = signal.handling();
        let patience = if self.kids.any_ordered() { self.kids.patience() } else { Duration::ZERO };
        let calls = signal.calls(if how == Handling::Ignored { Duration::ZERO } else { patience });
        self.log.record_quietly(What::Handled { how, calls });
        signal.handle(Handling::Default);
    }
}
