//! How does the specimen watch sources? It looks at each of them, in every turn.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::vec::Vec;

use anyloop::{Callback, Capabilities, Handle, Interest, LoopState, OsError, RawSource, Trigger};

use super::{Bug, Specimen};
use crate::world::unix::look_at;

/// "Bad descriptor", "not there" and "not supported".
const BAD: OsError = OsError::from_raw(9);
const NOT_THERE: OsError = OsError::from_raw(2);
const NOT_SUPPORTED: OsError = OsError::from_raw(95);

/// What is watched.
#[derive(Default)]
pub(super) struct Sources {
    known: RefCell<BTreeMap<Handle, Rc<Registration>>>,
    /// The numbers that were watched before, for a loop that keeps them in mind.
    former: RefCell<BTreeSet<isize>>,
}

struct Registration {
    source: RawSource,
    interest: Cell<Interest>,
    /// How often each side was given up.
    given_up: [Cell<u32>; 2],
    live: Cell<bool>,
    /// What was seen last, for a loop that tells of changes.
    seen: Cell<Interest>,
    callback: Rc<dyn Fn(Interest)>,
}

impl Specimen {
    pub(super) fn offer_sources<'l>(&'l self, capabilities: &mut Capabilities<'l>) {
        capabilities.readiness = Some(self);
    }

    /// For what of that which is asked for a source is ready.
    fn seen(&self, known: &Registration) -> Interest {
        if self.has(Bug::ForgetsNumbers) && self.sources.former.borrow().contains(&known.source.0) {
            return Interest::default();
        }
        let Some(mut ready) = look_at(known.source) else { return Interest::default() };
        if self.has(Bug::MissesEnds) && ready.readable && ready.writable {
            ready = Interest::WRITABLE;
        }
        if self.has(Bug::TellsTheOtherSide) && ready.writable {
            ready = Interest::BOTH;
        }
        ready.and(known.interest.get())
    }

    pub(super) fn any_source_ready(&self) -> bool {
        let is_ready = |known: &Rc<Registration>| self.seen(known) != Interest::default();
        !self.has(Bug::SleepsThroughSources) && self.sources.known.borrow().values().any(is_ready)
    }

    /// Queues the callbacks of what is ready.
    pub(super) fn collect_sources(&self) {
        let known: Vec<_> = self.sources.known.borrow().values().cloned().collect();
        for registration in known {
            let mut seen = self.seen(&registration);
            if self.has(Bug::TellsEdges) {
                seen = seen.but(registration.seen.replace(seen));
            }
            let mut sides = [(0, Interest::READABLE), (1, Interest::WRITABLE)];
            if self.has(Bug::WritersFirst) {
                sides.reverse();
            }
            for (side, of) in sides.into_iter().filter(|(_, of)| !of.and(seen).is_none()) {
                let callback = self.callback(registration.clone(), side, of);
                self.push(self.handle(), callback);
            }
        }
    }

    fn callback(&self, registration: Rc<Registration>, side: usize, of: Interest) -> Callback {
        let before = registration.given_up[side].get();
        let asks = !self.has(Bug::TellsTheNext);
        let forgets = self.has(Bug::ForgetsPanics);
        Callback::new(move || {
            let wanted = registration.live.get() && registration.given_up[side].get() == before;
            if wanted || !asks {
                if forgets {
                    registration.live.set(false);
                }
                (registration.callback)(of);
                if forgets && wanted {
                    registration.live.set(true);
                }
            }
        })
    }

    pub(super) fn drop_sources(&self) {
        if !self.has(Bug::KeepsSources) {
            let dropped = self.sources.known.take();
            drop(dropped);
        }
    }
}

impl Specimen {
    /// See `Readiness::add`.
    pub(crate) fn watch_source(
        &self,
        source: RawSource,
        interest: Interest,
        trigger: Trigger,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError> {
        if self.state.get() == LoopState::Closed || self.is_inherited() {
            return Err(BAD);
        }
        if trigger != Trigger::Level {
            return Err(NOT_SUPPORTED);
        }
        let (interest, given_up, live, seen) =
            (Cell::new(interest), Default::default(), Cell::new(true), Cell::default());
        let handle = self.handle();
        let registration = Registration { source, interest, given_up, live, seen, callback };
        self.sources.known.borrow_mut().insert(handle, Rc::new(registration));
        Ok(handle)
    }

    /// See `Readiness::modify`.
    pub(crate) fn modify_source(&self, handle: Handle, interest: Interest) -> Result<(), OsError> {
        let known = self.sources.known.borrow().get(&handle).cloned().ok_or(NOT_THERE)?;
        for (side, given_up) in [Interest::READABLE, Interest::WRITABLE].into_iter().zip(&known.given_up) {
            if side.and(interest).is_none() {
                given_up.set(given_up.get() + 1);
            }
        }
        let forgets = self.has(Bug::OneSideAtATime);
        known.interest.set(if forgets { interest.but(known.interest.get()) } else { interest });
        Ok(())
    }

    /// See `Readiness::remove`.
    pub(crate) fn remove_source(&self, handle: Handle) -> bool {
        // Bound to a name, so that the callback is dropped outside of the borrow.
        let removed = self.sources.known.borrow_mut().remove(&handle);
        if let Some(registration) = &removed {
            registration.live.set(false);
            self.sources.former.borrow_mut().insert(registration.source.0);
        }
        removed.is_some()
    }
}
