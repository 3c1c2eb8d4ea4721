//! What a loop is: the trait that every event loop implements.
//!
//! Authors of loops find in [`EventLoop`] what to write and in which order, users hold a
//! [`Loop`](crate::Loop), whose methods take closures and futures.

use core::any::Any;

use crate::{Callback, Capabilities, CloseError, Handle, Instant, Rejected, Remote, RunError, TaskSet};

/// The half of a loop that lives on one context: it runs callbacks there, one at a time.
///
/// Called through [`Loop`](crate::Loop), and only from the context on which the loop was made,
/// which the compiler sees to, since a `Loop` is `!Send`.
///
/// # For authors of loops
///
/// Write [`RemoteLoop`](crate::RemoteLoop) over a queue that both halves share, then the queues of
/// this half with handles from [`Handles`](crate::Handles), then the turn and
/// [`run_forever`](Self::run_forever), then [`close`](Self::close), which `Drop` calls, too, and last a
/// [policy](crate::EventLoopPolicy) that makes the loop and the plug-in of the conformance kit:
/// `conformance/tests/toy.rs` in the repository is all of that, on `std` alone, to be copied. Or bring
/// a small `Backend` to the engine of the reference loops, `anyloop-turn`.
///
/// On these two halves this crate builds the rest once, for all loops: the refusal of nested runs,
/// the mark of the running loop, futures, sleeps. A task that was woken comes in by
/// [`RemoteLoop::schedule`](crate::RemoteLoop::schedule); `Callback::from(runnable)` makes it a
/// callback like any other, which polls the task when it is called.
///
/// Left to you is to catch each callback's panic and to tell the handler of
/// [`Observe`](crate::Observe) with [`Exception::panicked`](crate::Exception::panicked), in a catch of
/// its own ([`run.panic`](crate::rules::run::PANIC), [`run.sturdy`](crate::rules::run::STURDY)); a
/// handler can be set only if [`capabilities`](Self::capabilities) offers `Observe`. Never run or drop
/// a callback while you hold a borrow or a lock of your own, since it may call any method here: that
/// is why all of them take `&self`.
///
/// # Turns
///
/// A run is a row of turns. In each, the loop waits until something can happen, collects the
/// callbacks that became ready, and runs exactly those: what they schedule belongs to a later
/// turn. All callbacks are run from inside [`run_forever`](Self::run_forever), never from inside
/// a method that schedules ([`ready.later`](crate::rules::ready::LATER)).
///
/// # Misuse
///
/// Whatever is called, and whenever, every method returns
/// ([`run.returns`](crate::rules::run::RETURNS)) and the process goes on
/// ([`run.alive`](crate::rules::run::ALIVE)): what cannot be done is refused with an error.
///
/// # Forks
///
/// In a forked child a loop of the parent is of no use, and refuses as
/// [`WrongProcess`](crate::RunError::WrongProcess) if it was open
/// ([`fork.refuses`](crate::rules::fork::REFUSES)). No method of it runs a callback there
/// ([`fork.calls`](crate::rules::fork::CALLS)), waits for anybody
/// ([`fork.returns`](crate::rules::fork::RETURNS)), or reaches the parent
/// ([`fork.parent`](crate::rules::fork::PARENT)), and dropping it drops no callback
/// ([`fork.drops`](crate::rules::fork::DROPS)). Keep a [`ProcessStamp`](crate::ProcessStamp) to know.
pub trait EventLoop: Any {
    /// The time on the loop's monotonic clock.
    ///
    /// *Keeps* [`timer.monotonic`](crate::rules::timer::MONOTONIC),
    /// [`timer.live`](crate::rules::timer::LIVE). Works on a closed loop too.
    #[doc(alias = "now")]
    fn time(&self) -> Instant;

    /// Arranges for `callback` to run in a later turn, after those that were accepted before it.
    ///
    /// *Keeps* [`ready.fifo`](crate::rules::ready::FIFO), [`ready.once`](crate::rules::ready::ONCE),
    /// [`ready.later`](crate::rules::ready::LATER), [`ready.owner`](crate::rules::ready::OWNER),
    /// [`ready.room`](crate::rules::ready::ROOM), [`ready.grows`](crate::rules::ready::GROWS),
    /// [`ready.progress`](crate::rules::ready::PROGRESS), [`handle.unique`](crate::rules::handle::UNIQUE),
    /// [`handle.contexts`](crate::rules::handle::CONTEXTS).
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the callback back: [`Closed`](crate::RejectReason::Closed), or
    /// [`Full`](crate::RejectReason::Full) on a loop of fixed capacity
    /// ([`close.rejects`](crate::rules::close::REJECTS)), or
    /// [`WrongProcess`](crate::RejectReason::WrongProcess)
    /// ([`fork.refuses`](crate::rules::fork::REFUSES)).
    fn call_soon(&self, callback: Callback) -> Result<Handle, Rejected<Callback>>;

    /// Arranges for `callback` to run in a later turn, as soon as the clock has reached `when`.
    ///
    /// Deadlines in the past are welcome; [`Instant::NEVER`] never comes.
    ///
    /// *Keeps* [`timer.early`](crate::rules::timer::EARLY), [`timer.order`](crate::rules::timer::ORDER),
    /// [`timer.tie`](crate::rules::timer::TIE), [`timer.past`](crate::rules::timer::PAST),
    /// [`timer.far`](crate::rules::timer::FAR), [`ready.fair`](crate::rules::ready::FAIR).
    ///
    /// # Errors
    ///
    /// As [`call_soon`](Self::call_soon).
    fn call_at(&self, when: Instant, callback: Callback) -> Result<Handle, Rejected<Callback>>;

    /// Drops the callback that `handle` names, uncalled, and says whether there was one.
    ///
    /// It answers `false` for a callback that has started, was cancelled before, or belongs to
    /// another loop. The callback is dropped before this returns, outside of every borrow: its
    /// `Drop` may call any method of the loop.
    ///
    /// *Keeps* [`cancel.never`](crate::rules::cancel::NEVER), [`cancel.answer`](crate::rules::cancel::ANSWER),
    /// [`cancel.drops`](crate::rules::cancel::DROPS), [`cancel.foreign`](crate::rules::cancel::FOREIGN),
    /// [`cancel.stale`](crate::rules::cancel::STALE), [`cancel.reentry`](crate::rules::cancel::REENTRY),
    /// [`cancel.self`](crate::rules::cancel::SELF).
    fn cancel(&self, handle: Handle) -> bool;

    /// Runs turns until it is stopped.
    ///
    /// Called by [`Loop::run_forever`](crate::Loop::run_forever) and
    /// [`Loop::run_until_complete`](crate::Loop::run_until_complete), which have asked for the
    /// [`state`](Self::state), refused to run a closed loop or inside of a run, and marked the loop as
    /// the one that [`get_running_loop`](crate::get_running_loop) gives in this context. Only that mark
    /// is set for you. The state is the loop's own: say [`Running`](LoopState::Running) from here on,
    /// and [`Idle`](LoopState::Idle) again on every way out, a panic included if one can leave your turn
    /// ([`run.state`](crate::rules::run::STATE)). The way out also uses up the stop
    /// ([`stop.once`](crate::rules::stop::ONCE)).
    ///
    /// *Keeps* [`run.state`](crate::rules::run::STATE), [`run.again`](crate::rules::run::AGAIN),
    /// [`run.panic`](crate::rules::run::PANIC), [`stop.batch`](crate::rules::stop::BATCH),
    /// [`stop.returns`](crate::rules::stop::RETURNS), [`stop.once`](crate::rules::stop::ONCE),
    /// [`run.lasts`](crate::rules::run::LASTS),
    /// [`run.interrupted`](crate::rules::run::INTERRUPTED),
    /// [`stop.panic`](crate::rules::stop::PANIC).
    ///
    /// # Errors
    ///
    /// [`RunError::Closed`], [`RunError::WrongProcess`], [`RunError::Stalled`] on a loop that can
    /// tell, [`RunError::Os`] if waiting for events fails.
    fn run_forever(&self) -> Result<(), RunError>;

    /// Makes the run return at the end of the current turn, or, if none is under way, makes the
    /// next run return after one turn that does not wait.
    ///
    /// *Keeps* [`stop.returns`](crate::rules::stop::RETURNS), [`stop.before`](crate::rules::stop::BEFORE),
    /// [`stop.keeps`](crate::rules::stop::KEEPS), [`stop.once`](crate::rules::stop::ONCE). Harmless on a
    /// closed loop.
    fn stop(&self);

    /// Whether the loop is idle, running, or closed. In a forked child it is not running.
    ///
    /// *Keeps* [`run.state`](crate::rules::run::STATE), [`fork.running`](crate::rules::fork::RUNNING).
    fn state(&self) -> LoopState;

    /// Closes the loop for good: frees what it holds and drops every callback and task, uncalled.
    ///
    /// In this order:
    ///
    /// 1. Refuse while running; if closed already, be content, also when called from inside of step 5
    ///    ([`close.nested`](crate::rules::close::NESTED)).
    /// 2. Become closed, so that this half refuses what step 5 schedules.
    /// 3. [`TaskSet::cancel_all`], which sends every task to the remote half. That has to take them
    ///    still: had it refused before, a task that another thread woke in between would have come
    ///    back to that thread, which must not drop it, and could not be sent again
    ///    ([`future.dropped`](crate::rules::future::DROPPED), but the kit hardly ever meets the race).
    /// 4. In one atomic step, let the remote half refuse from now on, and take out what it holds, the
    ///    tasks of step 3 included. What it accepted after that would be lost
    ///    ([`wake.once`](crate::rules::wake::ONCE)).
    /// 5. Drop that, the callbacks of this half and the exception handler, in any order, outside of
    ///    every borrow and lock ([`close.reentry`](crate::rules::close::REENTRY)). Nothing is dropped
    ///    before step 4, since a `Drop` may send to the remote half
    ///    ([`close.during`](crate::rules::close::DURING)).
    /// 6. Free what the system gave ([`close.descriptors`](crate::rules::close::DESCRIPTORS)).
    ///
    /// A loop whose last handle is dropped does the same, if it is open
    /// ([`close.abandoned`](crate::rules::close::ABANDONED)).
    ///
    /// *Keeps* [`close.running`](crate::rules::close::RUNNING), [`close.final`](crate::rules::close::FINAL),
    /// [`close.drops`](crate::rules::close::DROPS), [`close.reentry`](crate::rules::close::REENTRY),
    /// [`close.harmless`](crate::rules::close::HARMLESS),
    /// [`future.dropped`](crate::rules::future::DROPPED),
    /// [`close.during`](crate::rules::close::DURING),
    /// [`close.nested`](crate::rules::close::NESTED),
    /// [`close.descriptors`](crate::rules::close::DESCRIPTORS),
    /// [`close.abandoned`](crate::rules::close::ABANDONED).
    ///
    /// # Errors
    ///
    /// [`CloseError`], and the loop stays as it was. Closing a closed loop is `Ok`. In a forked child,
    /// [`WrongProcess`](CloseError::WrongProcess) comes before
    /// [`Running`](CloseError::Running) ([`fork.refuses`](crate::rules::fork::REFUSES)).
    fn close(&self) -> Result<(), CloseError>;

    /// The half that other threads, interrupts and wakers hold. Works on a closed loop too.
    ///
    /// Make it once and give clones of it: [`Remote::is_same`] sees one loop only in clones of one
    /// `Remote`, and every task keeps one. No rule says so: a new `Remote` each time keeps the rules, too,
    /// as long as all of them share one queue.
    fn remote(&self) -> Remote;

    /// The tasks that live on this loop: a field of the implementation.
    ///
    /// *Keeps* [`future.dropped`](crate::rules::future::DROPPED).
    fn tasks(&self) -> &TaskSet;

    /// Ends the run that is under way: the process is a forked child, which has no part in it.
    ///
    /// Called by [`after_fork_in_child`](crate::after_fork_in_child), from inside the callback that
    /// forked, so it does nothing that a signal handler may not do. No callback starts in the run any
    /// more, and if the child returns from this one, the run ends as
    /// [`WrongProcess`](RunError::WrongProcess) ([`fork.ends`](crate::rules::fork::ENDS)). A wrapper
    /// forwards it.
    fn after_fork_in_child(&self) {}

    /// What this loop can do beyond the above.
    ///
    /// The struct grows: begin with `Capabilities::default()` and fill in the fields that you have. A
    /// wrapper forwards the whole struct, so that a capability added tomorrow is not hidden.
    ///
    /// *Keeps* [`capability.same`](crate::rules::capability::SAME). A closed loop may offer less.
    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::default()
    }
}

/// What a loop is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoopState {
    /// Open, and nobody is inside its `run_forever`.
    Idle,
    /// Inside its `run_forever`.
    Running,
    /// Closed for good.
    Closed,
}
