//! What a loop can do beyond running callbacks: optional, and behind one door.
//!
//! The core traits are total: none of their methods answers "not supported". Whatever a loop may
//! lack is a field of [`Capabilities`], so that a wrapper forwards all of it, known and unknown,
//! in one line, and a caller sees what is there before it relies on it.
//!
//! # For authors of loops
//!
//! Whoever asked for a capability while the loop was open may use it when the loop is closed. Refuse
//! what would begin something ([`capability.refused`](crate::rules::capability::REFUSED)), and let
//! clean-up code have its way ([`capability.harmless`](crate::rules::capability::HARMLESS)).

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;
use core::time::Duration;

use crate::{Command, Handle, Instant, OsError, Rejected, RunError, SendCallback, SpawnFailure, Spawned};

/// What one loop offers beyond [`EventLoop`](crate::EventLoop).
///
/// ```
/// # use anyloop_os as _;
/// let lp = anyloop::new_event_loop()?;
/// let capabilities = lp.capabilities();
/// assert!(capabilities.step.is_some(), "the reference loops can be driven by a host");
/// # lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Capabilities<'a> {
    /// Tells when a file descriptor, socket or handle is ready.
    pub readiness: Option<&'a dyn Readiness>,
    /// Carries out operations on buffers that it owns meanwhile.
    pub completion: Option<&'a dyn Completion>,
    /// Tells when the process receives a signal.
    pub signals: Option<&'a dyn Signals>,
    /// Starts programs.
    pub processes: Option<&'a dyn Processes>,
    /// Runs what would block on other threads.
    pub blocking: Option<&'a dyn Blocking>,
    /// Can be driven turn by turn by a host loop.
    pub step: Option<&'a dyn Step>,
    /// Reports what goes wrong in callbacks.
    pub observe: Option<&'a dyn Observe>,
    /// Whatever else the implementation and its users agree on.
    pub ext: Option<&'a dyn Any>,
}

impl fmt::Debug for Capabilities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capabilities")
            .field("readiness", &self.readiness.is_some())
            .field("completion", &self.completion.is_some())
            .field("signals", &self.signals.is_some())
            .field("processes", &self.processes.is_some())
            .field("blocking", &self.blocking.is_some())
            .field("step", &self.step.is_some())
            .field("observe", &self.observe.is_some())
            .field("ext", &self.ext.is_some())
            .finish()
    }
}

/// Something that the operating system can watch: a descriptor on Unix, a `SOCKET` on Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawSource(pub isize);

/// What to watch a source for, and what was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interest {
    /// It can be read, or has come to its end.
    pub readable: bool,
    /// It can be written, or has failed.
    pub writable: bool,
}

impl Interest {
    /// Readable only.
    pub const READABLE: Self = Self { readable: true, writable: false };
    /// Writable only.
    pub const WRITABLE: Self = Self { readable: false, writable: true };
    /// Both.
    pub const BOTH: Self = Self { readable: true, writable: true };
    /// Each of the two, in the order in which callbacks are called.
    pub const SIDES: [Self; 2] = [Self::READABLE, Self::WRITABLE];

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { readable: self.readable && other.readable, writable: self.writable && other.writable }
    }

    /// What is in this, and not in the other.
    #[must_use]
    pub const fn but(self, other: Self) -> Self {
        self.and(Self { readable: !other.readable, writable: !other.writable })
    }

    /// Whether it is neither.
    #[must_use]
    pub const fn is_none(self) -> bool {
        !self.readable && !self.writable
    }
}

/// How often a registration calls back.
///
/// asyncio's readers and writers are [`Level`](Self::Level). The others save system calls: nothing has to
/// be read, or to be removed, for the loop to come to rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trigger {
    /// In every turn in which the source is ready, until it is removed.
    #[default]
    Level,
    /// Once each time the source becomes ready anew, also while it still is. Not every system can tell.
    Edge,
    /// Once at most. The registration is over when the callback starts: from then on it cannot be
    /// removed, and the source may be closed.
    Once,
}

/// Tells when sources are ready (asyncio's `add_reader` and `add_writer`).
///
/// The callback runs as a callback of the loop, never from inside these methods. Unless it is called only once,
/// it is called for each side apart, for reading first: when a panic ends the one call, the other takes place. Use
/// [`Loop::add_source`](crate::Loop::add_source), which cannot be used wrongly.
#[doc(alias = "add_reader")]
#[doc(alias = "add_writer")]
pub trait Readiness {
    /// Watches `source`, and calls `callback` with what was seen, as often as `trigger` says.
    ///
    /// # Errors
    ///
    /// [`OsError`] if the system cannot watch it, or not in this way (`EOPNOTSUPP`), or if the loop is closed (the
    /// number that a closed descriptor gives). Nothing is registered then, and `callback` is dropped.
    ///
    /// # Safety
    ///
    /// `source` stays open until [`remove`](Self::remove) has returned, the loop is closed, or
    /// [`Trigger::Once`] has called back; else its number might be another's, which a removal then takes out.
    unsafe fn add(
        &self,
        source: RawSource,
        interest: Interest,
        trigger: Trigger,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError>;

    /// Watches for something else from now on. A side that is taken out is not called for any more, also if it
    /// was seen to be ready before.
    ///
    /// # Errors
    ///
    /// [`OsError`] if the system refuses, and the former interest stays in force.
    fn modify(&self, handle: Handle, interest: Interest) -> Result<(), OsError>;

    /// Stops watching, and says whether it did watch. The callback does not run afterwards. False on
    /// a closed loop.
    fn remove(&self, handle: Handle) -> bool;
}

/// An operation on a buffer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Operation {
    /// Reads at most `buffer.capacity()` bytes to the buffer's start.
    Read {
        /// What to read.
        source: RawSource,
        /// Where to: its contents are replaced.
        buffer: Vec<u8>,
    },
    /// Writes the buffer's bytes, perhaps not all.
    Write {
        /// What to write to.
        source: RawSource,
        /// What to write.
        buffer: Vec<u8>,
    },
}

/// What an operation ends with: the number of bytes, and the buffer back.
pub type Completed = Box<dyn FnOnce(Result<usize, OsError>, Vec<u8>)>;

/// Carries out operations whose buffers it owns until they are over, whatever the caller drops.
///
/// No reference loop offers it yet.
pub trait Completion {
    /// Starts `operation`; `done` is called exactly once, as a callback of the loop.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives both back.
    ///
    /// # Safety
    ///
    /// The source stays open until `done` is called.
    unsafe fn submit(
        &self,
        operation: Operation,
        done: Completed,
    ) -> Result<Handle, Rejected<(Operation, Completed)>>;

    /// Asks for the operation to be given up. `done` is called all the same, and it may have
    /// succeeded.
    fn request_cancel(&self, handle: Handle) -> bool;
}

/// Tells when the process receives a signal (asyncio's `add_signal_handler`). Use
/// [`Loop::add_signal_handler`](crate::Loop::add_signal_handler) and [`Loop::signal`](crate::Loop::signal).
///
/// Callbacks run as callbacks of the loop, never from inside these methods and never inside of what the
/// system calls when the signal comes. Each is called at least once for signals that come together, and never more
/// often than they came, whatever other loops and child watchers listen for.
///
/// # For authors of loops
///
/// [`SignalHandlers`](crate::SignalHandlers) keeps the books: what is left is to have the system tell the loop.
pub trait Signals {
    /// Calls `callback` when `signal` came, in the place of the former handler.
    ///
    /// # Errors
    ///
    /// [`OsError`], and nothing is changed and `callback` is dropped: for a number that is no signal, and for one that
    /// cannot be caught or after which nothing can go on, such as a fault of the program (EINVAL on Unix); or
    /// if the loop is closed (the number that a closed descriptor gives).
    fn add_signal_handler(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<(), OsError>;

    /// Removes the handler, and says whether there was one. It does not run afterwards. False for a number that is
    /// no signal, and on a closed loop.
    fn remove_signal_handler(&self, signal: i32) -> bool;

    /// Calls `callback` when `signal` came, beside the handler and others who listen.
    ///
    /// # Errors
    ///
    /// As [`add_signal_handler`](Self::add_signal_handler).
    fn listen(&self, signal: i32, callback: Rc<dyn Fn(i32)>) -> Result<Handle, OsError>;

    /// Calls it no more, and says whether it would have. False on a closed loop.
    fn unlisten(&self, handle: Handle) -> bool;
}

/// Starts programs.
pub trait Processes {
    /// Starts the program, and gives what identifies it, and the ends of its pipes, which belong to this loop. Use
    /// [`Loop::subprocess_exec`](crate::Loop::subprocess_exec), which also watches for its end.
    ///
    /// # Errors
    ///
    /// [`SpawnFailure`], and nothing was created: on a closed loop always, since it could not be told
    /// of the end (the number that a closed descriptor gives).
    fn spawn(&self, command: &Command) -> Result<Spawned, SpawnFailure>;
}

/// Runs what would block on other threads. No reference loop offers it yet.
pub trait Blocking {
    /// Runs `job` on a thread that may block.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the job back.
    fn run_in_executor(&self, job: SendCallback) -> Result<(), Rejected<SendCallback>>;
}

/// Can be driven turn by turn, by a host that has a loop of its own.
pub trait Step {
    /// Runs what is ready, in one turn, and says whether any callback ran. If nothing is, it waits at
    /// most `max_wait` (`None`: as long as it takes) for something to do. Use
    /// [`Loop::step`](crate::Loop::step), which marks the loop as running.
    ///
    /// A stop ends the wait, and is used up.
    ///
    /// *Keeps* [`step.turn`](crate::rules::step::TURN), [`step.says`](crate::rules::step::SAYS),
    /// [`step.bound`](crate::rules::step::BOUND), [`step.waits`](crate::rules::step::WAITS),
    /// [`step.stop`](crate::rules::step::STOP).
    ///
    /// # Errors
    ///
    /// As [`EventLoop::run_forever`](crate::EventLoop::run_forever).
    fn step(&self, max_wait: Option<Duration>) -> Result<bool, RunError>;

    /// When the next timer is due; `None` if there is none. Now, if a callback is ready: until then a
    /// host may wait for something else, if remote work wakes it, too.
    ///
    /// *Keeps* [`step.deadline`](crate::rules::step::DEADLINE).
    fn next_deadline(&self) -> Option<Instant>;
}

/// What went wrong in a callback.
#[non_exhaustive]
pub struct Exception<'a> {
    /// What happened, in words.
    pub message: &'a str,
    /// What the callback panicked with.
    pub payload: Option<&'a (dyn Any + Send)>,
}

impl<'a> Exception<'a> {
    /// A callback panicked with `payload`.
    #[must_use]
    pub fn panicked(payload: &'a (dyn Any + Send)) -> Self {
        Self { message: "a callback panicked", payload: Some(payload) }
    }

    /// The text that the callback panicked with, if it was one.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        let payload = self.payload?;
        payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref().map(alloc::string::String::as_str))
    }
}

impl fmt::Debug for Exception<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exception({}: {:?})", self.message, self.panic_message())
    }
}

/// What is told about exceptions. It runs on the loop's context, inside the turn.
pub type ExceptionHandler = Rc<dyn Fn(&Exception<'_>)>;

/// Reports what goes wrong in callbacks.
///
/// Without a handler nothing more is done than std's panic hook has done already, which is to
/// print the message.
pub trait Observe {
    /// Sets or clears the handler and returns the one there was.
    ///
    /// *Keeps* [`run.panic`](crate::rules::run::PANIC),
    /// [`run.report`](crate::rules::run::REPORT),
    /// [`run.handler`](crate::rules::run::HANDLER),
    /// [`run.sturdy`](crate::rules::run::STURDY). A handler that panics does not hurt the loop.
    fn set_exception_handler(&self, handler: Option<ExceptionHandler>) -> Option<ExceptionHandler>;
}
