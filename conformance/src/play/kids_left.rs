//! What is left of the children when a program is over?

use core::time::Duration;

use super::Player;
use super::child_steps::TURNS;
use crate::history::What;
use crate::program::Units;

impl Player {
    /// Counts descriptors, when every child has been told of and the loop is still open.
    pub(super) fn count_descriptors(&self) {
        let world = self.world.clone();
        let told = self.kids.watched.get() && self.kids.all_over(&self.log);
        let Some(before) = self.kids.before.get().filter(|_| told) else { return };
        // Handlers of signals and sources take descriptors of their own.
        let others = self.heard.is_used() || !self.sources.borrow().is_empty();
        if self.given_up.get() || self.lp.is_closed() || others {
            return;
        }
        // It may have been made after the first count.
        self.close_other();
        // What was removed from a callback may be given back in the turns that follow, of which a run may have
        // one only.
        for _ in 0..TURNS {
            if world.descriptors(before, Duration::ZERO) > Some(before) {
                self.run_for(Duration::from_nanos(Units::NANOS));
            }
        }
        if let Some(after) = world.descriptors(before, self.kids.patience()) {
            self.log.record_quietly(What::Descriptors { before, after });
        }
    }

    /// The same, while children live on whose registrations were removed. A handle that came with one may be
    /// needed for as long.
    pub(super) fn count_descriptors_of_the_removed(&self) {
        let world = self.world.clone();
        let Some(children) = world.children() else { return };
        let kids = self.kids.all();
        let mut left = kids.iter().filter(|(_, state)| state.removed && !state.ordered).peekable();
        if left.peek().is_some()
            && left.all(|(_, state)| children.token(state.pid).raw().is_none())
            && self.takers.is_empty()
        {
            self.count_descriptors();
        }
    }

    /// Looks at what became of every child.
    pub(super) fn account_for_kids(&self) {
        let world = self.world.clone();
        let Some(children) = world.children() else { return };
        let snatched = self.log.with(|log| core::mem::take(&mut log.snatched));
        for (kid, state) in self.kids.all() {
            if snatched.contains(&kid) {
                // By another thread: what it said and did is judged, and the rest is unknown.
            } else if state.watched.is_some() && !state.settled && !self.given_up.get() {
                // The loop was closed first. The watcher has to collect it all the same.
                let collected = children.await_collected(state.pid, self.kids.patience());
                self.log.record_quietly(What::CollectedByWatcher { kid, collected });
            } else if !state.settled {
                self.collect(children, kid, state.pid);
            }
            children.forget(state.pid);
        }
    }
}
