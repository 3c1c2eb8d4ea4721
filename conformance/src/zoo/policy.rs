//! What can be wrong with a policy: a healthy one, and its diseases.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use anyloop::{EventLoopPolicy, Loop, PerContext, PolicyError, ProcessStamp, Watcher};

use super::{loop_, watcher};

/// What is wrong with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of diseases says what each is")]
pub enum Bug {
    FirstStoredWins,
    MakesAgain,
    ClearsEverywhere,
    StoresNew,
    SameLoopAgain,
    ForgetsOuter,
    ManyWatchers,
    KeepsFormerWatcher,
    MakesAnywhere,
    ClosesDisplaced,
    HidesFailure,
    SpoiltByFailure,
    KeepsUnsetWatcher,
    AttachesWhenSet,
    NeverAttaches,
    AttachesAnywhere,
    StoresFirst,
    KeepsLoopInChild,
    KeepsWatcherInChild,
    StampsOnce,
}

static POLICIES: AtomicU64 = AtomicU64::new(0);

std::thread_local! {
    /// What was stored last, by a policy that keeps it here, and by which.
    static LAST: RefCell<Option<(u64, Loop)>> = const { RefCell::new(None) };
}

/// The policy. It makes a loop by itself on the thread on which it was made.
pub struct SpecimenPolicy {
    bug: Option<Bug>,
    loops: Option<loop_::Bug>,
    watchers: Option<watcher::Sick>,
    home: ThreadId,
    process: ProcessStamp,
    /// Its number, for a policy that keeps its loop where a forked child finds it.
    number: u64,
    /// "None" is a value: it was stored.
    stored: PerContext<Option<Loop>>,
    cleared: AtomicBool,
    made: PerContext<Loop>,
    /// The watcher, and whose it is.
    watcher: Mutex<(Option<Watcher>, ProcessStamp)>,
}

impl SpecimenPolicy {
    /// A policy with that disease, whose loops and watcher have those.
    #[must_use]
    pub fn new(bug: Option<Bug>, loops: Option<loop_::Bug>, watchers: Option<watcher::Sick>) -> Self {
        Self {
            bug,
            loops,
            watchers,
            home: thread::current().id(),
            process: ProcessStamp::current(),
            number: POLICIES.fetch_add(1, Ordering::Relaxed),
            stored: PerContext::new(),
            cleared: AtomicBool::new(false),
            made: PerContext::new(),
            watcher: Mutex::new((None, ProcessStamp::current())),
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// The place of the watcher. A forked child has one of its own, in which there is none yet.
    fn place(&self) -> MutexGuard<'_, (Option<Watcher>, ProcessStamp)> {
        let mut place = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if !place.1.is_current() && !self.has(Bug::KeepsWatcherInChild) {
            std::mem::forget(std::mem::replace(&mut *place, (None, ProcessStamp::current())));
        }
        place
    }

    /// Attaches the watcher, if there is one, to what is stored at home.
    fn attach(&self, lp: Option<&Loop>) -> Result<(), PolicyError> {
        let at_home = thread::current().id() == self.home || self.has(Bug::AttachesAnywhere);
        if !at_home || self.has(Bug::NeverAttaches) {
            return Ok(());
        }
        let watcher = self.place().0.clone();
        if let Some(watcher) = watcher {
            watcher.attach_loop(lp)?;
        }
        Ok(())
    }
}

impl EventLoopPolicy for SpecimenPolicy {
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        if self.has(Bug::ClearsEverywhere) && self.cleared.load(Ordering::Relaxed) {
            return Err(PolicyError::no_current_loop());
        }
        if self.has(Bug::KeepsLoopInChild)
            && !self.process.is_current()
            && let Some((number, lp)) = LAST.with_borrow(Clone::clone)
            && number == self.number
        {
            return Ok(lp);
        }
        match self.stored.get()?.as_deref() {
            Some(Some(lp)) => return Ok(lp.clone()),
            Some(None) if !self.has(Bug::MakesAgain) => return Err(PolicyError::no_current_loop()),
            _ if thread::current().id() != self.home && !self.has(Bug::MakesAnywhere) => {
                return Err(PolicyError::no_current_loop());
            }
            _ => {}
        }
        let outer = if self.has(Bug::ForgetsOuter) { self } else { outer };
        let made = outer.new_event_loop(outer);
        if made.is_err() && self.has(Bug::HidesFailure) {
            return Err(PolicyError::no_current_loop());
        }
        if made.is_err() && self.has(Bug::SpoiltByFailure) {
            drop(self.stored.replace(Some(None.into()))?);
        }
        let lp = made?;
        outer.set_event_loop(outer, Some(lp.clone()))?;
        Ok(lp)
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, lp: Option<Loop>) -> Result<(), PolicyError> {
        if self.has(Bug::FirstStoredWins) && matches!(self.stored.get()?.as_deref(), Some(Some(_))) {
            return Ok(());
        }
        let attached = lp.clone();
        if !self.has(Bug::StoresFirst) {
            // Nothing that comes after it fails.
            self.attach(attached.as_ref())?;
        }
        self.cleared.store(lp.is_none(), Ordering::Relaxed);
        if self.has(Bug::KeepsLoopInChild) {
            drop(LAST.replace(lp.clone().map(|lp| (self.number, lp))));
        }
        let displaced = self.stored.replace(Some(lp.into()))?;
        if self.has(Bug::StoresFirst) {
            self.attach(attached.as_ref())?;
        }
        if let Some(Some(displaced)) = displaced.as_deref()
            && self.has(Bug::ClosesDisplaced)
        {
            let _ = displaced.close();
        }
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        if self.has(Bug::SameLoopAgain)
            && let Some(made) = self.made.get()?
        {
            return Ok((*made).clone());
        }
        let process = if self.has(Bug::StampsOnce) { self.process } else { ProcessStamp::current() };
        let lp = Loop::new(loop_::Specimen::made_in(self.loops, process));
        if self.has(Bug::SameLoopAgain) {
            drop(self.made.replace(Some(lp.clone().into()))?);
        }
        if self.has(Bug::StoresNew) {
            drop(self.stored.replace(Some(Some(lp.clone()).into()))?);
        }
        Ok(lp)
    }

    fn get_child_watcher(&self, _: &dyn EventLoopPolicy) -> Result<Watcher, PolicyError> {
        if self.has(Bug::ManyWatchers) {
            return Ok(watcher::watcher(self.watchers));
        }
        Ok(self.place().0.get_or_insert_with(|| watcher::watcher(self.watchers)).clone())
    }

    fn set_child_watcher(
        &self,
        _: &dyn EventLoopPolicy,
        watcher: Option<Watcher>,
    ) -> Result<(), PolicyError> {
        let former = {
            let place = &mut self.place().0;
            match (&*place, &watcher) {
                (Some(former), Some(new)) if former.is_same(new) => None,
                (Some(former), None) if self.has(Bug::KeepsUnsetWatcher) => Some(former.clone()),
                _ => std::mem::replace(place, watcher),
            }
        };
        if let Some(former) = former.filter(|_| !self.has(Bug::KeepsFormerWatcher)) {
            former.close();
        }
        if self.has(Bug::AttachesWhenSet)
            && let Some(stored) = self.stored.get()?
        {
            self.attach((*stored).as_ref())?;
        }
        Ok(())
    }
}
