//! What do the engine's tests run it on? Storage of fixed capacity, with a mere condition variable
//! below it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant as Clock};

use anyloop::rules::{policy, ready, run};
use anyloop::{EventLoopPolicy, Instant, Loop, PerContext, Policy, PolicyError, RunError};
use anyloop_conformance::{Lack, Subject, trials, world};
use anyloop_turn::{Backend, Engine, Fixed, Park, Sink, Wake};

/// More than any program of the kit asks for.
pub(crate) const MANY: usize = 2048;

/// The time since the loop was made, and a wake that somebody may have sent.
struct Host {
    start: Clock,
    woken: Waker,
}

#[derive(Clone, Default)]
struct Waker(Arc<(Mutex<bool>, Condvar)>);

impl Wake for Waker {
    fn wake(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_one();
    }
}

impl Backend for Host {
    type Waker = Waker;

    fn now(&self) -> Instant {
        Instant::from_nanos(1) + self.start.elapsed()
    }

    fn waker(&self) -> Waker {
        self.woken.clone()
    }

    fn park(&self, park: Park, _: &mut Sink<'_>) -> Result<(), RunError> {
        let (woken, signal) = &*self.woken.0;
        let woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
        let time = match park {
            Park::Poll => Duration::ZERO,
            Park::Until(when) => when - self.now(),
            Park::Forever => Duration::MAX,
        };
        let waited = signal.wait_timeout_while(woken, time, |woken| !*woken);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
        Ok(())
    }

    fn run(&self, batch: &mut dyn FnMut()) {
        while catch_unwind(AssertUnwindSafe(&mut *batch)).is_err() {}
    }
}

/// A loop for each thread, made when it is asked for.
#[derive(Default)]
struct HostPolicy<const N: usize> {
    /// `None` inside: "no loop" was stored.
    current: PerContext<Option<Loop>>,
}

impl<const N: usize> EventLoopPolicy for HostPolicy<N> {
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
        self.current.replace(Some(Rc::new(lp)))?;
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        let host = Host { start: Clock::now(), woken: Waker::default() };
        Ok(Loop::new(Engine::<Host, Fixed<N>>::new(host)))
    }
}

/// A loop for at most `N` callbacks of each kind.
#[derive(Default)]
pub(crate) struct OnFixedStorage<const N: usize>;

impl<const N: usize> Subject for OnFixedStorage<N> {
    fn policy(&self) -> Policy {
        Policy::new(HostPolicy::<N>::default())
    }

    fn lacks(&self) -> Vec<Lack> {
        let mut lacks = vec![
            Lack::family("child", "the engine knows no processes"),
            Lack::family("source", "the engine knows no descriptors"),
            Lack::family("signal", "the engine hears no signals"),
            Lack::rule(&policy::ELSEWHERE, "its policy is as simple as can be"),
            Lack::rule(&run::REPORT, "it has no exception handlers"),
            Lack::rule(&run::HANDLER, "it has no exception handlers"),
            Lack::rule(&run::STURDY, "it has no exception handlers"),
        ];
        if N < MANY {
            lacks.push(Lack::rule(&ready::GROWS, "its capacity is fixed"));
        }
        lacks
    }
}

/// Judges it, under that name.
pub(crate) fn judge<const N: usize>(name: &'static str) {
    // As an implementation for a system that forks would.
    world::notice_forks();
    trials::main::<OnFixedStorage<N>>(name);
}
