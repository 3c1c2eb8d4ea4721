//! What can be wrong with a loop: a healthy one with a virtual clock, and its diseases.
//!
//! Its time advances only when nothing can run, or when a callback burns it, so a program of many
//! sleeps takes no time. While a thread of the program is alive it waits for that thread; when
//! nothing is left that could wake it, it says so with [`RunError::Stalled`].
//!
//! | file | answers |
//! | --- | --- |
//! | `loop_.rs` | what is a turn of it, and what is it made of? |
//! | `loop_/methods.rs` | what does each method of the trait do? |
//! | `loop_/offers.rs` | what does it offer beyond running callbacks? |
//! | `loop_/forked.rs` | what does it do in a forked child? |
//! | `loop_/processes.rs` | how does it start programs? |
//! | `loop_/sources.rs` | how does it watch sources? |
//! | `loop_/signals.rs` | how does it hear signals? |
//! | `loop_/bug.rs` | which diseases can it have? |

mod bug;
mod forked;
mod methods;
mod offers;

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        mod processes;
    } else {
        #[path = "loop_/no_processes.rs"]
        mod processes;
    }
}

cfg_if::cfg_if! {
    if #[cfg(unix)] {
        mod signals;
        mod sources;
    } else {
        #[path = "loop_/no_signals.rs"]
        mod signals;
        #[path = "loop_/no_sources.rs"]
        mod sources;
    }
}

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::vec::Vec;

use anyloop::{
    Callback, EventLoop, Exception, ExceptionHandler, Handle, Handles, Instant, Loop, LoopState, OsError,
    ProcessStamp, RejectReason, RunError, Runnable, TaskSet,
};

pub use self::bug::Bug;
use self::sources::Sources;
use super::fork::Wire;
use super::remote::{Half, Shared, Work};
use crate::program::Units;
use crate::world::{self, threads};

std::thread_local! {
    /// For loops that count for each thread apart.
    static COUNT: Cell<u64> = const { Cell::new(1) };
}

/// The loop.
pub struct Specimen {
    bug: Option<Bug>,
    now: Cell<Instant>,
    /// What the clock said when the turn began.
    cached: Cell<Option<Instant>>,
    /// Until when it waits, if it keeps that in mind.
    chosen: Cell<Option<Option<Instant>>>,
    /// Whose callback is being dropped because it was cancelled.
    dropping: Cell<Option<Handle>>,
    closing: Cell<bool>,
    handles: Handles,
    count: Cell<u64>,
    state: Cell<LoopState>,
    stops: Cell<u32>,
    runs: Cell<u32>,
    ready: RefCell<VecDeque<(Handle, Option<Callback>)>>,
    timers: RefCell<BTreeMap<(Instant, Handle), Callback>>,
    buried: RefCell<Vec<Callback>>,
    handler: RefCell<Option<ExceptionHandler>>,
    /// What a sick one has opened, and keeps until its last handle is dropped.
    kept: RefCell<Option<File>>,
    ears: signals::Ears,
    tasks: TaskSet,
    sources: Sources,
    process: ProcessStamp,
    /// What it shares with forked children, if it does.
    wire: Option<Wire>,
    shared: Arc<Shared>,
}

impl Specimen {
    /// A loop of the calling thread.
    #[must_use]
    pub fn new(bug: Option<Bug>) -> Self {
        Self::made_in(bug, ProcessStamp::current())
    }

    /// A loop of the calling thread, which takes `process` for its own.
    #[must_use]
    pub fn made_in(bug: Option<Bug>, process: ProcessStamp) -> Self {
        world::notice_forks();
        let shares = matches!(bug, Some(Bug::StopsParent | Bug::EmptiesParent));
        Self {
            bug,
            process,
            wire: shares.then(Wire::new).flatten(),
            now: Cell::new(Instant::from_nanos(1_000_000_000)),
            cached: Cell::new(None),
            chosen: Cell::new(None),
            dropping: Cell::new(None),
            closing: Cell::new(false),
            handles: Handles::new(),
            count: Cell::new(0),
            state: Cell::new(LoopState::Idle),
            stops: Cell::new(0),
            runs: Cell::new(0),
            ready: RefCell::default(),
            timers: RefCell::default(),
            buried: RefCell::default(),
            handler: RefCell::default(),
            kept: RefCell::default(),
            ears: signals::Ears::default(),
            tasks: TaskSet::new(),
            sources: Sources::default(),
            shared: Arc::new(Shared::new(bug, process)),
        }
    }

    /// Keeps `lp`, which is a specimen, busy for so long on its virtual clock.
    pub fn burn(lp: &Loop, time: Duration) {
        if let Some(specimen) = lp.as_any().downcast_ref::<Self>() {
            specimen.now.set(specimen.now.get() + time);
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn handle(&self) -> Handle {
        self.count.set(self.count.get() + 1);
        if self.has(Bug::CountsPerThread) {
            let number = COUNT.with(|count| count.replace(count.get() + 1));
            return Handle::from_bits(number).unwrap_or_else(|| self.handles.next());
        }
        let counted = if self.has(Bug::CountsFromOne) { Handle::from_bits(self.count.get()) } else { None };
        counted.unwrap_or_else(|| self.handles.next())
    }

    fn push(&self, handle: Handle, callback: Callback) {
        let mut ready = self.ready.borrow_mut();
        if self.has(Bug::NewestFirst) {
            ready.push_front((handle, Some(callback)));
        } else {
            ready.push_back((handle, Some(callback)));
        }
    }

    /// Takes over what came through the remote half.
    fn collect_remote(&self) {
        let work = mem::take(&mut self.shared.queue().work);
        for work in work {
            let callback = match work {
                Work::Call(callback) => callback.into(),
                Work::Poll(task) => self.poll_later(task),
            };
            self.push(self.handle(), callback);
        }
    }

    fn poll_later(&self, task: Runnable) -> Callback {
        let shared = self.shared.clone();
        Callback::new(move || {
            shared.in_task.store(true, Ordering::Relaxed);
            let polled = catch_unwind(AssertUnwindSafe(|| drop(task.run())));
            shared.in_task.store(false, Ordering::Relaxed);
            if let Err(panic) = polled {
                std::panic::resume_unwind(panic);
            }
        })
    }

    /// When the clock has to be for a timer to be due.
    fn horizon(&self) -> Instant {
        let hurries = self.has(Bug::RoundsUp) || self.has(Bug::Hurries) && !self.tasks.is_empty();
        self.now.get() + if hurries { Units(1).duration() } else { Duration::ZERO }
    }

    /// Moves the timers that are due to the callbacks that are ready.
    fn collect_timers(&self) {
        if self.has(Bug::TimersWhenIdle) && !self.ready.borrow().is_empty() {
            return;
        }
        let wraps = self.has(Bug::FarWraps);
        let horizon = self.horizon();
        let mut due = Vec::new();
        self.timers.borrow_mut().retain_due(&mut due, |when| {
            when <= horizon || wraps && when - horizon > Duration::from_nanos(1 << 62)
        });
        if self.has(Bug::UnorderedTimers) {
            due.sort_by_key(|((_, handle), _)| *handle);
        }
        if self.has(Bug::TiesBackwards) {
            due.sort_by(|((when, handle), _), ((other, than), _)| when.cmp(other).then(than.cmp(handle)));
        }
        for ((_, handle), callback) in due {
            self.push(handle, callback);
        }
    }

    /// Lets time pass until something can run; false if nothing ever will.
    fn wait(&self) -> bool {
        if self.has(Bug::WakesAnybody) {
            self.tasks.cancel_all();
        }
        let mut next = self.timers.borrow().first_key_value().map(|((when, _), _)| *when);
        if self.has(Bug::KeepsDeadline) {
            let is_ahead = |chosen: &Option<Instant>| chosen.is_none_or(|when| when > self.now.get());
            next = self.chosen.get().filter(is_ahead).unwrap_or(next);
            self.chosen.set(Some(next));
        }
        let reachable = |when: &Instant| *when - self.now.get() < Duration::from_nanos(1 << 62);
        if let Some(next) = next.filter(reachable) {
            let early = next - self.now.get() > Duration::ZERO && self.horizon() > self.now.get();
            let margin = if early { self.horizon() - self.now.get() } else { Duration::ZERO };
            let target = Instant::from_nanos(next.as_nanos() - margin.as_nanos() as u64);
            self.now.set(self.now.get().max(target));
            return true;
        }
        self.shared.wait(|| self.has_heard() || self.any_source_ready())
    }

    fn run_batch(&self) -> bool {
        let batch = self.ready.borrow().len();
        for _ in 0..batch {
            let next = self.ready.borrow_mut().pop_front();
            let Some((_, Some(callback))) = next else { continue };
            let called = catch_unwind(AssertUnwindSafe(|| callback.call()));
            if self.leaves_as_child() {
                return true;
            }
            if let Err(payload) = called {
                let handler = self.handler.borrow().clone();
                if let Some(handler) = handler.filter(|_| !self.has(Bug::SwallowsPanics)) {
                    let times = if self.has(Bug::ReportsTwice) { 2 } else { 1 };
                    for _ in 0..times {
                        let report = || handler(&Exception::panicked(&*payload));
                        match catch_unwind(AssertUnwindSafe(report)) {
                            Err(_) if self.has(Bug::HandlerEndsRun) => return true,
                            _ => {}
                        }
                    }
                }
                if self.has(Bug::PanicUndoesStop) {
                    self.stops.set(0);
                }
                if self.has(Bug::PanicEndsRun) {
                    return true;
                }
            }
            if self.has(Bug::StopsAtOnce) && self.stops.get() > 0 {
                return true;
            }
        }
        false
    }

    fn turns(&self) -> Result<(), RunError> {
        loop {
            if self.hear_children() {
                return Ok(());
            }
            if self.shared.queue().stop && self.has(Bug::RemoteStopAtOnce) {
                self.shared.queue().stop = false;
                return Ok(());
            }
            if self.ready.borrow().is_empty() || !self.has(Bug::HearsWhenIdle) {
                self.collect_remote();
            }
            self.collect_timers();
            self.collect_sources();
            self.collect_signals();
            let remote_stop = {
                let mut queue = self.shared.queue();
                queue.woken = false;
                mem::take(&mut queue.stop) && !self.has(Bug::RemoteStopIgnored)
            };
            if remote_stop {
                // What was scheduled before the stop is in the queue by now, if not collected.
                self.collect_remote();
                self.stop();
            }
            if self.ready.borrow().is_empty() && self.stops.get() == 0 {
                if self.has(Bug::ReturnsWhenIdle) {
                    return Ok(());
                }
                let interruptions = threads::interruptions();
                if !self.wait() {
                    return Err(RunError::Stalled);
                }
                if self.has(Bug::FailsInterrupted) && threads::interruptions() != interruptions {
                    return Err(RunError::Os(OsError::from_raw(4)));
                }
                continue;
            }
            if self.has(Bug::CachedClock) {
                self.cached.set(Some(self.now.get()));
            }
            let ended = self.run_batch();
            self.cached.set(None);
            if ended {
                self.stops.set(0);
                return Ok(());
            }
            drop(self.buried.take());
            let drained = !self.has(Bug::StopsWhenDrained) || self.ready.borrow().is_empty();
            if self.stops.get() > 0 && drained {
                self.stops.set(if self.has(Bug::CountsStops) { self.stops.get() - 1 } else { 0 });
                if self.has(Bug::ClearsOnStop) {
                    drop(self.ready.take());
                }
                return Ok(());
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.state.get() == LoopState::Closed
    }

    /// Why it takes no callbacks, if it takes none.
    fn refusal(&self) -> Option<RejectReason> {
        if self.is_closed() {
            return (!self.has(Bug::AcceptsWhenClosed)).then_some(RejectReason::Closed);
        }
        (self.is_inherited() && !self.has(Bug::AcceptsInChild)).then_some(RejectReason::WrongProcess)
    }

    /// Whether `known` is the callback that `handle` is to cancel.
    fn is_meant(&self, known: Handle, handle: Handle) -> bool {
        if self.has(Bug::IgnoresOwner) {
            return known.to_bits() % 1024 == handle.to_bits() % 1024;
        }
        known == handle
    }
}

impl Drop for Specimen {
    fn drop(&mut self) {
        if self.is_inherited() && !self.has(Bug::DropsInChild) {
            self.leave_to_parent();
        }
        if !self.has(Bug::DropsOpen) {
            // It cannot be running: a run holds a handle.
            let _ = self.close();
        }
    }
}

/// Takes out of a map what is due.
trait RetainDue {
    fn retain_due(&mut self, due: &mut Vec<((Instant, Handle), Callback)>, is_due: impl Fn(Instant) -> bool);
}

impl RetainDue for BTreeMap<(Instant, Handle), Callback> {
    fn retain_due(&mut self, due: &mut Vec<((Instant, Handle), Callback)>, is_due: impl Fn(Instant) -> bool) {
        let keys: Vec<_> = self.keys().copied().filter(|(when, _)| is_due(*when)).collect();
        due.extend(keys.into_iter().filter_map(|key| Some((key, self.remove(&key)?))));
    }
}
