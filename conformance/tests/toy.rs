//! What does it take to write a loop from scratch? A loop, a policy that makes it, and the plug-in
//! with which the kit judges both.
//!
//! It is there to be copied: short rather than fast (cancelling searches), and it keeps every rule
//! but those that it says it lacks. Comments name the rules where one would go wrong. Its remote half
//! takes a lock, so it is not for signal handlers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{mem, time::Duration};

use anyloop::{
    Callback, Capabilities, CloseError, ContextId, EventLoop, EventLoopPolicy, Exception, ExceptionHandler,
    Handle, Handles, Instant, Loop, LoopState, NoContext, Observe, PerContext, Policy, PolicyError,
    RejectReason, Rejected, Remote, RemoteLoop, RunError, Runnable, SendCallback, TaskSet, rules,
};
use anyloop_conformance::{Lack, Subject, trials};

/// What other threads ask for.
enum Posted {
    Call(SendCallback),
    Poll(Runnable),
}

#[derive(Default)]
struct Inbox {
    /// Callbacks and tasks in one queue, since they have one order (`wake.fifo`, `future.fifo`).
    posted: Vec<Posted>,
    stop: bool,
    closed: bool,
}

/// The half that other threads hold. Under its lock no code of the users is run or dropped.
struct Shared {
    owner: ContextId,
    inbox: Mutex<Inbox>,
    wake: Condvar,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks and puts in one step: nothing gets in behind the back of `close` (`wake.closed`).
    fn post<T>(&self, item: T, wrap: fn(T) -> Posted) -> Result<(), Rejected<T>> {
        let mut inbox = self.inbox();
        if inbox.closed {
            return Err(Rejected::new(RejectReason::Closed, item));
        }
        inbox.posted.push(wrap(item));
        self.wake.notify_one();
        Ok(())
    }
}

struct Half(Arc<Shared>);

impl RemoteLoop for Half {
    fn call_soon(&self, callback: SendCallback) -> Result<(), Rejected<SendCallback>> {
        self.0.post(callback, Posted::Call)
    }

    fn schedule(&self, task: Runnable) -> Result<(), Rejected<Runnable>> {
        self.0.post(task, Posted::Poll)
    }

    fn stop(&self) {
        self.0.inbox().stop = true;
        self.0.wake.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.0.inbox().closed
    }

    fn is_owner(&self) -> bool {
        ContextId::current() == Ok(self.0.owner)
    }
}

#[derive(Default)]
struct Queues {
    /// What was cancelled leaves its place empty, so that the turn under way counts right.
    ready: VecDeque<(Handle, Option<Callback>)>,
    /// Handles of one source grow, so they tell equal deadlines apart (`timer.tie`).
    timers: BTreeMap<(Instant, Handle), Callback>,
}

struct Toy {
    state: Cell<LoopState>,
    stop: Cell<bool>,
    handles: Handles,
    queues: RefCell<Queues>,
    handler: RefCell<Option<ExceptionHandler>>,
    tasks: TaskSet,
    shared: Arc<Shared>,
    remote: Remote,
}

/// One clock for all loops, since instants of loops of one policy may be compared.
fn now() -> Instant {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    Instant::EPOCH + START.get_or_init(std::time::Instant::now).elapsed()
}

impl Toy {
    fn new() -> Result<Self, NoContext> {
        let owner = ContextId::current()?;
        let shared = Arc::new(Shared { owner, inbox: Mutex::default(), wake: Condvar::new() });
        Ok(Self {
            state: Cell::new(LoopState::Idle),
            stop: Cell::new(false),
            handles: Handles::new(),
            queues: RefCell::default(),
            handler: RefCell::default(),
            tasks: TaskSet::new(),
            remote: Remote::new(Half(shared.clone())),
            shared,
        })
    }

    /// A handle for `callback`; a closed loop hands it back (`close.rejects`).
    fn admit(&self, callback: Callback) -> Result<(Handle, Callback), Rejected<Callback>> {
        match self.state.get() {
            LoopState::Closed => Err(Rejected::new(RejectReason::Closed, callback)),
            _ => Ok((self.handles.next(), callback)),
        }
    }

    /// Puts what was posted behind what is ready. A stop is left to the next turn's beginning: only
    /// then is all that was posted before it in the turn that it ends (`wake.stop`).
    fn hear(&self, turn_begins: bool) {
        let mut inbox = self.shared.inbox();
        for posted in inbox.posted.drain(..) {
            let callback = match posted {
                Posted::Call(callback) => Callback::from(callback),
                // A task that was woken: the call polls it.
                Posted::Poll(task) => Callback::from(task),
            };
            self.queues.borrow_mut().ready.push_back((self.handles.next(), Some(callback)));
        }
        if turn_begins && mem::take(&mut inbox.stop) {
            self.stop.set(true);
        }
    }

    /// Sleeps until something was posted or a timer is due.
    fn wait(&self) {
        let next = self.queues.borrow().timers.keys().next().map(|(when, _)| *when);
        let mut inbox = self.shared.inbox();
        // Looked at under the lock of `post`: no wake falls between look and sleep (`wake.sleep`).
        while inbox.posted.is_empty() && !inbox.stop {
            // Differences of instants are never negative (`timer.past`).
            let patience = next.map_or(Duration::MAX, |when| when - now());
            if patience.is_zero() {
                return;
            }
            let waited = self.shared.wake.wait_timeout(inbox, patience);
            inbox = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn turn(&self) {
        self.hear(true);
        if self.queues.borrow().ready.is_empty() && !self.stop.get() {
            self.wait();
            self.hear(true);
        }
        // Timers in every turn, however much is ready (`ready.fair`). What the callbacks schedule is
        // for a later turn, so those of this one are counted first (`stop.returns`).
        for _ in 0..self.ripen() {
            // Bound to a name: in an `if let` the borrow would last while the callback runs.
            let next = self.queues.borrow_mut().ready.pop_front();
            if let Some((_, Some(callback))) = next {
                self.call(callback);
            }
        }
    }

    /// Puts the timers that are due behind what is ready, and says how much that is.
    fn ripen(&self) -> usize {
        let (now, Queues { ready, timers }) = (now(), &mut *self.queues.borrow_mut());
        while let Some(first) = timers.first_entry().filter(|first| first.key().0 <= now) {
            let ((_, handle), callback) = first.remove_entry();
            ready.push_back((handle, Some(callback)));
        }
        ready.len()
    }

    /// Each call has a catch of its own, and so has the handler (`run.panic`, `run.sturdy`).
    fn call(&self, callback: Callback) {
        let Err(payload) = catch_unwind(AssertUnwindSafe(|| callback.call())) else { return };
        // Read now (`run.handler`), and cloned, since a handler may set another one.
        let handler = self.handler.borrow().clone();
        let reported = catch_unwind(AssertUnwindSafe(move || {
            if let Some(handler) = handler {
                handler(&Exception::panicked(&*payload));
            }
        }));
        // What a handler panics with may panic again when it is dropped.
        mem::forget(reported);
    }
}

impl EventLoop for Toy {
    fn time(&self) -> Instant {
        now()
    }

    fn call_soon(&self, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        let (handle, callback) = self.admit(callback)?;
        // What was posted before comes first (`wake.local`).
        self.hear(false);
        self.queues.borrow_mut().ready.push_back((handle, Some(callback)));
        Ok(handle)
    }

    fn call_at(&self, when: Instant, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        let (handle, callback) = self.admit(callback)?;
        self.queues.borrow_mut().timers.insert((when, handle), callback);
        Ok(handle)
    }

    fn cancel(&self, handle: Handle) -> bool {
        let take = |Queues { ready, timers }: &mut Queues| {
            let key = timers.keys().copied().find(|(_, known)| *known == handle);
            let timer = key.and_then(|key| timers.remove(&key));
            timer.or_else(|| ready.iter_mut().find(|(known, _)| *known == handle)?.1.take())
        };
        // Bound to a name, so that the borrow is over when it is dropped (`cancel.reentry`).
        let cancelled = take(&mut self.queues.borrow_mut());
        cancelled.is_some()
    }

    fn run_forever(&self) -> Result<(), RunError> {
        // `Loop` has refused closed loops and nested runs. Nothing unwinds out of a turn here;
        // otherwise the state would need a guard (`run.state`).
        self.state.set(LoopState::Running);
        loop {
            self.turn();
            // Looked at after the turn (`stop.batch`), and used up (`stop.once`).
            if self.stop.take() {
                break;
            }
        }
        self.state.set(LoopState::Idle);
        Ok(())
    }

    fn stop(&self) {
        self.stop.set(true);
    }

    fn state(&self) -> LoopState {
        self.state.get()
    }

    fn close(&self) -> Result<(), CloseError> {
        match self.state.get() {
            LoopState::Running => return Err(CloseError::Running),
            // Also from inside of closing (`close.nested`).
            LoopState::Closed => return Ok(()),
            _ => self.state.set(LoopState::Closed),
        }
        // It posts every task, so it comes before the remote half refuses (`future.dropped`).
        self.tasks.cancel_all();
        let posted = {
            let mut inbox = self.shared.inbox();
            inbox.closed = true;
            mem::take(&mut inbox.posted)
        };
        // Both halves refuse by now, and nothing is borrowed or locked: what is dropped may call
        // either (`close.during`, `close.reentry`).
        drop((posted, self.queues.take(), self.handler.take()));
        Ok(())
    }

    fn remote(&self) -> Remote {
        self.remote.clone()
    }

    fn tasks(&self) -> &TaskSet {
        &self.tasks
    }

    fn capabilities(&self) -> Capabilities<'_> {
        // No literal, since fields may be added.
        let mut offered = Capabilities::default();
        offered.observe = Some(self);
        offered
    }
}

impl Observe for Toy {
    fn set_exception_handler(&self, handler: Option<ExceptionHandler>) -> Option<ExceptionHandler> {
        self.handler.replace(handler)
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        // It is not running, since a run holds a handle (`close.abandoned`).
        let _ = self.close();
    }
}

struct ToyPolicy {
    /// The main context: where the policy was made.
    main: Option<ContextId>,
    /// `None` inside: "no loop" was stored. Nothing at all: nothing ever was (`policy.cleared`).
    current: PerContext<Option<Loop>>,
}

impl EventLoopPolicy for ToyPolicy {
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        match self.current.get()?.as_deref() {
            Some(Some(lp)) => Ok(lp.clone()),
            None if ContextId::current().ok() == self.main => {
                // By way of `outer`, which is the layers around this policy (`policy.outer`).
                let lp = outer.new_event_loop(outer)?;
                outer.set_event_loop(outer, Some(lp.clone()))?;
                Ok(lp)
            }
            _ => Err(PolicyError::no_current_loop()),
        }
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, lp: Option<Loop>) -> Result<(), PolicyError> {
        self.current.replace(Some(Rc::new(lp)))?;
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Ok(Loop::new(Toy::new()?))
    }
}

#[derive(Default)]
struct Mine;

static LACKS: [Lack; 6] = [
    Lack::family("child", "it starts no programs"),
    Lack::family("source", "it watches no sources"),
    Lack::family("step", "no host can drive it"),
    Lack::family("fork", "it does not notice forks"),
    Lack::family("signal", "it hears no signals"),
    Lack::rule(&rules::capability::REFUSED, "it offers nothing that could be begun"),
];

impl Subject for Mine {
    fn policy(&self) -> Policy {
        Policy::new(ToyPolicy { main: ContextId::current().ok(), current: PerContext::new() })
    }

    fn lacks(&self) -> Vec<Lack> {
        LACKS.to_vec()
    }
}

fn main() {
    trials::main::<Mine>("toy")
}
