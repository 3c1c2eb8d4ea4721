//! What a `SelectorEventLoop` is: the shared engine over what the system waits with.
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | which choices are there, and what does it offer? |
//! | `sources.rs` | what does it watch? |
//! | `poller.rs` | what does it wait with? |
//! | `epoll.rs`, `kqueue.rs`, `poll.rs` | how is that done on Linux, on BSD and macOS, and where there is nothing better? |
//! | `epoll_wait.rs` | how does it sleep on an epoll? |
//! | `clock.rs` | what time is it? |
//! | `waker.rs` | how is it woken? |
//! | `eventfd.rs`, `pipe.rs` | by what? |

pub(crate) mod clock;
pub(crate) mod poller;
pub(crate) mod sources;
pub(crate) mod waker;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use anyloop::{
    Capabilities, Command, Exception, ExceptionHandler, Instant, Loop, Observe, PolicyError, Processes,
    RunError, SpawnFailure, SpawnStep, Spawned,
};
use anyloop_turn::{Backend, Engine, Park, Sink};
use rustix::io::Errno;

use self::clock::now;
use self::poller::Poller;
use self::sources::Sources;
use self::waker::Waker;
use crate::signals::Hearing;
use crate::{SPAWNER, System, os_error, sys};

/// Starts a program, whose pipes the loop is to wait for.
pub(crate) type Spawner = fn(&Command, &Rc<Sources>) -> Result<Spawned, SpawnFailure>;

pub(crate) fn new_event_loop() -> Result<Loop, PolicyError> {
    Ok(SelectorEventLoop::new())
}

/// The loop for Unix, asyncio's name for its loop of choice there: on Linux on epoll, on FreeBSD and macOS on
/// kqueue, elsewhere on `poll`, which `--cfg anyloop_force_poll` chooses anywhere.
///
/// *Capabilities:* readiness, signals, processes, step, observe. *Clock:* `CLOCK_MONOTONIC`, read afresh
/// each time; waits end within microseconds of their time, or are rounded up to whole milliseconds
/// before Linux 5.11. *Kernel objects:* an epoll, made when the loop first has to wait or to watch
/// something, an eventfd, made when it has to wait and has a remote half, and another, made when it first listens for
/// a signal; `close` frees them.
///
/// *Signals:* on any thread, which does not block those any more that it listens for. The handler of the process is
/// installed with `SA_RESTART`, and calls whatever handled the signal before, unless that is the default; in a forked
/// child it stays, and is heard by nobody. SIGKILL, SIGSTOP and the faults SIGILL, SIGBUS, SIGFPE and SIGSEGV are refused.
///
/// ```
/// use anyloop_os::SelectorEventLoop;
///
/// let lp = SelectorEventLoop::new();
/// assert_eq!(lp.run_until_complete(async { "done" })?, "done");
/// lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It sleeps when there is nothing to do. [`builder`](Self::builder) makes loops that trade power
/// for latency.
#[derive(Debug)]
pub enum SelectorEventLoop {}

impl SelectorEventLoop {
    /// A new loop, which belongs to the calling thread. Never fails: what the kernel could refuse
    /// is asked for when it is needed.
    #[expect(clippy::new_ret_no_self, reason = "a loop is used through its handle")]
    #[must_use]
    pub fn new() -> Loop {
        Self::builder().build()
    }

    /// What it waits with on this system: `epoll`, `kqueue` or `poll`.
    #[must_use]
    pub const fn poller() -> &'static str {
        System::NAME
    }

    /// A loop with choices.
    pub const fn builder() -> SelectorBuilder {
        SelectorBuilder { spin: Duration::ZERO, callbacks_between_polls: 64 }
    }
}

/// The choices of a [`SelectorEventLoop`].
///
/// ```
/// use anyloop_os::SelectorEventLoop;
/// use std::time::Duration;
///
/// let lp = SelectorEventLoop::builder().spin(Duration::from_micros(20)).build();
/// assert_eq!(lp.run_until_complete(async { 1 }), Ok(1));
/// lp.close()?;
/// # Ok::<(), anyloop::CloseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "call build()"]
pub struct SelectorBuilder {
    spin: Duration,
    callbacks_between_polls: u32,
}

impl SelectorBuilder {
    /// Waits busily for work from other threads, at most so long, before it sleeps.
    ///
    /// Waking a processor that sleeps costs tens of microseconds, which a loop that did not sleep
    /// saves. Events of sources are not waited for in this way. Nothing is done if the thread that
    /// calls [`build`](Self::build) may use one processor only: there it would keep the other
    /// thread from running. So pin a thread to its processor after its loop is built.
    pub const fn spin(mut self, longest: Duration) -> Self {
        self.spin = longest;
        self
    }

    /// While there is always something ready, looks for events once in so many callbacks: 64, if
    /// nothing else is said. With zero it looks in every turn, which is a system call each time. A
    /// batch of callbacks is never interrupted.
    pub const fn callbacks_between_polls(mut self, callbacks: u32) -> Self {
        self.callbacks_between_polls = callbacks;
        self
    }

    /// The loop, which belongs to the calling thread.
    #[must_use]
    pub fn build(self) -> Loop {
        let spin = if self.spin.is_zero() || sys::is_alone() { Duration::ZERO } else { self.spin };
        let sources = Rc::new(Sources::new());
        Loop::new(<Engine<_>>::new(Selector {
            signals: Hearing::new(sources.clone()),
            sources,
            exception_handler: RefCell::new(None),
            spin,
            callbacks_between_polls: self.callbacks_between_polls,
        }))
    }
}

/// What the engine runs on.
struct Selector {
    sources: Rc<Sources>,
    signals: Hearing,
    exception_handler: RefCell<Option<ExceptionHandler>>,
    spin: Duration,
    callbacks_between_polls: u32,
}

impl Selector {
    fn report(&self, exception: &Exception<'_>) {
        // Bound to a name, so that the borrow is over before the handler runs.
        let handler = self.exception_handler.borrow().clone();
        if let Some(handler) = handler {
            handler(exception);
        }
    }
}

impl Backend for Selector {
    type Waker = Waker;

    fn now(&self) -> Instant {
        now()
    }

    fn waker(&self) -> Waker {
        self.sources.waker().clone()
    }

    fn callbacks_between_polls(&self) -> u32 {
        self.callbacks_between_polls
    }

    fn spin(&self, park: Park, is_quiet: &dyn Fn() -> bool) {
        if self.spin.is_zero() {
            return;
        }
        let mut end = self.now() + self.spin;
        if let Park::Until(deadline) = park {
            end = end.min(deadline);
        }
        while is_quiet() && self.now() < end {
            std::hint::spin_loop();
        }
    }

    fn prepare(&self) -> Result<(), RunError> {
        self.sources.listen()?;
        Ok(())
    }

    fn park(&self, park: Park, ready: &mut Sink<'_>) -> Result<(), RunError> {
        Ok(self.sources.wait(park, || self.now(), ready)?)
    }

    fn run(&self, batch: &mut dyn FnMut()) {
        while let Err(payload) = catch_unwind(AssertUnwindSafe(&mut *batch)) {
            // The handler may panic, and so may the `Drop` of what it or the callback panicked
            // with. The panic hook has spoken already; the loop goes on.
            let reported = catch_unwind(AssertUnwindSafe(|| {
                self.report(&Exception::panicked(&*payload));
                drop(payload);
            }));
            if let Err(payload) = reported {
                std::mem::forget(payload);
            }
        }
    }

    fn close(&self) {
        self.signals.close();
        self.sources.close();
        let handler = self.exception_handler.take();
        drop(handler);
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::default();
        capabilities.readiness = Some(&*self.sources);
        capabilities.signals = Some(&self.signals);
        capabilities.processes = SPAWNER.is_some().then_some(self as &dyn Processes);
        capabilities.observe = Some(self);
        capabilities
    }
}

impl Processes for Selector {
    fn spawn(&self, command: &Command) -> Result<Spawned, SpawnFailure> {
        match SPAWNER {
            // A closed loop could not be told of the end.
            Some(spawn) if self.sources.is_open() => spawn(command, &self.sources),
            _ => Err(SpawnFailure::new(command, SpawnStep::Process, os_error(Errno::BADF))),
        }
    }
}

impl Observe for Selector {
    fn set_exception_handler(&self, handler: Option<ExceptionHandler>) -> Option<ExceptionHandler> {
        self.exception_handler.replace(handler)
    }
}
