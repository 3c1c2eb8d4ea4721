//! What one turn is, and what the life of a loop is.

use core::cell::{Cell, OnceCell, RefCell};
use core::mem;
use core::time::Duration;

use anyloop::{
    Callback, Capabilities, CloseError, EventLoop, Handle, Instant, LoopState, ProcessStamp, RejectReason,
    Rejected, Remote, RunError, Step, TaskSet,
};

use crate::backend::{Backend, Park, refusal};
use crate::inbox::{RemoteHalf, Shared};
use crate::place::settled;
use crate::queues::Queues;
use crate::storage::{Growing, Storage};
use crate::sync::Arc;

/// A loop over a [`Backend`], with its queues in the containers of `S`.
///
/// ```
/// use anyloop::{Callback, Instant, Loop, RunError};
/// use anyloop_turn::{Backend, Engine, Park, Wake};
/// use std::cell::Cell;
///
/// /// Time that jumps to whatever is waited for. Nothing ever happens by itself.
/// #[derive(Default)]
/// struct Virtual(Cell<u64>);
///
/// struct Deaf;
///
/// impl Wake for Deaf {
///     fn wake(&self) {}
/// }
///
/// impl Backend for Virtual {
///     type Waker = Deaf;
///
///     fn now(&self) -> Instant {
///         Instant::from_nanos(self.0.get())
///     }
///
///     fn waker(&self) -> Deaf {
///         Deaf
///     }
///
///     fn park(&self, park: Park, _: &mut anyloop_turn::Sink<'_>) -> Result<(), RunError> {
///         match park {
///             Park::Poll => {}
///             Park::Until(when) => self.0.set(when.as_nanos()),
///             Park::Forever => return Err(RunError::Stalled),
///         }
///         Ok(())
///     }
/// }
///
/// let lp = Loop::new(<Engine<Virtual>>::new(Virtual::default()));
/// lp.call_at(Instant::from_nanos(86_400_000_000_000), || println!("a day has passed"))?;
/// assert_eq!(lp.run_forever(), Err(RunError::Stalled));
/// assert_eq!(lp.time().as_nanos(), 86_400_000_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Engine<B: Backend, S: Storage = Growing> {
    /// The process in which it is open; none if it is closed. One comparison tells whether a call
    /// is welcome.
    home: Cell<ProcessStamp>,
    running: Cell<bool>,
    stop: Cell<bool>,
    queues: RefCell<Queues<S>>,
    /// A remote stop was drained, and what came before it is not all in a batch yet.
    remote_stop: Cell<bool>,
    /// Callbacks that ran since events were looked for.
    since_poll: Cell<u32>,
    tasks: TaskSet,
    shared: Arc<Shared<B::Waker>>,
    /// Made when it is first asked for.
    remote: OnceCell<Remote>,
    backend: B,
}

impl<B: Backend, S: Storage> Engine<B, S> {
    /// An idle loop, which belongs to the calling context.
    #[inline]
    #[must_use]
    pub fn new(backend: B) -> Self {
        let shared = Arc::new(Shared::new(backend.waker()));
        Self {
            home: Cell::new(ProcessStamp::current()),
            running: Cell::new(false),
            stop: Cell::new(false),
            queues: RefCell::new(Queues::new()),
            remote_stop: Cell::new(false),
            since_poll: Cell::new(u32::MAX),
            tasks: TaskSet::new(),
            remote: OnceCell::new(),
            shared,
            backend,
        }
    }

    /// The backend.
    pub const fn backend(&self) -> &B {
        &self.backend
    }

    /// Moves what came in from other contexts behind what is ready. `false` if there is no room.
    ///
    /// Called before anything is scheduled locally as well: that is what gives both one order.
    #[inline]
    fn drain_inbox(&self) -> bool {
        self.shared.is_quiet() || self.drain_inbox_slowly()
    }

    #[cold]
    fn drain_inbox_slowly(&self) -> bool {
        // Nothing in here runs or drops the users' code.
        let mut queues = self.queues.borrow_mut();
        if !queues.has_room_for_chain() {
            return false;
        }
        let taken = self.shared.take();
        if taken.stop {
            self.remote_stop.set(true);
        }
        queues.push_chain(taken);
        true
    }

    /// Drains the inbox at the start of a turn. A remote stop that came with it, or that came with
    /// what was drained during the last turn, ends this turn: what was sent before it is in the
    /// batch.
    fn hear_remote(&self) {
        self.drain_inbox();
        if self.remote_stop.replace(false) {
            self.stop.set(true);
        }
    }

    /// How long the turn may wait.
    fn patience(&self, latest: Option<Instant>) -> Park {
        let mut queues = self.queues.borrow_mut();
        if self.stop.get() || queues.has_ready() {
            return Park::Poll;
        }
        let deadline = match (queues.next_deadline(), latest) {
            (Some(timer), Some(latest)) => timer.min(latest),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return Park::Forever,
        };
        match deadline {
            Instant::NEVER => Park::Forever,
            when if when <= self.backend.now() => Park::Poll,
            when => Park::Until(when),
        }
    }

    /// One turn. Says whether any callback ran.
    fn turn(&self, latest: Option<Instant>) -> Result<bool, RunError> {
        self.hear_remote();
        let park = self.patience(latest);
        let is_time = self.since_poll.get() >= self.backend.callbacks_between_polls();
        if park != Park::Poll || self.stop.get() || is_time {
            self.park(park)?;
            self.hear_remote();
        }
        self.queues.borrow_mut().start_batch(|| self.backend.now());
        let mut ran = 0_u32;
        self.backend.run(&mut || {
            loop {
                // Bound to a name, so that the borrow is over before the callback runs.
                let next = self.queues.borrow_mut().next_of_batch();
                let Some(callback) = next else { break };
                ran = ran.saturating_add(1);
                callback.call();
            }
        });
        self.since_poll.set(self.since_poll.get().saturating_add(ran));
        Ok(ran > 0)
    }

    /// Whether a run may go on: not if a callback forked, and this is the child.
    fn stay(&self) -> Result<(), RunError> {
        if self.home.get().is_current() { Ok(()) } else { Err(RunError::WrongProcess) }
    }

    /// Looks for events, or waits for them.
    fn park(&self, mut park: Park) -> Result<(), RunError> {
        self.stay()?;
        let may_wait = park != Park::Poll;
        // Who has no remote half wakes nobody.
        let may_be_woken = may_wait && self.remote.get().is_some();
        if may_wait {
            self.backend.spin(park, &|| self.shared.is_quiet());
        }
        if may_be_woken {
            self.backend.prepare()?;
            if !self.shared.fall_asleep() {
                park = Park::Poll;
            }
        }
        let mut sink = |callback: Callback| {
            // SAFETY: it is forgotten if it has a name.
            let name = unsafe { self.queues.borrow_mut().push_ready(&callback) };
            settled!(name, callback).map(drop)
        };
        let parked = self.backend.park(park, &mut sink);
        if may_be_woken && park != Park::Poll {
            self.shared.wake_up();
        }
        self.since_poll.set(0);
        parked
    }

    /// Begins a run, which lasts until the result is dropped.
    fn begin(&self) -> Result<Run<'_, B, S>, RunError> {
        match self.home.get() {
            ProcessStamp::NONE => return Err(RunError::Closed),
            home if !home.is_current() => return Err(RunError::WrongProcess),
            _ if self.running.replace(true) => return Err(RunError::AlreadyRunning),
            _ => {}
        }
        self.since_poll.set(u32::MAX);
        Ok(Run(self))
    }
}

/// A run under way. However it ends, the stop that may have ended it is used up.
struct Run<'a, B: Backend, S: Storage>(&'a Engine<B, S>);

impl<B: Backend, S: Storage> Drop for Run<'_, B, S> {
    fn drop(&mut self) {
        self.0.running.set(false);
        self.0.stop.set(false);
    }
}

impl<B: Backend, S: Storage> EventLoop for Engine<B, S> {
    fn time(&self) -> Instant {
        self.backend.now()
    }

    fn call_soon(&self, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        let home = self.home.get();
        if !home.is_current() {
            return Err(refusal(home, callback));
        }
        if !self.drain_inbox() {
            return Err(Rejected::new(RejectReason::Full, callback));
        }
        // SAFETY: it is forgotten if it has a name.
        let name = unsafe { self.queues.borrow_mut().push_ready(&callback) };
        settled!(name, callback)
    }

    fn call_at(&self, when: Instant, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        let home = self.home.get();
        if !home.is_current() {
            return Err(refusal(home, callback));
        }
        // SAFETY: it is forgotten if it has a name.
        let name = unsafe { self.queues.borrow_mut().push_timer(when, &callback) };
        settled!(name, callback)
    }

    fn cancel(&self, handle: Handle) -> bool {
        // Bound to a name, so that the borrow is over before the callback is dropped.
        let cancelled = self.queues.borrow_mut().cancel(handle);
        cancelled.is_some()
    }

    fn run_forever(&self) -> Result<(), RunError> {
        let _run = self.begin()?;
        loop {
            self.turn(None)?;
            if self.stop.get() {
                return self.stay();
            }
        }
    }

    fn stop(&self) {
        self.stop.set(true);
    }

    fn state(&self) -> LoopState {
        match self.home.get() {
            ProcessStamp::NONE => LoopState::Closed,
            home if self.running.get() && home.is_current() => LoopState::Running,
            _ => LoopState::Idle,
        }
    }

    fn close(&self) -> Result<(), CloseError> {
        match self.home.get() {
            ProcessStamp::NONE => return Ok(()),
            home if !home.is_current() => return Err(CloseError::WrongProcess),
            _ if self.running.get() => return Err(CloseError::Running),
            _ => {}
        }
        // From here on everything that is dropped may call this loop, and finds it closed.
        self.home.set(ProcessStamp::NONE);
        self.tasks.cancel_all();
        drop(self.shared.close());
        // Bound to a name, so that the borrow is over before callbacks are dropped.
        let dropped = self.queues.borrow_mut().clear();
        drop(dropped);
        self.backend.close();
        Ok(())
    }

    fn remote(&self) -> Remote {
        self.remote.get_or_init(|| Remote::new(RemoteHalf(self.shared.clone()))).clone()
    }

    fn tasks(&self) -> &TaskSet {
        &self.tasks
    }

    fn after_fork_in_child(&self) {
        // Borrowed only if something other than a callback has forked, and then there is no batch.
        if let Ok(mut queues) = self.queues.try_borrow_mut() {
            queues.end_batch();
        }
        self.stop.set(true);
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = self.backend.capabilities();
        capabilities.step = Some(self);
        capabilities
    }
}

impl<B: Backend, S: Storage> Step for Engine<B, S> {
    fn step(&self, max_wait: Option<Duration>) -> Result<bool, RunError> {
        let _run = self.begin()?;
        let latest = max_wait.map(|wait| self.backend.now() + wait);
        // A wake may bring nothing: it is for work that was found before.
        loop {
            let ran = self.turn(latest)?;
            self.stay()?;
            if ran || self.stop.get() || latest.is_some_and(|latest| latest <= self.backend.now()) {
                return Ok(ran);
            }
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.drain_inbox();
        let mut queues = self.queues.borrow_mut();
        if queues.has_ready() { Some(self.backend.now()) } else { queues.next_deadline() }
    }
}

impl<B: Backend, S: Storage> Drop for Engine<B, S> {
    fn drop(&mut self) {
        if self.close() == Err(CloseError::WrongProcess) {
            // The callbacks are the parent's: what they captured may reach what both processes
            // share, so here they are neither run nor dropped. Nor is the inbox, which might wait
            // for a wake of a thread that is not there.
            let left = self.queues.borrow_mut().clear();
            mem::forget((left, self.tasks.clone(), self.shared.clone()));
        }
    }
}
