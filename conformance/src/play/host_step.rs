//! What does a host do that drives the loop turn by turn?

use core::time::Duration;

use anyloop::RunError;

use super::Player;
use crate::history::{Ran, What};
use crate::platform;
use crate::program::{Step, Units};

impl Player {
    /// Takes a step of the loop, or attempts to from inside a callback.
    pub(super) fn turn(&self, wait: Duration) {
        let Some(step) = self.lp.capabilities().step else {
            return self.log.record(What::lacking(Step::Turn { wait: Units(0) }.word()));
        };
        let take = || match self.lp.step(Some(wait)) {
            Some(taken) => taken.map(|ran| (Ran::Returned, ran)),
            // It offered that a moment ago.
            None => Ok((Ran::Failed("there are no steps any more".into()), false)),
        };
        if self.inside.get() > 0 {
            return self.attempt(false, || (take().map(|(result, _)| result), 0));
        }
        if self.given_up.get() {
            return;
        }
        self.look();
        let next = step.next_deadline().map(|when| when.as_nanos().saturating_sub(self.epoch.as_nanos()));
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.log.record(What::Turning { wait, next });
        self.watch.again();
        let taken = platform::catch(take);
        self.leave_if_child(&taken);
        let (result, ran) = match taken {
            Ok(Ok(taken)) => taken,
            Ok(Err(error)) => (Ran::from(error), false),
            Err(panic) => (Ran::Panicked(panic), false),
        };
        if self.log.take_gave_up() || result == Ran::Error(RunError::Stalled) {
            self.given_up.set(true);
            self.log.record(What::Stalled);
        }
        self.inside.set(0);
        self.log.record(What::Turned { result, ran });
        self.look();
    }
}
