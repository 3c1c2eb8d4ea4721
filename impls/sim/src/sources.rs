//! What does a loop watch? Simulated sockets, at which it looks before and after it waits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use anyloop::{Callback, Handle, Handles, Interest, OsError, RawSource, Readiness, Trigger};
use anyloop_turn::Sink;

use crate::Simulation;

/// "Bad descriptor", "not there" and "not supported", by Linux's numbers.
const BAD_DESCRIPTOR: OsError = OsError::from_raw(9);
const NOT_THERE: OsError = OsError::from_raw(2);
const NOT_SUPPORTED: OsError = OsError::from_raw(95);

struct Registration {
    source: RawSource,
    interest: Interest,
    once: bool,
    /// How often each side was given up: what was seen before does not count any more.
    given_up: [u32; 2],
    callback: Rc<dyn Fn(Interest)>,
}

type Table = BTreeMap<Handle, Registration>;

/// The registrations of one loop.
pub(crate) struct Sources {
    simulation: Simulation,
    /// The loop, which is woken when a socket changes.
    number: u64,
    handles: Handles,
    table: Rc<RefCell<Table>>,
    closed: Cell<bool>,
}

impl Sources {
    pub(crate) fn new(simulation: &Simulation, number: u64) -> Self {
        let simulation = simulation.clone();
        Self { simulation, number, handles: Handles::new(), table: Rc::default(), closed: Cell::new(false) }
    }

    /// Queues the callbacks of what is ready, and says whether there are any.
    pub(crate) fn look(&self, ready: &mut Sink<'_>) -> bool {
        let mut any = false;
        for (handle, known) in &*self.table.borrow() {
            let seen = self.simulation.look_at(known.source).unwrap_or_default();
            let seen = seen.and(known.interest);
            if known.once && !seen.is_none() {
                any |= ready(self.once(*handle, seen)).is_ok();
                continue;
            }
            for (side, of) in
                Interest::SIDES.into_iter().enumerate().filter(|(_, of)| !of.and(seen).is_none())
            {
                any |= ready(self.callback(*handle, side, of, known.given_up[side])).is_ok();
            }
        }
        any
    }

    fn callback(&self, handle: Handle, side: usize, of: Interest, before: u32) -> Callback {
        let table = self.table.clone();
        Callback::new(move || {
            // Bound to a name, so that the borrow is over before it is called.
            let callback = {
                let table = table.borrow();
                let known = table.get(&handle).filter(|known| known.given_up[side] == before);
                known.map(|known| known.callback.clone())
            };
            if let Some(callback) = callback {
                callback(of);
            }
        })
    }

    fn once(&self, handle: Handle, seen: Interest) -> Callback {
        let table = self.table.clone();
        Callback::new(move || {
            let removed = table.borrow_mut().remove(&handle);
            if let Some(registration) = removed {
                (registration.callback)(seen);
            }
        })
    }

    /// Drops the callbacks, outside of every borrow. Nothing can be added afterwards.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let table = self.table.take();
        drop(table);
    }
}

impl Readiness for Sources {
    unsafe fn add(
        &self,
        source: RawSource,
        interest: Interest,
        trigger: Trigger,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError> {
        let is_there = self.simulation.look_at(source).is_some();
        if self.closed.get() || !is_there {
            return Err(BAD_DESCRIPTOR);
        }
        let once = match trigger {
            Trigger::Level => false,
            Trigger::Once => true,
            _ => return Err(NOT_SUPPORTED),
        };
        let handle = self.handles.next();
        let registration = Registration { source, interest, once, given_up: [0; 2], callback };
        self.table.borrow_mut().insert(handle, registration);
        self.simulation.tell_of_sockets(self.number);
        Ok(handle)
    }

    fn modify(&self, handle: Handle, interest: Interest) -> Result<(), OsError> {
        let mut table = self.table.borrow_mut();
        let known = table.get_mut(&handle).ok_or(NOT_THERE)?;
        known.interest = interest;
        for (side, given_up) in Interest::SIDES.into_iter().zip(&mut known.given_up) {
            *given_up += u32::from(side.and(interest).is_none());
        }
        Ok(())
    }

    fn remove(&self, handle: Handle) -> bool {
        // Bound to a name, so that the callback is dropped outside of the borrow.
        let removed = self.table.borrow_mut().remove(&handle);
        removed.is_some()
    }
}
