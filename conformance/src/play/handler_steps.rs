//! What do the steps do that are about handlers of signals?

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::time::Duration;

use anyloop::Loop;

use super::{Player, player};
use crate::history::What;
use crate::log::{Log, Token};
use crate::program::{Body, Label, SignalName, Step, Units};
use crate::world::Raiser;

/// So long another loop runs at most before it is asked whether it has heard.
const LONGEST: Duration = Duration::from_nanos(64 * Units::NANOS);

/// What a play knows of signals.
#[derive(Default)]
pub(super) struct Heard {
    /// Whether the program was about signals at all.
    used: Cell<bool>,
    also: RefCell<Vec<Also>>,
}

impl Heard {
    /// Whether the program was about signals at all.
    pub(super) fn is_used(&self) -> bool {
        self.used.get()
    }
}

/// Another loop that listens.
struct Also {
    lp: Loop,
    signal: SignalName,
    calls: Rc<Cell<u32>>,
    /// How often the signal had been raised before.
    raised: u32,
}

/// Raises a signal, and has the run wait for a handler that is there to hear it.
pub(super) fn raise(log: &Log, raiser: &Raiser, signal: SignalName) {
    log.record(What::Raising { signal });
    log.with(|state| *state.raised.entry(signal).or_default() += 1);
    log.hold_heard(signal);
    raiser(signal);
    log.record(What::Raised { signal });
}

/// What a handler does: the first time, its body.
fn hear(log: &Log, label: Label, signal: SignalName, body: &Body, first: bool) {
    /// Says that it is over, perhaps by a panic.
    struct Over<'l>(&'l Log, Label);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.record_quietly(What::SignalCalled { label: self.1 });
        }
    }

    log.record(What::SignalCalling { label, signal });
    log.release(Token::Signal(signal));
    let _over = Over(log, label);
    let Some(player) = player().filter(|_| first && log.is_home()) else { return };
    let _inside = player.enter();
    for step in &body.0 {
        match step {
            Step::Panic => player.panic(label),
            step => player.step(step),
        }
    }
}

impl Player {
    pub(super) fn handler_step(&self, step: &Step) {
        let world = self.world.clone();
        let Some(signals) = world.signals().filter(|_| self.lp.capabilities().signals.is_some()) else {
            return self.log.record(What::lacking("handlers of signals"));
        };
        if !self.heard.used.replace(true) {
            signals.prepare();
        }
        match step {
            Step::OnSignal { signal, label, body } => {
                self.add_handler(*signal, signals.number(*signal), *label, body);
            }
            Step::UnSignal { signal } => self.remove_handler(*signal, signals.number(*signal)),
            Step::Raise { signal } if signal.is_good() => raise(&self.log, &signals.raiser(), *signal),
            Step::Also { signal } if signal.is_good() => self.hear_also(*signal, signals.number(*signal)),
            _ => {}
        }
    }

    /// What raises signals, for a thread that does.
    pub(super) fn raiser(&self) -> Option<Raiser> {
        let signals = self.world.signals().filter(|_| self.lp.capabilities().signals.is_some())?;
        if !self.heard.used.replace(true) {
            signals.prepare();
        }
        Some(signals.raiser())
    }

    fn add_handler(&self, signal: SignalName, number: i32, label: Label, body: &Body) {
        let (log, body, first) = (self.log.clone(), body.clone(), Cell::new(true));
        self.log.record(What::SignalAdding { label, signal });
        let called = move |_| hear(&log, label, signal, &body, first.replace(false));
        // On a closed loop it is the loop itself that has to refuse, as for whoever has held the capability before.
        let added = match self.lp.capabilities().signals.filter(|_| self.lp.is_closed()) {
            Some(signals) => signals.add_signal_handler(number, Rc::new(called)).map_err(Into::into),
            None => self.lp.add_signal_handler(number, called),
        };
        if added.is_ok() && signal.is_good() {
            // After the call: what a thread raises meanwhile may not be heard, and is not waited for.
            self.log.with(|state| state.listening.insert(signal));
        }
        self.log.record(What::SignalAdded { label, signal, accepted: added.is_ok() });
    }

    fn remove_handler(&self, signal: SignalName, number: i32) {
        self.log.record(What::SignalRemoving { signal });
        let answer = self.lp.remove_signal_handler(number);
        self.forget_handler(signal);
        self.log.record(What::SignalRemoved { signal, answer });
        self.look_at_disposition(signal);
    }

    fn forget_handler(&self, signal: SignalName) {
        self.log.with(|state| state.listening.remove(&signal));
        self.log.release(Token::Signal(signal));
    }

    fn look_at_disposition(&self, signal: SignalName) {
        if let Some(former) = self.world.signals().and_then(|signals| signals.is_former(signal)) {
            self.log.record_quietly(What::Disposition { signal, former });
        }
    }

    /// Has another loop of the policy listen, too.
    fn hear_also(&self, signal: SignalName, number: i32) {
        let Ok(lp) = self.booth.seat().policy().new_event_loop() else { return };
        let (calls, counts) = (Rc::new(Cell::new(0)), lp.clone());
        let counted = calls.clone();
        self.log.record(What::AlsoAdding { signal });
        let added = lp.add_signal_handler(number, move |_| {
            counted.set(counted.get() + 1);
            counts.stop();
        });
        // What a thread raised meanwhile may have come too early, and is not waited for.
        let raised = self.log.with(|state| state.raised.get(&signal).copied().unwrap_or_default());
        self.log.record(What::AlsoAdded { signal, accepted: added.is_ok() });
        match added {
            Ok(()) => self.heard.also.borrow_mut().push(Also { lp, signal, calls, raised }),
            Err(_) => drop(lp.close()),
        }
    }

    /// Runs the other loops that listen until they have heard what was raised, and closes them.
    pub(super) fn await_also(&self) {
        for also in self.heard.also.take() {
            let raised = self.log.with(|state| state.raised.get(&also.signal).copied().unwrap_or_default());
            let (mut time, mut spent) = (Units(1).duration(), Duration::ZERO);
            while raised > also.raised && also.calls.get() == 0 && spent < self.kids.patience() {
                self.watch.again();
                self.run_also(&also.lp, time);
                spent += time;
                time = LONGEST.min(time * 2);
            }
            // Once more, for what must not be heard.
            self.run_also(&also.lp, Units(1).duration());
            self.log.record_quietly(What::AlsoHeard { signal: also.signal, calls: also.calls.get() });
            let _ = also.lp.close();
        }
    }

    fn run_also(&self, lp: &Loop, time: Duration) {
        let it = lp.clone();
        if lp.call_later(time, move || it.stop()).is_ok() {
            let _ = self.root.run_forever(lp);
        }
    }

    /// Looks at what is left of the handlers when the loop was closed, and tries to set one.
    pub(super) fn account_for_handlers(&self) {
        let world = self.world.clone();
        let Some(signals) = world.signals().filter(|_| self.heard.used.get() && self.lp.is_closed()) else {
            return;
        };
        for signal in [SignalName::Usr1, SignalName::Usr2] {
            self.look_at_disposition(signal);
        }
        let signal = SignalName::Usr1;
        self.add_handler(signal, signals.number(signal), Label(0), &Body::default());
        self.remove_handler(signal, signals.number(signal));
    }
}
