//! What the steps about children do: the world starts and steers them, the policy's watcher watches.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::time::Duration;

use anyloop::rules::child as rules;
use anyloop::{ChildToken, ExitStatus, Loop, Pid, Watcher};

use super::Player;
use super::payload::Payload;
use crate::history::{How, What};
use crate::log::{Log, Token};
use crate::platform;
use crate::program::{Body, Kid, KidRef, Label, LoopName, Plan, Step, Units};
use crate::subject::Subject;
use crate::world::Children;

/// How long a run goes on for the sake of a callback that was removed and not dropped.
const LINGER: Duration = Duration::from_millis(50);

/// In so many turns a watcher has given back what it does not need any more.
pub(super) const TURNS: usize = 4;

/// How long it may take at most until a watcher has done what nobody tells us of.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of a child so far, as far as the program knows.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) pid: Pid,
    pub(super) ordered: bool,
    suspended: bool,
    /// The callback that is registered for it and was not told yet.
    pub(super) watched: Option<Label>,
    /// Whether it was registered, and removed.
    pub(super) removed: bool,
    /// Whether some watcher has told of it, or the kit has collected it.
    pub(super) settled: bool,
}

/// The children of a play.
pub(super) struct Kids {
    patience: Duration,
    kids: RefCell<BTreeMap<Kid, State>>,
    /// Callbacks that were removed, and that the watcher holds nevertheless.
    lingering: RefCell<Vec<Label>>,
    /// Descriptors that were open before the first child was started.
    pub(super) before: Cell<Option<usize>>,
    /// Whether a registration was accepted.
    pub(super) watched: Cell<bool>,
    /// Whether the watcher works by way of the loop that it is attached to, which has to run then.
    bound: bool,
    /// Whether it was attached, if it has to be.
    attached: Cell<bool>,
    /// Whether it tells of strangers.
    pub(super) adopting: Cell<bool>,
    /// In how many places the program is about to start and register children.
    pub(super) brackets: Cell<u32>,
    /// Whether no descriptor is to be had just now.
    pub(super) scarce: Cell<bool>,
    /// Whether the watcher was closed.
    closed: Cell<bool>,
    /// Whether it was attached to nothing last, if it has to be attached.
    detached: Cell<bool>,
    /// Whether the program has its own idea of what handles the signal.
    pub(super) handled: Cell<bool>,
}

impl Kids {
    /// No children, of a play on that subject.
    pub(super) fn new(subject: &dyn Subject) -> Self {
        Self {
            patience: PATIENCE.min(platform::given_patience().unwrap_or(subject.patience()) / 2),
            bound: subject.lacks().iter().any(|lack| lack.covers(&rules::ATTACHED)),
            attached: Cell::default(),
            adopting: Cell::default(),
            brackets: Cell::default(),
            handled: Cell::default(),
            scarce: Cell::default(),
            closed: Cell::default(),
            detached: Cell::default(),
            kids: RefCell::default(),
            lingering: RefCell::default(),
            before: Cell::default(),
            watched: Cell::default(),
        }
    }

    /// Whether no child was started yet, and no watcher asked for.
    pub(super) fn is_untouched(&self) -> bool {
        self.kids.borrow().is_empty() && !self.attached.get()
    }

    /// Whether the watcher needs nothing any more once all registrations are over: it is closed, or attached to
    /// nothing if it has to be.
    pub(super) fn has_let_go(&self) -> bool {
        self.closed.get() || self.detached.get()
    }

    /// Whether no registration is left.
    pub(super) fn all_over(&self, log: &Log) -> bool {
        let over = |state: &State| state.watched.is_none_or(|label| !log.is_registered(label));
        self.kids.borrow().values().all(over)
    }

    /// Whether any child was ordered to end.
    pub(super) fn any_ordered(&self) -> bool {
        self.kids.borrow().values().any(|state| state.ordered && !state.suspended)
    }

    /// Whether the watcher works by way of the loop that it is attached to.
    pub(super) const fn is_bound(&self) -> bool {
        self.bound
    }

    /// How long it may take until a watcher, or a thread of one, has done what it is about to do.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// Those of whose end nobody but a watcher that collects strangers can tell.
    pub(super) fn strangers(&self) -> Vec<Kid> {
        let is_one = |state: &State| state.ordered && state.watched.is_none() && !state.settled;
        self.all().into_iter().filter(|(_, state)| is_one(state)).map(|(kid, _)| kid).collect()
    }

    /// The number of a child that was started.
    pub(super) fn pid(&self, kid: Kid) -> Option<Pid> {
        self.get(kid).map(|state| state.pid)
    }

    /// Notes that nobody can tell of the end any more.
    pub(super) fn settle(&self, kid: Kid) {
        self.change(kid, |state| state.settled = true);
    }

    pub(super) fn get(&self, kid: Kid) -> Option<State> {
        self.kids.borrow().get(&kid).copied()
    }

    fn change(&self, kid: Kid, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.kids.borrow_mut().get_mut(&kid) {
            change(state);
        }
    }

    /// The pids of those that may be registered; none if nobody ever was.
    pub(super) fn pids(&self) -> Vec<Pid> {
        if self.watched.get() {
            self.kids.borrow().values().map(|state| state.pid).collect()
        } else {
            Vec::new()
        }
    }

    pub(super) fn all(&self) -> Vec<(Kid, State)> {
        self.kids.borrow().iter().map(|(kid, state)| (*kid, *state)).collect()
    }
}

impl Player {
    pub(super) fn child_step(&self, step: &Step) {
        let world = self.world.clone();
        let Some(children) = world.children() else {
            self.log.record(What::lacking("children"));
            return;
        };
        match step {
            Step::Child { kid, plan } => self.start_kid(children, *kid, *plan),
            Step::End { kid: KidRef(kid) } => self.order(children, *kid),
            Step::Ended { kid: KidRef(kid) } => self.end(children, *kid),
            Step::Sigstop { kid: KidRef(kid) } => self.suspend(children, *kid, true),
            Step::Sigcont { kid: KidRef(kid) } => self.suspend(children, *kid, false),
            Step::Watch { kid: KidRef(kid), label, body } => {
                if let Some(state) = self.kids.get(*kid) {
                    self.watch(children, state.pid, Some(*kid), *label, body);
                }
            }
            Step::Alien { label, body } => {
                if let Some(pid) = children.stranger() {
                    self.watch(children, pid, None, *label, body);
                }
            }
            Step::TakeOver { which, kid: KidRef(kid), label } => {
                self.take_over(children, *which, *kid, *label);
            }
            Step::Unwatch { kid: KidRef(kid) } => self.unwatch(*kid),
            Step::Steal { kid: KidRef(kid) } => self.steal(children, *kid),
            Step::CloseWatcher => {
                if let Some(watcher) = self.watcher() {
                    close_watcher(&self.log, &watcher);
                    self.kids.closed.set(true);
                }
            }
            Step::Attach { which } => self.attach(Some(*which)),
            Step::Unattach => self.attach(None),
            _ => {}
        }
    }

    /// Attaches the watcher to the loop that is judged, to another, or to none.
    fn attach(&self, which: Option<LoopName>) {
        // Where that fails, it may be tried.
        if self.kids.bound && which == Some(LoopName::B) && !self.kids.scarce.get() {
            return self.log.record(What::lacking("a watcher that may be attached anywhere"));
        }
        let Some(watcher) = self.watcher() else { return };
        self.attach_it(&watcher, which);
    }

    fn attach_it(&self, watcher: &Watcher, which: Option<LoopName>) {
        let attach = |lp: Option<&Loop>| {
            self.log.record(What::Attaching { which });
            let failed = watcher.attach_loop(lp).err().map(|error| format!("{error}"));
            if failed.is_none() {
                self.kids.detached.set(self.kids.bound && which.is_none());
            }
            self.log.record(What::AttachDone { failed });
        };
        match which {
            None => attach(None),
            Some(LoopName::A) => attach(Some(&self.lp)),
            Some(LoopName::B) => drop(self.with_other_loop(|lp| attach(Some(lp)))),
        }
    }

    pub(super) fn watcher(&self) -> Option<Watcher> {
        let watcher = self.booth.seat().policy().get_child_watcher().ok();
        match &watcher {
            None => self.log.record(What::lacking("child watchers")),
            // Before the first child, as a policy does that stores the loop.
            Some(watcher) if self.kids.bound => self.attach_once(watcher),
            Some(_) => {}
        }
        watcher
    }

    /// Attaches the watcher to the loop that is judged, unless that was done.
    pub(super) fn attach_once(&self, watcher: &Watcher) {
        if !self.kids.attached.replace(true) {
            self.attach_it(watcher, Some(LoopName::A));
        }
    }

    fn start_kid(&self, children: &dyn Children, kid: Kid, plan: Plan) {
        if self.kids.before.get().is_none() && self.inside.get() == 0 {
            self.warm_up();
            self.kids.before.set(self.world.descriptors(usize::MAX, Duration::ZERO));
        }
        let Some(pid) = children.start(plan) else {
            self.log.record(What::lacking("children"));
            return;
        };
        self.log.with(|state| state.pids.insert(kid, pid));
        self.log.record(What::ChildStarted { kid, plan });
        let state =
            State { pid, ordered: false, suspended: false, watched: None, removed: false, settled: false };
        self.kids.kids.borrow_mut().insert(kid, state);
    }

    fn order(&self, children: &dyn Children, kid: Kid) {
        let Some(state) = self.kids.get(kid).filter(|state| !state.ordered) else { return };
        self.kids.change(kid, |state| state.ordered = true);
        // From now on the end can be waited for.
        if let Some(label) = state.watched.filter(|_| !state.suspended) {
            self.log.hold_registered(label);
        }
        self.await_strangers();
        self.log.record(What::Ordered { kid });
        children.order(state.pid);
    }

    fn end(&self, children: &dyn Children, kid: Kid) {
        self.order(children, kid);
        if let Some(state) = self.kids.get(kid).filter(|state| !state.suspended)
            && children.await_end(state.pid)
        {
            self.log.record(What::KidEnded { kid });
        }
    }

    fn suspend(&self, children: &dyn Children, kid: Kid, stop: bool) {
        // After the order it would be a race with the end.
        let Some(state) = self.kids.get(kid).filter(|state| state.suspended != stop) else { return };
        if stop && state.ordered {
            return;
        }
        self.kids.change(kid, |state| state.suspended = stop);
        if stop {
            children.suspend(state.pid);
        } else {
            if let Some(label) = state.watched.filter(|_| state.ordered) {
                self.log.hold_registered(label);
            }
            children.resume(state.pid);
        }
        self.log.record(What::Suspended { kid, stopped: stop });
    }

    fn watch(&self, children: &dyn Children, pid: Pid, kid: Option<Kid>, label: Label, body: &Body) {
        let Some(watcher) = self.watcher() else { return };
        let payload = Payload::new(self, label, body).registered();
        self.log.record(What::Asking { label, how: How::Watch });
        self.log.record(What::Watching { label, kid, active: watcher.is_active() });
        let state = kid.and_then(|kid| self.kids.get(kid));
        if state.is_none_or(|state| state.ordered && !state.suspended) {
            self.hold(label);
        }
        if let Some(kid) = kid {
            self.log.release(Token::Stranger(kid));
        }
        // Noted before, since a watcher that is wrong calls back from inside of the registration.
        let before = kid.and_then(|kid| self.register(kid, Some(label)));
        let tell = move |told: Pid, status: ExitStatus| {
            payload.call_with(|player| player.told(label, kid, told == pid, status));
        };
        if register(&self.log, &watcher, &self.lp, children.token(pid), label, tell) {
            self.kids.watched.set(true);
        } else if let Some(kid) = kid {
            self.register(kid, before);
        }
    }

    /// Notes which callback is registered for a child, and gives the former one.
    pub(super) fn register(&self, kid: Kid, label: Option<Label>) -> Option<Label> {
        let mut before = None;
        self.kids.change(kid, |state| before = core::mem::replace(&mut state.watched, label));
        before
    }

    /// The watcher told of an end, in a callback of the loop.
    fn told(&self, label: Label, kid: Option<Kid>, right: bool, status: ExitStatus) {
        self.log.record(What::Told { label, kid, right, status });
        let Some(kid) = kid else { return };
        self.kids.change(kid, |state| state.watched = state.watched.filter(|watched| *watched != label));
        self.settle(kid);
    }

    /// Some watcher told of a child, and should have collected it.
    pub(super) fn settle(&self, kid: Kid) {
        self.kids.change(kid, |state| state.settled = true);
        if let (Some(state), Some(children)) = (self.kids.get(kid), self.world.children()) {
            self.log.record(What::Zombie { kid, zombie: children.is_zombie(state.pid) });
        }
    }

    fn unwatch(&self, kid: Kid) {
        let (Some(state), Some(watcher)) = (self.kids.get(kid), self.watcher()) else { return };
        // Dropping the callback releases it, wherever that happens.
        if let Some(label) = state.watched {
            self.log.hold_registered(label);
        }
        self.log.record(What::Unwatching { kid });
        let answer = watcher.remove_child_handler(state.pid);
        self.log.record(What::Unwatched { kid, answer });
        let Some(label) = state.watched else { return };
        if answer {
            self.register(kid, None);
            self.kids.change(kid, |state| state.removed = true);
            if self.log.holds(Token::Callback(label)) {
                self.kids.lingering.borrow_mut().push(label);
            }
        }
        if answer || !state.ordered || state.suspended {
            self.log.release(Token::Callback(label));
        }
    }

    /// Collects a child that has ended; the watcher may have been faster.
    fn steal(&self, children: &dyn Children, kid: Kid) {
        let ended = |state: &State| state.ordered && !state.suspended && !state.settled;
        let Some(state) = self.kids.get(kid).filter(ended) else { return };
        self.log.release(Token::Stranger(kid));
        self.collect(children, kid, state.pid);
    }

    pub(super) fn collect(&self, children: &dyn Children, kid: Kid, pid: Pid) {
        let status = children.collect(pid);
        self.kids.settle(kid);
        self.log.record_quietly(What::Collected { kid, status });
    }

    /// Lets every child end, so that the last runs can be told.
    pub(super) fn end_kids(&self) {
        let world = self.world.clone();
        let Some(children) = world.children() else { return };
        for (kid, _) in self.kids.all() {
            self.suspend(children, kid, false);
            self.order(children, kid);
        }
        // What was removed has until then to be called all the same. Watchers that dropped it need
        // not wait.
        for label in self.kids.lingering.take() {
            self.hold_for(LINGER, label);
        }
    }

    /// Has the loop and the watcher open what they need once and for all: that is not counted. The
    /// loop has to wait for something, or it would not find that it needs anything. On a busy
    /// system a moment may be over before the loop comes to wait, hence more than one.
    fn warm_up(&self) {
        drop(self.watcher());
        for _ in 0..3 {
            self.run_for(Duration::from_nanos(Units::NANOS));
        }
    }

    /// Runs the loop for so long, even if the program stops it.
    pub(super) fn run_for(&self, time: Duration) {
        let label = Label(0);
        self.hold_for(time, label);
        for _ in 0..Self::LAST_RUNS {
            if self.log.holds(Token::Callback(label)) && !self.given_up.get() {
                self.run();
            }
        }
    }

    /// Lets the run go on for so long, unless the callback comes to its end before.
    fn hold_for(&self, time: Duration, label: Label) {
        self.hold(label);
        let log = self.log.clone();
        let release = move || log.release(Token::Callback(label));
        if let Err(rejected) = self.lp.call_later(time, release) {
            rejected.item.call();
        }
    }
}

/// Registers a child, on whatever thread, and writes down what came of it: was it accepted?
pub(super) fn register(
    log: &Log,
    watcher: &Watcher,
    lp: &Loop,
    child: ChildToken,
    label: Label,
    tell: impl FnOnce(Pid, ExitStatus) + Send + 'static,
) -> bool {
    match watcher.watch_on(lp, child, tell) {
        Ok(displaced) => {
            if let Some(displaced) = displaced {
                log.record(What::Displaced { by: label });
                drop(displaced);
            }
            log.record(What::Accepted { label, handle: None });
            true
        }
        Err(rejected) => {
            log.record(What::WatchRefused { label, why: format!("{}", rejected.reason) });
            drop(rejected);
            false
        }
    }
}

/// Closes the watcher, on whatever thread.
pub(super) fn close_watcher(log: &Log, watcher: &Watcher) {
    log.record(What::WatcherClosing);
    watcher.close();
    log.record(What::WatcherClosed);
    log.record(What::Active { active: watcher.is_active() });
}

/// Removes a registration on another thread than the loop's.
pub(super) fn snatch(log: &Log, watcher: &Watcher, kid: Kid) {
    let Some(pid) = log.with(|state| state.pids.get(&kid).copied()) else { return };
    log.record(What::Snatching { kid });
    log.with(|state| state.snatched.insert(kid));
    let answer = watcher.remove_child_handler(pid);
    log.record(What::Snatched { kid, answer });
}
