//! What the steps about policies do, on the context of the loop and elsewhere.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::RefCell;

use anyloop::{Base, Loop, LoopState, OsError, Policy, PolicyError, PolicyLayer, Watcher};

use crate::history::{Given, What};
use crate::idle::{self, Idle, Loops};
use crate::log::Log;
use crate::program::{Body, LoopName, PolicyName, Step};
use crate::root::Root;
use crate::subject::Subject;

/// What a factory fails with that the program lets fail: too many open files.
const FAILURE: i32 = 24;

/// The two policies, and two watchers to set. Every context of a play has the same.
#[derive(Clone)]
pub(super) struct Seat {
    log: Log,
    root: &'static dyn Root,
    policies: [Policy; 2],
    watchers: [Watcher; 2],
}

impl Seat {
    pub(super) fn new(log: &Log, subject: &dyn Subject, root: &'static dyn Root) -> Self {
        let p = Policy::layered(subject.policy(), Telling(log.clone()));
        let q = Policy::layered(subject.policy(), Silent);
        log.policy(&p);
        log.policy(&q);
        let watchers = [0, 1].map(|number| Watcher::new(Idle::new(log.clone(), number)));
        Self { log: log.clone(), root, policies: [p, q], watchers }
    }

    /// The policy `p`, of which everything is made.
    pub(super) fn policy(&self) -> &Policy {
        &self.policies[0]
    }

    /// Takes steps on a context that has no loop of the play.
    pub(super) fn play(self, body: &Body) {
        self.log.record(What::ElsewhereSaw { running: self.root.running().is_some() });
        let booth = Booth::new(self, None);
        body.0.iter().for_each(|step| booth.outer_step(step));
    }
}

/// The outermost layer of `p`: it tells when the factory and the setter are used.
struct Telling(Log);

impl PolicyLayer for Telling {
    fn set_event_loop(&self, base: Base<'_>, lp: Option<Loop>) -> Result<(), PolicyError> {
        self.0.record(What::Setter);
        base.set_event_loop(lp)
    }

    fn new_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
        self.0.record(What::Factory);
        if self.0.with(|state| state.failing > 0) {
            return Err(PolicyError::Os(OsError::from_raw(FAILURE)));
        }
        base.new_event_loop()
    }
}

/// The outermost layer of `q`.
struct Silent;

impl PolicyLayer for Silent {}

/// What one context has: its loops, the watchers that it met, and its guards.
pub(super) struct Booth {
    seat: Seat,
    /// The loops that were met here, with their numbers.
    loops: Rc<Loops>,
    /// `a` and `b`.
    named: RefCell<[Option<u32>; 2]>,
    watchers: RefCell<Vec<Watcher>>,
    guards: RefCell<Vec<(u32, Box<dyn Any>)>>,
}

impl Booth {
    /// `own` is the loop that is judged, if this is its context.
    pub(super) fn new(seat: Seat, own: Option<Loop>) -> Self {
        let watchers = RefCell::new(seat.watchers.to_vec());
        let loops: Rc<Loops> = Rc::new(RefCell::new(own.into_iter().map(|lp| (0, lp)).collect()));
        idle::know(Some(loops.clone()));
        Self { seat, loops, named: RefCell::default(), watchers, guards: RefCell::default() }
    }

    pub(super) const fn seat(&self) -> &Seat {
        &self.seat
    }

    fn record(&self, what: What) {
        self.seat.log.record(what);
    }

    /// The number of a loop, and whether it was met before.
    fn number(&self, lp: &Loop) -> (u32, bool) {
        idle::number(&self.loops, &self.seat.log, lp)
    }

    /// Whether a loop was met here.
    pub(super) fn knows(&self, lp: &Loop) -> bool {
        self.loops.borrow().iter().any(|(_, known)| known.is_same(lp))
    }

    fn given(&self, answer: Result<Loop, PolicyError>) -> Given {
        match answer {
            Ok(lp) => Given::Loop(self.number(&lp).0),
            Err(PolicyError::NoCurrentLoop { .. }) => Given::NoLoop,
            Err(PolicyError::Unsupported(_)) => Given::Unsupported,
            Err(error) => Given::Failed(format!("{error}")),
        }
    }

    /// Steps that can stand elsewhere, where no player takes them.
    fn outer_step(&self, step: &Step) {
        match step {
            Step::Guard { which, body } => {
                self.guarded(*which, || body.0.iter().for_each(|step| self.outer_step(step)));
            }
            Step::Failing { body } => {
                self.failing(|| body.0.iter().for_each(|step| self.outer_step(step)));
            }
            _ => self.step(step),
        }
    }

    pub(super) fn step(&self, step: &Step) {
        let p = self.seat.policy();
        match step {
            Step::Store { which } => self.store(Some(*which)),
            Step::Clear => self.store(None),
            Step::Ask => {
                self.record(What::AskingLoop { ambient: false });
                let given = self.given(p.get_event_loop());
                self.record(What::GaveLoop { ambient: false, given });
            }
            Step::Ambient => {
                self.record(What::AskingLoop { ambient: true });
                let given = self.given(self.seat.root.get_event_loop());
                self.record(What::GaveLoop { ambient: true, given });
            }
            Step::New { which } => drop(self.make(*which)),
            Step::Set { which } => self.set(Some(*which)),
            Step::Reset => self.set(None),
            Step::Lookup => {
                let policy = self.seat.root.get().ok().map(|policy| self.seat.log.policy(&policy));
                self.record(What::Found { policy });
            }
            Step::Keep => {
                let number = self.seat.log.with(|state| {
                    state.kept += 1;
                    state.kept
                });
                let former = self.seat.root.keep(Some(number));
                self.record(What::Kept { number, former });
            }
            Step::Unguard => self.unguard(0),
            Step::Watcher => {
                let given = self.watcher_given(p.get_child_watcher());
                self.record(What::WatcherGave { given });
            }
            Step::SetWatcher { which } => self.set_watcher(Some(*which)),
            Step::UnsetWatcher => self.set_watcher(None),
            Step::Refuse => self.seat.log.with(|state| state.refusing = true),
            // Everything else needs the loop, which is not here.
            _ => {}
        }
    }

    /// Makes the loop `which` with the factory of `p`.
    fn make(&self, which: LoopName) -> Option<(u32, Loop)> {
        let made = self.seat.policy().new_event_loop();
        let (state, seen, named) = match &made {
            Ok(lp) => {
                let (number, seen) = self.number(lp);
                (Some(state(lp)), seen.then_some(number), Some((number, lp.clone())))
            }
            Err(_) => (None, None, None),
        };
        let given = self.given(made);
        self.record(What::Made { given, state, seen });
        // Handles of loops on other threads are to be told apart, too.
        if let Some(Ok(handle)) = named.as_ref().map(|(_, lp)| lp.call_soon(|| {})) {
            self.record(What::OtherAccepted { handle: handle.to_bits() });
        }
        if let Some((number, _)) = &named {
            self.named.borrow_mut()[which as usize] = Some(*number);
        }
        named
    }

    /// The loop `which`, made if it is not there.
    fn named(&self, which: LoopName) -> Option<(u32, Loop)> {
        let number = self.named.borrow()[which as usize];
        let known =
            number.and_then(|number| self.loops.borrow().iter().find(|(other, _)| *other == number).cloned());
        known.or_else(|| self.make(which))
    }

    fn store(&self, which: Option<LoopName>) {
        let lp = which.and_then(|which| self.named(which));
        if which.is_some() && lp.is_none() {
            return;
        }
        let (number, lp) = lp.unzip();
        self.record(What::Storing { which: number });
        let stored = self.seat.policy().set_event_loop(lp);
        self.record(What::Stored { which: number, failed: failed(stored) });
        for (number, lp) in self.loops.borrow().iter() {
            self.record(What::StoreSaw { which: *number, state: state(lp) });
        }
    }

    fn set(&self, which: Option<PolicyName>) {
        let policy = which.map(|which| self.seat.policies[which as usize].clone());
        let number = policy.as_ref().map(|policy| self.seat.log.policy(policy));
        let former = self.seat.root.set(policy);
        // Kept until the end, so that no later policy can be mistaken for it.
        let former = former.as_ref().map(|former| self.seat.log.policy(former));
        self.record(What::PolicySet { policy: number, former });
        for (number, lp) in self.loops.borrow().iter() {
            self.record(What::LoopSaw { which: *number, state: state(lp) });
        }
    }

    /// Does `section` while the factory of `p` fails.
    pub(super) fn failing(&self, section: impl FnOnce()) {
        self.seat.log.with(|state| state.failing += 1);
        self.record(What::Failing { on: true });
        section();
        self.seat.log.with(|state| state.failing -= 1);
        self.record(What::Failing { on: false });
    }

    /// Does `section` while a guard holds the policy `which` in force.
    pub(super) fn guarded(&self, which: PolicyName, section: impl FnOnce()) {
        let id = self.seat.log.with(|state| {
            state.guards += 1;
            state.guards
        });
        let policy = self.seat.policies[which as usize].clone();
        let number = self.seat.log.policy(&policy);
        let guard = self.seat.root.guard(policy);
        self.record(What::GuardOn { guard: id, policy: number });
        self.guards.borrow_mut().push((id, guard));
        section();
        let at = self.guards.borrow().iter().position(|(other, _)| *other == id);
        if let Some(at) = at {
            self.unguard(at);
        }
    }

    fn unguard(&self, at: usize) {
        let mut guards = self.guards.borrow_mut();
        if at < guards.len() {
            let (id, guard) = guards.remove(at);
            drop(guard);
            self.record(What::GuardOff { guard: id });
        }
    }

    fn watcher_number(&self, watcher: &Watcher) -> u32 {
        let mut known = self.watchers.borrow_mut();
        let at = known.iter().position(|other| other.is_same(watcher)).unwrap_or_else(|| {
            known.push(watcher.clone());
            known.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn watcher_given(&self, answer: Result<Watcher, PolicyError>) -> Given {
        match answer {
            Ok(watcher) => Given::Loop(self.watcher_number(&watcher)),
            Err(PolicyError::Unsupported(_)) => Given::Unsupported,
            Err(error) => Given::Failed(format!("{error}")),
        }
    }

    fn set_watcher(&self, which: Option<LoopName>) {
        let watcher = which.map(|which| self.seat.watchers[which as usize].clone());
        let number = watcher.as_ref().map(|watcher| self.watcher_number(watcher));
        self.record(What::WatcherSetting { watcher: number });
        let set = self.seat.policy().set_child_watcher(watcher);
        self.record(What::WatcherSet { watcher: number, failed: failed(set) });
        for watcher in self.watchers.borrow().clone() {
            let number = self.watcher_number_of_known(&watcher);
            self.record(What::WatcherSaw { watcher: number, active: watcher.is_active() });
        }
    }

    fn watcher_number_of_known(&self, watcher: &Watcher) -> u32 {
        let known = self.watchers.borrow();
        let at = known.iter().position(|other| other.is_same(watcher));
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }
}

impl Drop for Booth {
    fn drop(&mut self) {
        idle::know(None);
        for (number, lp) in self.loops.take() {
            // The loop that is judged is closed by the program; the others were only lent.
            if number != 0 {
                let _ = crate::platform::catch(|| lp.close());
            }
        }
    }
}

fn state(lp: &Loop) -> LoopState {
    match (lp.is_running(), lp.is_closed()) {
        (true, _) => LoopState::Running,
        (_, true) => LoopState::Closed,
        (false, false) => LoopState::Idle,
    }
}

fn failed(result: Result<(), PolicyError>) -> Option<String> {
    result.err().map(|error| format!("{error}"))
}
