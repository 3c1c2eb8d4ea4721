//! What is the loop? The shared engine, on the clock of a simulation.

use std::any::Any;
use std::cell::RefCell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyloop::{
    Callback, Capabilities, ChildHandle, ChildToken, CloseError, Command, EventLoop, Exception,
    ExceptionHandler, Handle, Instant, Loop, LoopState, Observe, OsError, Pid, Processes, RawChild, Rejected,
    Remote, RunError, SpawnFailure, SpawnStep, Spawned, Stdio, Step, TaskSet,
};
use anyloop_turn::{Backend, Engine, Park, Sink, Wake};

use crate::Simulation;
use crate::signals::Hearing;
use crate::sources::Sources;

/// A loop on virtual time, with what a test does beyond running it. It derefs to the [`Loop`].
///
/// *Capabilities:* readiness (of [`SimSocket`](crate::SimSocket)s), signals, processes, step, observe. *Clock:* that of its [`Simulation`], which begins at
/// the epoch and moves only when nothing else can happen; deadlines 292 years after the epoch and
/// later never come. *Kernel objects:* none.
///
/// ```
/// use anyloop_sim::SimEventLoop;
/// use std::time::Duration;
///
/// let lp = SimEventLoop::new();
/// let year = Duration::from_secs(365 * 24 * 60 * 60);
/// lp.run_until_complete(async { anyloop::sleep(year).await })??;
/// assert_eq!(lp.time().as_nanos(), year.as_nanos() as u64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SimEventLoop {
    lp: Loop,
    simulation: Simulation,
}

impl SimEventLoop {
    /// A loop with a simulation of its own, which belongs to the calling thread.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Simulation::new())
    }

    /// A loop of `simulation`, which belongs to the calling thread.
    #[must_use]
    pub fn with(simulation: &Simulation) -> Self {
        let simulation = simulation.clone();
        let clock = Clock { number: simulation.number(), simulation: simulation.clone() };
        let hearing = Hearing::new(&simulation, clock.number);
        let sources = Sources::new(&simulation, clock.number);
        let virtual_time = Virtual { clock, hearing, sources, exception_handler: RefCell::new(None) };
        let simulated = Simulated { engine: Engine::new(virtual_time), simulation: simulation.clone() };
        Self { lp: Loop::new(simulated), simulation }
    }

    /// The loop behind a handle, if it is one of this crate.
    #[must_use]
    pub fn of(lp: &Loop) -> Option<Self> {
        let simulated: &Simulated = lp.as_any().downcast_ref()?;
        Some(Self { lp: lp.clone(), simulation: simulated.simulation.clone() })
    }

    /// Its clock and its children.
    #[must_use]
    pub const fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// Runs turns until nothing is ready. No time passes.
    ///
    /// A `stop` does not end it; callbacks that schedule themselves for ever keep it from
    /// returning.
    ///
    /// # Errors
    ///
    /// As [`Loop::run_forever`].
    pub fn run_until_idle(&self) -> Result<(), RunError> {
        while self.lp.step(Some(Duration::ZERO)).unwrap_or(Ok(false))? {}
        Ok(())
    }

    /// Lets time pass, and runs whatever becomes due or ready meanwhile, each at its time. The
    /// clock has advanced by exactly `time` afterwards, or by more if a callback let time
    /// [elapse](Simulation::elapse).
    ///
    /// # Errors
    ///
    /// As [`Loop::run_forever`]. What had not become due by then is left as it was.
    ///
    /// ```
    /// use anyloop_sim::SimEventLoop;
    /// use std::time::Duration;
    ///
    /// let lp = SimEventLoop::new();
    /// let timer = lp.spawn_local(anyloop::sleep(Duration::from_secs(10))).unwrap();
    /// lp.advance(Duration::from_secs(9))?;
    /// assert!(!timer.is_finished());
    /// lp.advance(Duration::from_secs(1))?;
    /// assert!(timer.is_finished());
    /// # Ok::<(), anyloop::RunError>(())
    /// ```
    pub fn advance(&self, time: Duration) -> Result<(), RunError> {
        let end = self.time() + time;
        self.run_until_idle()?;
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.simulation.elapse_until(next);
            self.run_until_idle()?;
        }
        self.simulation.elapse_until(end);
        Ok(())
    }

    /// When something happens next, if time passes.
    fn next_event(&self) -> Option<Instant> {
        let timer = self.capabilities().step.and_then(Step::next_deadline);
        [timer, self.simulation.next_end()].into_iter().flatten().min()
    }
}

impl Default for SimEventLoop {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for SimEventLoop {
    type Target = Loop;

    fn deref(&self) -> &Loop {
        &self.lp
    }
}

impl From<SimEventLoop> for Loop {
    fn from(simulated: SimEventLoop) -> Self {
        simulated.lp
    }
}

/// The engine, which does not say when a run begins and ends, and the simulation, which has to
/// know.
struct Simulated {
    engine: Engine<Virtual>,
    simulation: Simulation,
}

impl EventLoop for Simulated {
    fn time(&self) -> Instant {
        self.engine.time()
    }

    fn call_soon(&self, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        self.engine.call_soon(callback)
    }

    fn call_at(&self, when: Instant, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        self.engine.call_at(when, callback)
    }

    fn cancel(&self, handle: Handle) -> bool {
        self.engine.cancel(handle)
    }

    fn run_forever(&self) -> Result<(), RunError> {
        let _run = self.simulation.run();
        self.engine.run_forever()
    }

    fn stop(&self) {
        self.engine.stop();
    }

    fn state(&self) -> LoopState {
        self.engine.state()
    }

    fn close(&self) -> Result<(), CloseError> {
        self.engine.close()
    }

    fn remote(&self) -> Remote {
        self.engine.remote()
    }

    fn tasks(&self) -> &TaskSet {
        self.engine.tasks()
    }

    fn after_fork_in_child(&self) {
        self.engine.after_fork_in_child();
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = self.engine.capabilities();
        capabilities.step = Some(self);
        capabilities.processes = Some(self);
        capabilities
    }
}

impl Step for Simulated {
    fn step(&self, max_wait: Option<Duration>) -> Result<bool, RunError> {
        let _run = self.simulation.run();
        self.engine.step(max_wait)
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.engine.next_deadline()
    }
}

/// What a simulated child is held by.
struct Held {
    simulation: Simulation,
    pid: Pid,
}

// SAFETY: it gives no handle of the system, and numbers are never given again.
unsafe impl ChildHandle for Held {
    fn raw(&self) -> Option<isize> {
        None
    }

    fn send_signal(&self, signal: i32) -> Result<(), OsError> {
        self.simulation.send_signal(self.pid, signal);
        Ok(())
    }

    fn discard(&self) {
        self.simulation.send_signal(self.pid, 9);
        let _ = self.simulation.collect(self.pid);
    }
}

/// "Not supported": simulated children have no pipes.
const NOT_SUPPORTED: OsError = OsError::from_raw(95);

/// "Bad descriptor", by the same number on Unix and Windows: what a closed loop answers.
const BAD_DESCRIPTOR: OsError = OsError::from_raw(9);

impl Processes for Simulated {
    fn spawn(&self, command: &Command) -> Result<Spawned, SpawnFailure> {
        let failed = |step, error| SpawnFailure::new(command, step, error);
        if self.engine.state() == LoopState::Closed {
            return Err(failed(SpawnStep::Process, BAD_DESCRIPTOR));
        }
        if command.setting().stdio.iter().any(|stdio| matches!(stdio, Stdio::Pipe)) {
            return Err(failed(SpawnStep::Stream, NOT_SUPPORTED));
        }
        let pid = self.simulation.exec(command).map_err(|error| failed(SpawnStep::Program, error))?;
        let held = Held { simulation: self.simulation.clone(), pid };
        Ok(ChildToken::new(pid, RawChild::new(held)).into())
    }
}

/// A loop's place in a simulation.
#[derive(Clone)]
struct Clock {
    simulation: Simulation,
    number: u64,
}

impl Wake for Clock {
    fn wake(&self) {
        self.simulation.wake(self.number);
    }
}

/// What the engine runs on.
struct Virtual {
    clock: Clock,
    hearing: Hearing,
    sources: Sources,
    exception_handler: RefCell<Option<ExceptionHandler>>,
}

impl Virtual {
    fn report(&self, payload: &(dyn Any + Send)) {
        // Bound to a name, so that the borrow is over before the handler runs.
        let handler = self.exception_handler.borrow().clone();
        if let Some(handler) = handler {
            handler(&Exception::panicked(payload));
        }
    }
}

impl Backend for Virtual {
    type Waker = Clock;

    fn now(&self) -> Instant {
        self.clock.simulation.now()
    }

    fn waker(&self) -> Clock {
        self.clock.clone()
    }

    fn park(&self, park: Park, ready: &mut Sink<'_>) -> Result<(), RunError> {
        let any = self.sources.look(ready);
        let parked = match park {
            _ if any => Ok(()),
            Park::Poll => Ok(()),
            Park::Until(when) => self.clock.simulation.park(self.clock.number, Some(when)),
            Park::Forever => self.clock.simulation.park(self.clock.number, None),
        };
        if !any {
            self.sources.look(ready);
        }
        // Its queues are never full.
        self.hearing.heard().for_each(|callback| drop(ready(callback)));
        parked
    }

    fn run(&self, batch: &mut dyn FnMut()) {
        while let Err(payload) = catch_unwind(AssertUnwindSafe(&mut *batch)) {
            // The handler may panic, and so may the `Drop` of what it or the callback panicked
            // with. The panic hook has spoken already; the loop goes on.
            let reported = catch_unwind(AssertUnwindSafe(|| {
                self.report(&*payload);
                drop(payload);
            }));
            if let Err(payload) = reported {
                std::mem::forget(payload);
            }
        }
    }

    fn close(&self) {
        self.clock.simulation.forget(self.clock.number);
        self.hearing.close();
        self.sources.close();
        let handler = self.exception_handler.take();
        drop(handler);
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::default();
        capabilities.readiness = Some(&self.sources);
        capabilities.signals = Some(&self.hearing);
        capabilities.observe = Some(self);
        capabilities
    }
}

impl Observe for Virtual {
    fn set_exception_handler(&self, handler: Option<ExceptionHandler>) -> Option<ExceptionHandler> {
        self.exception_handler.replace(handler)
    }
}
