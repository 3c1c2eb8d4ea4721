//! What does a loop hear of the signals that a test raises?

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anyloop::{Callback, Handle, OsError, SignalHandlers, Signals};

use crate::Simulation;

/// "Bad descriptor", by the same number on Unix and Windows: what a closed loop answers.
const BAD_DESCRIPTOR: OsError = OsError::from_raw(9);

/// "Invalid argument", by the same number on both as well.
const INVALID: OsError = OsError::from_raw(22);

/// Linux's numbers of those that nobody can listen for: SIGKILL, SIGSTOP, and the faults SIGILL, SIGBUS, SIGFPE and
/// SIGSEGV.
const DEAF: [i32; 6] = [9, 19, 4, 7, 8, 11];

/// A signal's bit in a mask; none if it is no signal.
const fn bit(signal: i32) -> u64 {
    match signal {
        1..=64 => 1 << (signal - 1),
        _ => 0,
    }
}

/// Which loops listen for what, and what came for each.
#[derive(Default)]
pub(crate) struct Ears(BTreeMap<u64, Ear>);

#[derive(Default)]
struct Ear {
    wanted: u64,
    came: u64,
}

impl Ears {
    /// Says what a loop listens for.
    fn want(&mut self, number: u64, signal: i32, wanted: bool) {
        let ear = self.0.entry(number).or_default();
        if wanted {
            ear.wanted |= bit(signal);
        } else {
            ear.wanted &= !bit(signal);
            ear.came &= ear.wanted;
        }
    }

    /// The loops that listen for that signal.
    pub(crate) fn listening(&self, signal: i32) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().filter(move |(_, ear)| ear.wanted & bit(signal) != 0).map(|(number, _)| *number)
    }

    /// Notes that the signal came, for those who listen.
    pub(crate) fn raise(&mut self, signal: i32) {
        for ear in self.0.values_mut() {
            ear.came |= ear.wanted & bit(signal);
        }
    }

    fn take(&mut self, number: u64) -> u64 {
        self.0.get_mut(&number).map_or(0, |ear| std::mem::take(&mut ear.came))
    }

    /// Forgets a loop, which is closed.
    pub(crate) fn forget(&mut self, number: u64) {
        self.0.remove(&number);
    }
}

/// Whom one loop calls for which signal.
pub(crate) struct Hearing {
    simulation: Simulation,
    number: u64,
    handlers: SignalHandlers,
    closed: Cell<bool>,
}

impl Hearing {
    pub(crate) fn new(simulation: &Simulation, number: u64) -> Self {
        let (simulation, handlers) = (simulation.clone(), SignalHandlers::new());
        Self { simulation, number, handlers, closed: Cell::new(false) }
    }

    /// The callbacks to run for what came since this was asked last.
    pub(crate) fn heard(&self) -> impl Iterator<Item = Callback> + '_ {
        let came = self.simulation.with_ears(|ears| ears.take(self.number));
        (1..=64).filter(move |signal| came & bit(*signal) != 0).flat_map(|signal| self.handlers.heard(signal))
    }

    /// Listens no more.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.handlers.clear();
    }

    fn want(&self, signal: i32) -> Result<(), OsError> {
        if self.closed.get() {
            return Err(BAD_DESCRIPTOR);
        }
        if bit(signal) == 0 || DEAF.contains(&signal) {
            return Err(INVALID);
        }
        self.simulation.with_ears(|ears| ears.want(self.number, signal, true));
        Ok(())
    }

    fn tidy(&self, signal: i32) {
        if !self.handlers.wants(signal) {
            self.simulation.with_ears(|ears| ears.want(self.number, signal, false));
        }
    }
}

impl Signals for Hearing {
    fn add_signal_handler(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<(), OsError> {
        self.want(signal)?;
        self.handlers.add_signal_handler(signal, callback);
        Ok(())
    }

    fn remove_signal_handler(&self, signal: i32) -> bool {
        let removed = self.handlers.remove_signal_handler(signal);
        if removed {
            self.tidy(signal);
        }
        removed
    }

    fn listen(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<Handle, OsError> {
        self.want(signal)?;
        Ok(self.handlers.listen(signal, callback))
    }

    fn unlisten(&self, handle: Handle) -> bool {
        let signal = self.handlers.unlisten(handle);
        if let Some(signal) = signal {
            self.tidy(signal);
        }
        signal.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use anyloop::{RunError, SignalHandlerError};

    use super::*;
    use crate::SimEventLoop;

    const SIGHUP: i32 = 1;
    const SIGTERM: i32 = 15;

    #[test]
    fn whoever_listens_is_told_in_a_turn_of_its_loop() {
        let simulation = Simulation::new();
        let loops = [SimEventLoop::with(&simulation), SimEventLoop::with(&simulation)];
        let heard = Rc::new(RefCell::new(Vec::new()));
        for (which, lp) in loops.iter().enumerate() {
            let hears = heard.clone();
            lp.add_signal_handler(SIGHUP, move |signal| hears.borrow_mut().push((which, signal))).unwrap();
        }
        assert!(simulation.raise(SIGHUP) && !simulation.raise(SIGTERM));
        assert!(simulation.raise(SIGHUP), "the second is the same to them");
        assert!(heard.borrow().is_empty());
        loops.iter().for_each(|lp| lp.run_until_idle().unwrap());
        assert_eq!(*heard.borrow(), [(0, SIGHUP), (1, SIGHUP)]);
        assert!(simulation.raise(SIGHUP) && loops[0].remove_signal_handler(SIGHUP));
        loops[1].close().unwrap();
        assert!(!simulation.listens(SIGHUP));
        loops[0].run_until_idle().unwrap();
        assert_eq!(heard.borrow().len(), 2);
    }

    #[test]
    fn a_signal_ends_a_wait_and_no_time_passes() {
        let lp = SimEventLoop::new();
        let mut signals = lp.signal(SIGTERM).unwrap();
        let (simulation, outside) = (lp.simulation().clone(), lp.simulation().outside());
        let thread = std::thread::spawn(move || {
            let _outside = outside;
            simulation.raise(SIGTERM)
        });
        assert_eq!(lp.run_until_complete(signals.recv()), Ok(Some(SIGTERM)));
        assert!(thread.join().unwrap());
        assert_eq!(lp.time().as_nanos(), 0);
        // A handler alone keeps no run alive: nothing can happen any more.
        assert_eq!(lp.run_forever(), Err(RunError::Stalled));
    }

    #[test]
    fn a_loop_that_is_busy_hears_it_while_time_passes() {
        let lp = SimEventLoop::new();
        let (simulation, it) = (lp.simulation().clone(), lp.clone());
        lp.call_later(Duration::from_secs(5), move || _ = simulation.raise(SIGTERM)).unwrap();
        lp.add_signal_handler(SIGTERM, move |_| it.stop()).unwrap();
        lp.run_forever().unwrap();
        assert_eq!(lp.time().as_nanos(), 5_000_000_000);
    }

    #[test]
    fn what_cannot_be_listened_for_is_refused() {
        let lp = SimEventLoop::new();
        for signal in [0, -1, 65, 9, 19, 11] {
            assert_eq!(lp.add_signal_handler(signal, |_| ()), Err(SignalHandlerError::Os(INVALID)));
            assert!(!lp.simulation().raise(signal));
        }
        lp.close().unwrap();
        assert_eq!(lp.add_signal_handler(1, |_| ()), Err(SignalHandlerError::Closed));
    }
}
