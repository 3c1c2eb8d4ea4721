//! What a callback does that the loop was given, and what it tells when it is dropped instead.

use super::loop_steps::Touch;
use super::{Player, player};
use crate::history::What;
use crate::log::{Log, Token};
use crate::platform;
use crate::program::{Body, Label, Step};

/// The capture of every callback: whatever becomes of it, the history knows.
pub(super) struct Payload {
    label: Label,
    body: Body,
    touchy: bool,
    log: Log,
    called: bool,
}

impl Payload {
    pub(super) fn new(player: &Player, label: Label, body: &Body) -> Self {
        Self::from_elsewhere(&player.log, label, body)
    }

    pub(super) fn from_elsewhere(log: &Log, label: Label, body: &Body) -> Self {
        Self { label, body: body.clone(), touchy: false, log: log.clone(), called: false }
    }

    /// It is going to call the loop if it is dropped.
    pub(super) fn touchy(mut self) -> Self {
        self.touchy = true;
        self
    }

    /// A watcher is going to hold it.
    pub(super) fn registered(self) -> Self {
        self.log.with(|state| state.registered.insert(self.label));
        self
    }

    /// Runs the body.
    pub(super) fn call(self) {
        self.call_with(|_| {});
    }

    /// Runs `first` and the body.
    pub(super) fn call_with(mut self, first: impl FnOnce(&Player)) {
        self.called = true;
        if platform::is_stray() {
            return;
        }
        self.log.record(What::Started { label: self.label });
        // On another context there is no player, and the breach is on record.
        let Some(player) = player().filter(|_| self.log.is_home()) else { return };
        let _inside = player.enter();
        player.look();
        first(&player);
        for step in &self.body.0 {
            if matches!(step, Step::Panic) {
                player.panic(self.label);
            } else {
                player.step(step);
            }
        }
    }

    /// Calls the loop, as the `Drop` of a user's value may.
    fn touch(&self) {
        let Some(player) = player() else { return };
        self.log.record_quietly(What::Touching { label: self.label });
        let mut touch = Touch::default();
        let panic = platform::catch(|| player.touch(self.label, &mut touch)).err();
        let Touch { accepted, cancelled, closed } = touch;
        self.log.record_quietly(What::Touched { label: self.label, panic, accepted, cancelled, closed });
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        if self.called {
            self.log.record_quietly(What::Ended { label: self.label });
        } else {
            self.log.record_quietly(What::Dropped { label: self.label });
            if self.touchy {
                self.touch();
            }
        }
        // Before the token: nobody takes one again for what is gone.
        self.log.with(|state| state.registered.remove(&self.label));
        self.log.release(Token::Callback(self.label));
    }
}
