//! What do the steps do that are about children nobody has registered?

use anyloop::{StrangerHandler, Watcher};

use super::Player;
use crate::history::What;
use crate::log::Token;
use crate::program::KidRef;

impl Player {
    /// The watcher, if it collects strangers.
    fn reaping(&self) -> Option<Watcher> {
        let watcher = self.watcher()?;
        if watcher.reaper().is_none() {
            self.log.record(What::lacking("a watcher that collects strangers"));
            return None;
        }
        Some(watcher)
    }

    /// Has the watcher tell of strangers.
    pub(super) fn adopt(&self) {
        let Some(watcher) = self.reaping() else { return };
        let Some(reaper) = watcher.reaper() else { return };
        self.attach_once(&watcher);
        let log = self.log.clone();
        let handler = StrangerHandler::new(move |pid, status| {
            let known =
                log.with(|state| state.pids.iter().find(|(_, known)| **known == pid).map(|(kid, _)| *kid));
            log.record(What::Handed { kid: known, status });
            if let Some(kid) = known {
                log.with(|state| state.handed.insert(kid));
                log.release(Token::Stranger(kid));
            }
        });
        let former = reaper.set_stranger_handler(Some(handler));
        drop(former);
        self.kids.adopting.set(true);
        self.log.record(What::Adopting);
    }

    /// From now on the run is not over before the watcher has told of the strangers, if it is going to.
    pub(super) fn await_strangers(&self) {
        if !self.kids.adopting.get() || self.kids.brackets.get() > 0 {
            return;
        }
        for kid in self.kids.strangers() {
            if !self.log.with(|state| state.handed.contains(&kid)) {
                self.log.hold(Token::Stranger(kid));
            }
        }
    }

    /// Asks for the end of a child.
    pub(super) fn claim(&self, KidRef(kid): KidRef) {
        let Some(pid) = self.kids.pid(kid) else { return };
        let watcher = self.reaping();
        let Some(reaper) = watcher.as_ref().and_then(Watcher::reaper) else { return };
        let status = reaper.take_status(pid);
        if status.is_some() {
            self.kids.settle(kid);
            self.log.release(Token::Stranger(kid));
        }
        self.log.record(What::Claimed { kid, status });
    }

    /// Takes steps while children are about to be started and registered.
    pub(super) fn bracketed(&self, steps: impl FnOnce()) {
        let watcher = self.reaping();
        let Some(reaper) = watcher.as_ref().and_then(Watcher::reaper) else { return steps() };
        let guard = reaper.begin_spawn();
        self.kids.brackets.set(self.kids.brackets.get() + 1);
        self.log.record(What::Bracket { on: true });
        // Until the end of it nobody need be told.
        self.kids.strangers().into_iter().for_each(|kid| self.log.release(Token::Stranger(kid)));
        steps();
        self.log.record(What::Bracket { on: false });
        self.kids.brackets.set(self.kids.brackets.get() - 1);
        self.await_strangers();
        drop(guard);
    }
}
