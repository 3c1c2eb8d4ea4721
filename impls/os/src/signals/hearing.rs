//! How does a loop hear signals on behalf of its users? With one bell among its sources, made when somebody first
//! listens, which is rung for whatever anybody listens for.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;

use anyloop::{
    Handle, Interest, OsError, ProcessStamp, RawSource, Readiness, SignalHandlers, Signals, get_running_loop,
};
use rustix::io::Errno;

use super::{Bell, Listening, hear_here};
use crate::os_error;
use crate::selector::sources::Sources;

/// What one loop hears, and whom it calls.
pub(crate) struct Hearing {
    sources: Rc<Sources>,
    /// The process in which the loop is open; none if it is closed.
    home: Cell<ProcessStamp>,
    /// Made when somebody first listens: most loops never hear anything.
    handlers: OnceCell<Rc<SignalHandlers>>,
    bell: RefCell<Option<Rc<Bell>>>,
    listening: RefCell<Vec<Listening>>,
}

/// Puts whoever is to be called among the callbacks that are ready. Itself it is one, so the loop is running.
fn tell(handlers: &SignalHandlers, bell: &Bell) {
    let Ok(lp) = get_running_loop() else { return };
    for callback in bell.take().flat_map(|signal| handlers.heard(signal)) {
        // A loop that runs is open, and this one is never full.
        drop(lp.call_soon(callback));
    }
}

impl Hearing {
    pub(crate) fn new(sources: Rc<Sources>) -> Self {
        Self {
            sources,
            home: Cell::new(ProcessStamp::current()),
            handlers: OnceCell::new(),
            bell: RefCell::default(),
            listening: RefCell::default(),
        }
    }

    fn handlers(&self) -> &Rc<SignalHandlers> {
        self.handlers.get_or_init(Rc::default)
    }

    /// The bell, which is made now if it is not there yet. Fails if the loop is closed, or in a forked child.
    fn bell(&self) -> Result<Rc<Bell>, OsError> {
        if !self.home.get().is_current() {
            return Err(os_error(Errno::BADF));
        }
        if let Some(bell) = &*self.bell.borrow() {
            return Ok(bell.clone());
        }
        let bell = Rc::new(Bell::new().map_err(os_error)?);
        let raw = RawSource(bell.as_fd().as_raw_fd() as isize);
        let (handlers, rung) = (self.handlers().clone(), bell.clone());
        let rings = Rc::new(move |_: Interest| {
            rung.quieten();
            tell(&handlers, &rung);
        });
        // SAFETY: the bell is open for as long as the callback is there.
        unsafe { self.sources.add(raw, Interest::READABLE, Bell::TRIGGER, rings) }?;
        self.bell.replace(Some(bell.clone()));
        Ok(bell)
    }

    /// Has the system tell of that signal, if it does not yet.
    fn want(&self, signal: i32) -> Result<(), OsError> {
        let bell = self.bell()?;
        if self.handlers().wants(signal) {
            return Ok(());
        }
        // In this order, so that nothing is lost that the handler takes.
        bell.ring_for(signal);
        let listening = Listening::to(signal).and_then(|listening| hear_here(&[signal]).map(|()| listening));
        let listening = listening.inspect_err(|_| bell.silence(signal))?;
        self.listening.borrow_mut().push(listening.with_changes());
        Ok(())
    }

    /// Has the system tell of that signal no more, if nobody listens for it.
    fn tidy(&self, signal: i32) {
        if self.handlers().wants(signal) {
            return;
        }
        self.listening.borrow_mut().retain(|listening| listening.signal() != signal);
        if let Some(bell) = &*self.bell.borrow() {
            bell.silence(signal);
        }
    }

    /// Listens no more, and puts back what handled the signals before. The bell goes with the loop's sources.
    pub(crate) fn close(&self) {
        self.home.set(ProcessStamp::NONE);
        drop((self.listening.take(), self.bell.take()));
        if let Some(handlers) = self.handlers.get() {
            handlers.clear();
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        let home = self.home.get();
        if home != ProcessStamp::NONE && !home.is_current() {
            // The callbacks are the parent's, and so are the dispositions.
            mem::forget((self.handlers.take(), self.listening.take()));
        }
    }
}

impl Signals for Hearing {
    fn add_signal_handler(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<(), OsError> {
        self.want(signal)?;
        self.handlers().add_signal_handler(signal, callback);
        Ok(())
    }

    fn remove_signal_handler(&self, signal: i32) -> bool {
        let removed = self.home.get().is_current() && self.handlers().remove_signal_handler(signal);
        if removed {
            self.tidy(signal);
        }
        removed
    }

    fn listen(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<Handle, OsError> {
        self.want(signal)?;
        Ok(self.handlers().listen(signal, callback))
    }

    fn unlisten(&self, handle: Handle) -> bool {
        let signal = if self.home.get().is_current() { self.handlers().unlisten(handle) } else { None };
        if let Some(signal) = signal {
            self.tidy(signal);
        }
        signal.is_some()
    }
}
