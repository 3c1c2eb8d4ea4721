//! Which loop runs here? One of the simulation, made by itself on every thread.

use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use anyloop::{ContextId, EventLoopPolicy, Loop, PerContext, PolicyError, Watcher};

use crate::{SimChildWatcher, SimEventLoop, Simulation};

/// A policy whose loops share one [`Simulation`], with a [`SimChildWatcher`] for it. Its main context
/// is the one in which it is made.
///
/// A [`PolicyGuard`](anyloop::PolicyGuard) puts it in force for one test. There is one policy of the
/// process, so tests that do so must not run at the same time: give each a process of its own, or
/// a lock that they share, or hand them a loop.
///
/// ```
/// use anyloop::{Policy, PolicyGuard};
/// use anyloop_sim::SimEventLoopPolicy;
/// use std::time::Duration;
///
/// let _guard = PolicyGuard::new(Policy::new(SimEventLoopPolicy::new()));
/// anyloop::run(anyloop::sleep(Duration::from_secs(3600)))??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SimEventLoopPolicy {
    simulation: Simulation,
    /// Where it was made: its main context.
    home: Option<ContextId>,
    /// `None` inside: "no loop" was stored. Nothing at all: nothing was ever stored.
    current: PerContext<Option<Loop>>,
    watcher: Mutex<Option<Watcher>>,
}

impl SimEventLoopPolicy {
    /// A policy with a simulation of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Simulation::new())
    }

    /// A policy for `simulation`.
    #[must_use]
    pub fn with(simulation: &Simulation) -> Self {
        Self {
            simulation: simulation.clone(),
            home: ContextId::current().ok(),
            current: PerContext::new(),
            watcher: Mutex::new(None),
        }
    }

    /// The clock and the children of its loops.
    #[must_use]
    pub const fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// Works on the watcher's place. None of the users' code runs under this lock.
    fn with_watcher<R>(&self, work: impl FnOnce(&mut Option<Watcher>) -> R) -> R {
        work(&mut self.watcher.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for SimEventLoopPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl EventLoopPolicy for SimEventLoopPolicy {
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        match self.current.get()?.as_deref() {
            Some(Some(lp)) => Ok(lp.clone()),
            Some(None) => Err(PolicyError::no_current_loop()),
            None => {
                let lp = outer.new_event_loop(outer)?;
                outer.set_event_loop(outer, Some(lp.clone()))?;
                Ok(lp)
            }
        }
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, lp: Option<Loop>) -> Result<(), PolicyError> {
        // Fails where there is no place for a loop, so that after the watcher nothing does.
        drop(self.current.get()?);
        if self.home.is_some() && self.home == ContextId::current().ok() {
            let watcher = self.with_watcher(|watcher| watcher.clone());
            if let Some(watcher) = watcher {
                watcher.attach_loop(lp.as_ref())?;
            }
        }
        let displaced = self.current.replace(Some(Rc::new(lp)))?;
        drop(displaced);
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Ok(SimEventLoop::with(&self.simulation).into())
    }

    fn get_child_watcher(&self, _: &dyn EventLoopPolicy) -> Result<Watcher, PolicyError> {
        let own = || Watcher::new(SimChildWatcher::new(&self.simulation));
        Ok(self.with_watcher(|watcher| watcher.get_or_insert_with(own).clone()))
    }

    fn set_child_watcher(&self, _: &dyn EventLoopPolicy, new: Option<Watcher>) -> Result<(), PolicyError> {
        let former = self.with_watcher(|watcher| match (&watcher, &new) {
            (Some(old), Some(new)) if old.is_same(new) => None,
            _ => std::mem::replace(watcher, new),
        });
        if let Some(former) = former {
            former.close();
        }
        Ok(())
    }
}
