//! Whom does a loop call when a signal came? The handler, and whoever listens beside it.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use crate::{Callback, Handle, Handles};

/// What is called.
type Function = Rc<dyn Fn(i32)>;

/// Somebody who listens.
struct Entry {
    signal: i32,
    /// None if it is the handler.
    handle: Option<Handle>,
    /// Whether it is still to be called.
    live: Cell<bool>,
    function: RefCell<Function>,
}

/// Whom a loop calls for which signal, for authors of loops: a field of theirs, which does all of
/// [`Signals`](crate::Signals) but to talk with the system.
///
/// When a signal came, put what [`heard`](Self::heard) gives among the callbacks that are ready.
///
/// ```
/// use anyloop::SignalHandlers;
/// use std::cell::RefCell;
/// use std::rc::Rc;
///
/// let (handlers, heard) = (SignalHandlers::new(), Rc::new(RefCell::new(Vec::new())));
/// let hears = heard.clone();
/// handlers.add_signal_handler(1, Rc::new(move |signal| hears.borrow_mut().push(signal)));
/// let ready = handlers.heard(1); // the loop runs these in a later turn
/// assert!(heard.borrow().is_empty());
/// ready.into_iter().for_each(anyloop::Callback::call);
/// assert_eq!(*heard.borrow(), [1]);
/// ```
#[derive(Default)]
pub struct SignalHandlers {
    entries: RefCell<Vec<Rc<Entry>>>,
    handles: Handles,
}

impl SignalHandlers {
    /// Nobody listens.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: RefCell::new(Vec::new()), handles: Handles::new() }
    }

    /// Whether anybody listens for that signal.
    #[must_use]
    pub fn wants(&self, signal: i32) -> bool {
        self.entries.borrow().iter().any(|entry| entry.signal == signal)
    }

    /// Sets the handler of `signal`, in the place of the former one. What came before, and was not told to that one,
    /// is told to this.
    pub fn add_signal_handler(&self, signal: i32, callback: Rc<dyn Fn(i32)>) {
        let handler = self.entries.borrow().iter().find(|entry| entry.is_handler_of(signal)).cloned();
        match handler {
            Some(handler) => {
                // Bound to a name, so that the borrow is over before the former one is dropped.
                let former = handler.function.replace(callback);
                drop(former);
            }
            None => self.push(signal, None, callback),
        }
    }

    /// Removes the handler of `signal`, and says whether there was one.
    pub fn remove_signal_handler(&self, signal: i32) -> bool {
        self.remove(|entry| entry.is_handler_of(signal)).is_some()
    }

    /// Has `callback` called beside the handler, and others who listen.
    pub fn listen(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Handle {
        let handle = self.handles.next();
        self.push(signal, Some(handle), callback);
        handle
    }

    /// Removes one that listens, and gives the signal that it listened for.
    pub fn unlisten(&self, handle: Handle) -> Option<i32> {
        self.remove(|entry| entry.handle == Some(handle))
    }

    /// The callbacks to run now that `signal` has come. Each looks once more, right before it runs, whether it is
    /// still wanted.
    #[must_use = "they are to be run"]
    pub fn heard(&self, signal: i32) -> Vec<Callback> {
        let entries = self.entries.borrow();
        let hear = |entry: &Rc<Entry>| {
            let entry = entry.clone();
            Callback::new(move || entry.call())
        };
        entries.iter().filter(|entry| entry.signal == signal).map(hear).collect()
    }

    /// Removes everybody: the loop is closed.
    pub fn clear(&self) {
        let removed = self.entries.take();
        for entry in &removed {
            entry.live.set(false);
        }
        drop(removed);
    }

    fn push(&self, signal: i32, handle: Option<Handle>, callback: Function) {
        let (live, function) = (Cell::new(true), RefCell::new(callback));
        self.entries.borrow_mut().push(Rc::new(Entry { signal, handle, live, function }));
    }

    fn remove(&self, is_meant: impl Fn(&Entry) -> bool) -> Option<i32> {
        // Bound to a name, so that the borrow is over before the callback is dropped.
        let removed = {
            let mut entries = self.entries.borrow_mut();
            let at = entries.iter().position(|entry| is_meant(entry))?;
            entries.remove(at)
        };
        removed.live.set(false);
        Some(removed.signal)
    }
}

impl Entry {
    fn is_handler_of(&self, signal: i32) -> bool {
        self.handle.is_none() && self.signal == signal
    }

    fn call(&self) {
        if self.live.get() {
            // Bound to a name, so that it may replace itself.
            let function = self.function.borrow().clone();
            function(self.signal);
        }
    }
}

impl fmt::Debug for SignalHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.borrow().iter().map(|entry| entry.signal)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls what is heard, and gives who was called, in order.
    fn called(handlers: &SignalHandlers, log: &RefCell<Vec<&'static str>>, signal: i32) -> Vec<&'static str> {
        handlers.heard(signal).into_iter().for_each(Callback::call);
        log.take()
    }

    fn says(log: &Rc<RefCell<Vec<&'static str>>>, name: &'static str) -> Function {
        let log = log.clone();
        Rc::new(move |_| log.borrow_mut().push(name))
    }

    #[test]
    fn one_handler_and_many_listeners() {
        let (handlers, log) = (SignalHandlers::new(), Rc::default());
        handlers.add_signal_handler(1, says(&log, "first"));
        let (a, b) = (handlers.listen(1, says(&log, "a")), handlers.listen(1, says(&log, "b")));
        handlers.add_signal_handler(2, says(&log, "two"));
        handlers.add_signal_handler(1, says(&log, "second"));
        assert_eq!(called(&handlers, &log, 1), ["second", "a", "b"]);
        assert_eq!((handlers.unlisten(a), handlers.unlisten(a)), (Some(1), None));
        assert!(handlers.remove_signal_handler(1) && !handlers.remove_signal_handler(1));
        assert_eq!(called(&handlers, &log, 1), ["b"]);
        assert_eq!(handlers.unlisten(b), Some(1));
        assert!(!handlers.wants(1) && handlers.wants(2));
    }

    /// What is heard is told to the handler that is there when its turn comes, and to nobody that has gone.
    #[test]
    fn who_is_called_is_settled_at_the_last_moment() {
        let (handlers, log) = (SignalHandlers::new(), Rc::default());
        handlers.add_signal_handler(1, says(&log, "old"));
        let ready = handlers.heard(1);
        handlers.add_signal_handler(1, says(&log, "new"));
        ready.into_iter().for_each(Callback::call);
        assert_eq!(log.take(), ["new"]);
        let ready = handlers.heard(1);
        assert!(handlers.remove_signal_handler(1));
        handlers.add_signal_handler(1, says(&log, "another"));
        ready.into_iter().for_each(Callback::call);
        assert!(log.take().is_empty(), "it came before this one was there");
        let ready = handlers.heard(1);
        handlers.clear();
        ready.into_iter().for_each(Callback::call);
        assert!(log.take().is_empty());
    }

    /// A handler that is dropped may use the loop, and so the handlers.
    #[test]
    fn nothing_is_borrowed_while_a_handler_is_dropped() {
        struct Last(Rc<SignalHandlers>);

        impl Drop for Last {
            fn drop(&mut self) {
                self.0.add_signal_handler(2, Rc::new(|_| ()));
            }
        }

        let handlers = Rc::new(SignalHandlers::new());
        let last = || {
            let last = Last(handlers.clone());
            Rc::new(move |_| _ = &last)
        };
        handlers.add_signal_handler(1, last());
        handlers.add_signal_handler(1, last());
        assert!(handlers.remove_signal_handler(1));
        handlers.add_signal_handler(3, last());
        handlers.clear();
        assert!(handlers.wants(2));
        handlers.clear();
    }
}
