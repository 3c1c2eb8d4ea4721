//! What a backend must do: tell the time, wait for events, and be woken.
//!
//! The whole contract, in the order in which an [`Engine`](crate::Engine) relies on it:
//!
//! 1. [`now`](Backend::now) never goes backwards. Where time is virtual it may stand still while
//!    callbacks run, and moves in [`park`](Backend::park).
//! 2. [`park`](Backend::park) returns when the time is up, when an event came, or when a
//!    [`wake`](Wake::wake) came that began after the last park returned. It may also return for
//!    no reason. It never returns late because of a wake that it lost.
//! 3. `park` hands over the callbacks of events; it runs none of them.
//! 4. [`run`](Backend::run) calls what it is given, and again after each panic that it caught, where
//!    panics unwind.
//! 5. All of these are called on the loop's context only. [`Wake::wake`] is called on any, only
//!    between a [`prepare`](Backend::prepare) and the end of the park that follows it, and at most
//!    once in between. So a backend can put off making what wakes until the first `prepare`, which
//!    does not come before somebody has asked for the remote half.

use anyloop::{Callback, Capabilities, Instant, ProcessStamp, RejectReason, Rejected, RunError};

/// How long [`Backend::park`] may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Park {
    /// Not at all: collect what has happened.
    Poll,
    /// Until the clock has reached the instant.
    Until(Instant),
    /// Until an event or a wake.
    Forever,
}

/// Takes the callback of an event into the ready queue, or hands it back if that is full.
pub type Sink<'a> = dyn FnMut(Callback) -> Result<(), Rejected<Callback>> + 'a;

/// What an [`Engine`](crate::Engine) needs from the system below it. The contract stands at the
/// top of this file.
pub trait Backend: 'static {
    /// What ends a [`park`](Self::park) from another context.
    type Waker: Wake;

    /// The time.
    fn now(&self) -> Instant;

    /// What remote halves call. Called once, when the engine is made.
    fn waker(&self) -> Self::Waker;

    /// Lets a backend that prefers latency to idling wait busily, for a bounded time, before a
    /// [`park`](Self::park) that may wait. `is_quiet` says whether no other context has sent
    /// anything yet. Returns at once unless the backend says otherwise.
    fn spin(&self, park: Park, is_quiet: &dyn Fn() -> bool) {
        let _ = (park, is_quiet);
    }

    /// While there is always something ready, events are looked for once in so many callbacks, and
    /// not in every turn: looking is mostly a system call. A bigger batch than that is not
    /// interrupted. Zero is for every turn.
    fn callbacks_between_polls(&self) -> u32 {
        64
    }

    /// Makes whatever the waker needs. Called before each [`park`](Self::park) that may wait and
    /// that somebody could end: not while the loop has no remote half. Called before any context is
    /// told that there will be something to wake.
    ///
    /// # Errors
    ///
    /// [`RunError`] ends the run with that error; the engine stays usable.
    fn prepare(&self) -> Result<(), RunError> {
        Ok(())
    }

    /// Waits, and hands the callbacks of events to `ready`.
    ///
    /// # Errors
    ///
    /// [`RunError`] ends the run with that error; the engine stays usable.
    fn park(&self, park: Park, ready: &mut Sink<'_>) -> Result<(), RunError>;

    /// Calls `batch`, which runs the callbacks of a turn. Where panics unwind, it catches the panic
    /// of a callback, reports it, and calls `batch` again, which goes on with the next one; it
    /// returns when `batch` does.
    fn run(&self, batch: &mut dyn FnMut()) {
        batch();
    }

    /// Frees what the system gave, the waker's share too, since no wake is under way or will be;
    /// and drops the callbacks that are registered for events, outside of every borrow. Called
    /// once, when the engine is closed or dropped; never in a forked child of the process that
    /// made it, where a backend that is dropped drops no callback either.
    fn close(&self) {}

    /// What the loop offers thanks to this backend. The engine adds `step`.
    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::default()
    }
}

/// Ends a park.
pub trait Wake: Send + Sync + 'static {
    /// Makes the engine's current or next [`park`](Backend::park) return. On any context, in an
    /// interrupt too.
    fn wake(&self);
}

/// Why a loop that was made in `home` takes nothing: it is closed, or this is another process.
pub(crate) fn refusal<T>(home: ProcessStamp, item: T) -> Rejected<T> {
    let reason = if home == ProcessStamp::NONE { RejectReason::Closed } else { RejectReason::WrongProcess };
    Rejected::new(reason, item)
}
