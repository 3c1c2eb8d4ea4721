//! What could be wrong with the root crate: anyloop itself is healthy, here are its diseases.

use std::any::Any;
use std::boxed::Box;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use anyloop::{EventLoop, Handle, Loop, Policy, PolicyError, PolicyLayer, ProcessStamp, RunError, Task};

use super::loop_::Specimen;
use crate::root::{Anyloop, Root};

/// What is wrong with the root crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of diseases says what each is")]
pub enum Bug {
    ForgetsRunning,
    RunsNested,
    RunsClosed,
    ManyDefaults,
    FirstSetWins,
    KeepsDefault,
    ClosesFormer,
    SavesAndRestores,
    AsksPolicyFirst,
    WrongOutput,
    InventsOutput,
    SkipsTurn,
    SwallowsPanic,
    AsksFirstSet,
    ForgetsFormer,
    RunsEverywhere,
    ForgetsScope,
    CancelsDetached,
    NeverFinished,
    ForgetsTaskScope,
    KeepsTogether,
    KeepsFirst,
    RunsInChild,
    FinishesInChild,
}

std::thread_local! {
    /// The loop that runs here, for a root crate that remembers it across a fork.
    static RUNS: RefCell<Option<Loop>> = const { RefCell::new(None) };
}

/// A root crate with a disease.
pub struct Sick {
    bug: Bug,
    process: ProcessStamp,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether somebody has set a policy.
    set: bool,
    /// The first default that was looked up.
    default: Option<Policy>,
    /// The first policy that was set, or put in force by a guard, since the last reset.
    first: Option<Policy>,
    /// What was kept by any context.
    kept: Option<u32>,
    /// Whether a loop is run.
    busy: bool,
}

impl Sick {
    pub(super) fn new(bug: Bug) -> Self {
        Self { bug, process: ProcessStamp::current(), state: Mutex::default() }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes nothing, and makes a policy another.
struct Nothing;

impl PolicyLayer for Nothing {}

/// Puts back what was there, whatever came since.
struct Restore(Option<Policy>);

impl Drop for Restore {
    fn drop(&mut self) {
        anyloop::set_event_loop_policy(self.0.take());
    }
}

impl Root for Sick {
    fn run_forever(&self, lp: &Loop) -> Result<(), RunError> {
        if self.has(Bug::RunsClosed) && lp.is_closed() {
            return Ok(());
        }
        if self.has(Bug::RunsEverywhere) {
            self.state().busy = true;
            let result = lp.run_forever();
            self.state().busy = false;
            return result;
        }
        if self.has(Bug::RunsInChild) {
            RUNS.set(Some(lp.clone()));
            let result = lp.run_forever();
            RUNS.set(None);
            return result;
        }
        match lp.as_any().downcast_ref::<Specimen>() {
            Some(specimen) if self.has(Bug::RunsNested) && anyloop::get_running_loop().is_ok() => {
                specimen.run_forever()
            }
            _ => lp.run_forever(),
        }
    }

    fn run_until_complete(
        &self,
        lp: &Loop,
        mut future: Pin<&mut dyn Future<Output = u32>>,
    ) -> Result<u32, RunError> {
        if self.has(Bug::SkipsTurn)
            && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            return Ok(output);
        }
        if self.has(Bug::SwallowsPanic) {
            let run = AssertUnwindSafe(|| lp.run_until_complete(future));
            return catch_unwind(run).unwrap_or(Err(RunError::Stopped));
        }
        if self.has(Bug::FinishesInChild) {
            let mut finished = None;
            let watched = poll_fn(|cx| {
                let polled = future.as_mut().poll(cx);
                finished = if let Poll::Ready(output) = polled { Some(output) } else { None };
                polled
            });
            let ran = lp.run_until_complete(watched);
            return finished.map_or(ran, Ok);
        }
        match lp.run_until_complete(future) {
            Ok(output) if self.has(Bug::WrongOutput) => Ok(output + 1),
            Err(RunError::Stopped) if self.has(Bug::InventsOutput) => Ok(0),
            result => result,
        }
    }

    fn keep(&self, number: Option<u32>) -> Option<u32> {
        if self.has(Bug::KeepsTogether) {
            return std::mem::replace(&mut self.state().kept, number);
        }
        let former = Anyloop.keep(number);
        if let (Some(former), Some(_), true) = (former, number, self.has(Bug::KeepsFirst)) {
            Anyloop.keep(Some(former));
        }
        former
    }

    fn scope(&self, lp: &Loop, handle: Handle) {
        if !self.has(Bug::ForgetsScope) {
            Anyloop.scope(lp, handle);
        }
    }

    fn detach(&self, task: Task<u32>) {
        if self.has(Bug::CancelsDetached) { task.cancel() } else { Anyloop.detach(task) }
    }

    fn is_finished(&self, task: &Task<u32>) -> bool {
        Anyloop.is_finished(task) && !self.has(Bug::NeverFinished)
    }

    fn task_scope(&self, task: Task<u32>) {
        if self.has(Bug::ForgetsTaskScope) { Anyloop.detach(task) } else { Anyloop.task_scope(task) }
    }

    fn running(&self) -> Option<Loop> {
        let running = Anyloop.running();
        if self.has(Bug::RunsInChild) && !self.process.is_current() {
            return RUNS.with_borrow(Clone::clone);
        }
        if running.is_none() && self.has(Bug::RunsEverywhere) && self.state().busy {
            return Some(Loop::new(Specimen::new(None)));
        }
        running.filter(|_| !self.has(Bug::ForgetsRunning))
    }

    fn get_event_loop(&self) -> Result<Loop, PolicyError> {
        let first = self.state().first.clone();
        if let Some(first) = first.filter(|_| self.has(Bug::AsksFirstSet) && Anyloop.running().is_none()) {
            return first.get_event_loop();
        }
        match self.has(Bug::AsksPolicyFirst) {
            true => Anyloop.get()?.get_event_loop(),
            false => Anyloop.get_event_loop(),
        }
    }

    fn get(&self) -> Result<Policy, PolicyError> {
        let policy = Anyloop.get()?;
        let mut state = self.state();
        if state.set {
            return Ok(policy);
        }
        if self.has(Bug::ManyDefaults) {
            return Ok(Policy::layered(policy, Nothing));
        }
        if self.has(Bug::KeepsDefault) {
            return Ok(state.default.get_or_insert(policy).clone());
        }
        Ok(policy)
    }

    fn set(&self, policy: Option<Policy>) -> Option<Policy> {
        let was_set = std::mem::replace(&mut self.state().set, policy.is_some());
        if self.has(Bug::FirstSetWins) && was_set && policy.is_some() {
            return None;
        }
        if self.has(Bug::ClosesFormer) && was_set {
            let former = Anyloop.get().and_then(|former| former.get_event_loop());
            if let Ok(former) = former {
                let _ = former.close();
            }
        }
        {
            let mut state = self.state();
            state.first = policy.as_ref().map(|policy| state.first.take().unwrap_or_else(|| policy.clone()));
        }
        Anyloop.set(policy).filter(|_| !self.has(Bug::ForgetsFormer))
    }

    fn guard(&self, policy: Policy) -> Box<dyn Any> {
        self.state().first.get_or_insert(policy.clone());
        match self.has(Bug::SavesAndRestores) {
            true => Box::new(Restore(anyloop::set_event_loop_policy(Some(policy)))),
            false => Anyloop.guard(policy),
        }
    }
}
