//! How does another loop take a child over? By registering it again, on its own thread.
//!
//! Such a loop is run at the end of the program, by turns with the one that is judged: some watchers
//! notice ends while that one runs.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use anyloop::{ChildToken, ContextId, ExitStatus, Loop, Pid, Watcher};

use super::child_steps::register;
use super::policy_steps::Seat;
use super::{Player, player};
use crate::history::What;
use crate::log::Log;
use crate::platform;
use crate::program::{Kid, Label, LoopName, Units};
use crate::root::Root;
use crate::world::{Children, Thread};

/// So long a loop runs at most before the next has its turn.
const LONGEST: Duration = Duration::from_nanos(8 * Units::NANOS);

/// The loops that have taken a child over.
#[derive(Default)]
pub(super) struct Takers {
    labels: RefCell<Vec<Label>>,
    threads: RefCell<Vec<Box<dyn Thread>>>,
}

impl Takers {
    /// Whether none has.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.borrow().is_empty()
    }
}

impl Player {
    /// Takes the step `takeover`.
    pub(super) fn take_over(&self, children: &dyn Children, which: LoopName, kid: Kid, label: Label) {
        let (Some(state), Some(watcher)) = (self.kids.get(kid), self.watcher()) else { return };
        let claim = Claim {
            log: self.log.clone(),
            root: self.root,
            watcher,
            child: children.token(state.pid),
            kid,
            label,
            elsewhere: which == LoopName::B,
        };
        let accepted = match which {
            LoopName::A => self.with_other_loop(Loop::clone).is_some_and(|lp| claim.register(&lp)),
            LoopName::B => self.take_elsewhere(claim),
        };
        if accepted {
            self.kids.watched.set(true);
            self.register(kid, None);
            self.takers.labels.borrow_mut().push(label);
        }
    }

    /// As `take_over`, for the loop of another thread, which runs from now on.
    fn take_elsewhere(&self, claim: Claim) -> bool {
        let (log, label, seat) = (self.log.clone(), claim.label, self.booth.seat().clone());
        let Some(thread) = self.world.loop_thread(Box::new(move || claim.run(&seat))) else {
            self.log.record(What::lacking("threads with loops"));
            return false;
        };
        self.takers.threads.borrow_mut().push(thread);
        loop {
            if let Some(taker) = log.with(|state| state.takers.get(&label).cloned()) {
                return taker.is_some();
            }
            platform::burn_elsewhere(Units(1).duration());
        }
    }

    /// Runs all loops until whoever has taken a child over was told of its end, and closes those.
    pub(super) fn await_takers(&self) {
        let labels = self.takers.labels.take();
        let waits = |label: &Label| self.log.is_registered(*label);
        let (mut time, mut spent) = (Units(1).duration(), Duration::ZERO);
        while labels.iter().any(waits) && spent < self.kids.patience() && !self.given_up.get() {
            self.run_for(time);
            self.watch.again();
            self.with_other_loop(|lp| run_for(lp, self.root, time));
            // What comes from threads takes its time even if that of the loops is virtual.
            platform::burn_elsewhere(time);
            spent += time;
            time = LONGEST.min(time * 2);
        }
        if !self.given_up.get() {
            for label in labels.into_iter().filter(waits) {
                self.log.record(What::Untold { label });
            }
        }
        let remotes = self.log.with(|state| core::mem::take(&mut state.takers));
        remotes.into_values().flatten().for_each(|remote| remote.stop());
        self.takers.threads.take().into_iter().for_each(Thread::join);
    }
}

/// Runs a loop for so long.
pub(super) fn run_for(lp: &Loop, root: &dyn Root, time: Duration) {
    let stops = lp.clone();
    if lp.call_later(time, move || stops.stop()).is_ok() {
        let _ = platform::catch(|| root.run_forever(lp));
    }
}

/// What whoever takes a child over needs, on whatever thread.
struct Claim {
    log: Log,
    root: &'static dyn Root,
    watcher: Watcher,
    child: ChildToken,
    kid: Kid,
    label: Label,
    elsewhere: bool,
}

impl Claim {
    /// Registers the child for that loop, and says whether it was accepted.
    fn register(self, lp: &Loop) -> bool {
        let Self { log, root, watcher, child, kid, label, elsewhere } = self;
        let (pid, home) = (child.pid(), ContextId::current().ok());
        let held = Held::new(&log, label);
        log.record(What::TakingOver { label, kid, elsewhere });
        let tell = move |told: Pid, status: ExitStatus| {
            let there = home == ContextId::current().ok()
                && root.running().is_some_and(|running| elsewhere || is_other(&running));
            held.told(kid, told == pid, status, there);
        };
        register(&log, &watcher, lp, child, label, tell)
    }

    /// What the other thread does: it registers the child for a loop of its own, and runs that until
    /// it is stopped.
    fn run(self, seat: &Seat) {
        let (log, label, root) = (self.log.clone(), self.label, self.root);
        let taker = seat.policy().new_event_loop().ok();
        let taker = taker.filter(|lp| platform::catch(|| self.register(lp)).unwrap_or(false));
        log.with(|state| state.takers.insert(label, taker.as_ref().map(Loop::remote)));
        if let Some(lp) = taker {
            let _ = platform::catch(|| root.run_forever(&lp));
            let _ = lp.close();
        }
    }
}

/// Whether that is the other loop of this thread.
fn is_other(running: &Loop) -> bool {
    player().and_then(|player| player.with_other_loop(|lp| lp.is_same(running))).unwrap_or(false)
}

/// What a watcher holds of whoever has taken a child over.
struct Held {
    log: Log,
    label: Label,
    called: bool,
}

impl Held {
    fn new(log: &Log, label: Label) -> Self {
        log.with(|state| state.registered.insert(label));
        Self { log: log.clone(), label, called: false }
    }

    fn told(mut self, kid: Kid, right: bool, status: ExitStatus, there: bool) {
        self.called = true;
        if platform::is_stray() {
            return;
        }
        self.log.record(What::ToldThere { label: self.label, kid, right, status, there });
        if let Some(player) = player().filter(|_| self.log.is_home()) {
            player.settle(kid);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.called {
            self.log.record_quietly(What::Dropped { label: self.label });
        }
        self.log.with(|state| state.registered.remove(&self.label));
    }
}
