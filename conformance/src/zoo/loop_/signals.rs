//! How does the specimen hear signals? It looks how often each came, whenever it looks for anything.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyloop::{Callback, Capabilities, Handle, LoopState, OsError, SignalHandlers, Signals};

use super::{Bug, Specimen};
use crate::world::unix::signals::{all_came, came, give_back, take};

/// What a closed descriptor gives.
const EBADF: OsError = OsError::from_raw(9);

/// What a number gives that is no signal.
const EINVAL: OsError = OsError::from_raw(22);

/// The loop that listened last, for those who believe to be alone.
static LAST: AtomicU64 = AtomicU64::new(0);

/// What one specimen hears.
#[derive(Default)]
pub(super) struct Ears {
    handlers: Rc<SignalHandlers>,
    /// How often each signal had come when it looked last.
    seen: RefCell<BTreeMap<i32, usize>>,
    /// How often any had.
    all_seen: Cell<usize>,
    number: Cell<u64>,
}

impl Specimen {
    pub(super) fn offer_signals<'l>(&'l self, capabilities: &mut Capabilities<'l>) {
        capabilities.signals = Some(self);
    }

    /// Whether something came that it has not looked at.
    pub(super) fn has_heard(&self) -> bool {
        !self.ears.seen.borrow().is_empty() && self.ears.all_seen.get() != all_came()
    }

    /// Forgets what came, as one does that listens only while it runs.
    pub(super) fn begin_to_listen(&self) {
        if self.has(Bug::LosesSignals) {
            self.ears.seen.borrow_mut().iter_mut().for_each(|(signal, seen)| *seen = came(*signal));
        }
    }

    /// Puts whoever is to be called among the callbacks that are ready.
    pub(super) fn collect_signals(&self) {
        self.ears.all_seen.set(all_came());
        let mut heard = std::vec::Vec::new();
        for (signal, seen) in &mut *self.ears.seen.borrow_mut() {
            let now = came(*signal);
            if std::mem::replace(seen, now) != now {
                heard.push(*signal);
            }
        }
        let deaf = self.has(Bug::LastLoopHears) && LAST.load(Ordering::SeqCst) != self.ears.number.get();
        for signal in heard {
            if deaf || signal == libc::SIGCHLD && self.has(Bug::KeepsChildSignal) {
                continue;
            }
            let times = if self.has(Bug::HearsTwice) { 2 } else { 1 };
            for callback in (0..times).flat_map(|_| self.ears.handlers.heard(signal)) {
                self.push(self.handle(), self.guarded(signal, callback));
            }
        }
    }

    /// The callback, or one that forgets a handler which panics.
    fn guarded(&self, signal: i32, callback: Callback) -> Callback {
        if !self.has(Bug::ForgetsPanicked) {
            return callback;
        }
        let handlers = self.ears.handlers.clone();
        Callback::new(move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| callback.call())) {
                handlers.remove_signal_handler(signal);
                resume_unwind(panic);
            }
        })
    }

    fn want(&self, signal: i32) -> Result<(), OsError> {
        if self.state.get() == LoopState::Closed && !self.has(Bug::ListensWhenClosed) || self.is_inherited() {
            return Err(EBADF);
        }
        if self.ears.seen.borrow().contains_key(&signal) {
            return Ok(());
        }
        let before = came(signal);
        if !take(signal) {
            return if self.has(Bug::AcceptsAnySignal) { Ok(()) } else { Err(EINVAL) };
        }
        self.ears.seen.borrow_mut().insert(signal, before);
        self.ears.number.set(LAST.fetch_add(1, Ordering::SeqCst) + 1);
        Ok(())
    }

    fn tidy(&self, signal: i32) {
        let unwanted = !self.ears.handlers.wants(signal);
        if unwanted && self.ears.seen.borrow_mut().remove(&signal).is_some() && !self.has(Bug::KeepsSignal) {
            give_back(signal);
        }
    }

    /// Listens no more.
    pub(super) fn close_ears(&self) {
        let seen = self.ears.seen.take();
        if !self.has(Bug::KeepsSignalsWhenClosed) {
            seen.into_keys().for_each(give_back);
        }
        self.ears.handlers.clear();
    }
}

impl Signals for Specimen {
    fn add_signal_handler(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<(), OsError> {
        self.want(signal)?;
        if self.has(Bug::AddsHandlers) {
            self.ears.handlers.listen(signal, callback);
        } else {
            self.ears.handlers.add_signal_handler(signal, callback);
        }
        Ok(())
    }

    fn remove_signal_handler(&self, signal: i32) -> bool {
        if self.has(Bug::KeepsRemovedHandler) {
            return self.ears.handlers.wants(signal);
        }
        let removed = self.ears.handlers.remove_signal_handler(signal);
        if removed {
            self.tidy(signal);
        }
        removed || self.has(Bug::AlwaysRemoved)
    }

    fn listen(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<Handle, OsError> {
        self.want(signal)?;
        Ok(self.ears.handlers.listen(signal, callback))
    }

    fn unlisten(&self, handle: Handle) -> bool {
        let signal = self.ears.handlers.unlisten(handle);
        if let Some(signal) = signal {
            self.tidy(signal);
        }
        signal.is_some()
    }
}
