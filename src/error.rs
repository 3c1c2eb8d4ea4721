//! What can go wrong, and what to do next.
//!
//! Every error is `#[non_exhaustive]`, implements [`core::error::Error`], and carries the number
//! that the operating system gave, if it gave one. What was refused comes back in [`Rejected`].

use alloc::string::String;
use core::error::Error;
use core::fmt;

use crate::SpawnFailure;
use crate::platform::describe_os_error;

/// An error number of the operating system: `errno` on Unix, `GetLastError` on Windows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OsError(i32);

impl OsError {
    /// Wraps the number as the system gave it.
    #[must_use]
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// The number as the system gave it.
    #[must_use]
    pub const fn raw(self) -> i32 {
        self.0
    }
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe_os_error(self.0, f)
    }
}

impl fmt::Debug for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OsError({}: {self})", self.0)
    }
}

impl Error for OsError {}

/// Something was not accepted, and here it is back.
///
/// ```
/// # use anyloop_os as _;
/// use anyloop::RejectReason;
///
/// let lp = anyloop::new_event_loop()?;
/// lp.close()?;
/// let rejected = lp.call_soon(|| println!("not lost")).unwrap_err();
/// assert_eq!(rejected.reason, RejectReason::Closed);
/// rejected.item.call(); // the caller still has it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rejected<T, R = RejectReason> {
    /// Why it was refused.
    pub reason: R,
    /// What was refused, untouched.
    pub item: T,
}

impl<T, R> Rejected<T, R> {
    /// Refuses `item` because of `reason`.
    pub const fn new(reason: R, item: T) -> Self {
        Self { reason, item }
    }

    /// The same refusal of something made from the item.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Rejected<U, R> {
        Rejected { reason: self.reason, item: make(self.item) }
    }
}

impl<T, R: fmt::Debug> fmt::Debug for Rejected<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rejected({:?})", self.reason)
    }
}

impl<T, R: fmt::Display> fmt::Display for Rejected<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<T, R: fmt::Debug + fmt::Display> Error for Rejected<T, R> {}

/// Declares an error enum together with what each variant says.
macro_rules! errors {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $(($field:ident: $kind:ty))? $({ $($key:ident: $value:ty),* })? => $text:literal;)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant $(($kind))? $({ $(#[doc = concat!("See the variant's `", stringify!($key), "`.")] $key: $value),* })?,)*
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant $(($field))? $({ $($key),* })? => write!(f, $text),)*
                }
            }
        }

        impl Error for $name {}
    )*};
}

errors! {
    /// Why a loop did not take a piece of work.
    #[derive(Copy)]
    RejectReason {
        /// The loop is closed for good.
        Closed => "the loop is closed: schedule on a loop that is open";
        /// The loop has a fixed capacity, and it is used up.
        Full => "the loop's queue is full: try again after it has run, or give it a bigger capacity";
        /// The work is bound to a context, and this is another, or none is registered.
        WrongContext => "this is not the context that the work belongs to: schedule it from there";
        /// The loop belongs to the process that this one was forked from.
        WrongProcess => "the loop was made before a fork: schedule on one that was made in the child";
    }

    /// Why a run did not take place or did not reach its end.
    RunError {
        /// The loop is closed for good.
        Closed => "the loop is closed: make another with new_event_loop()";
        /// This very loop is running in this context, further up the stack.
        AlreadyRunning => "the loop is running already: await or schedule from inside it, do not run it again";
        /// Another loop is running in this context, further up the stack.
        Nested => "another loop is running in this context: run this one in a thread of its own, or spawn on the running one";
        /// `stop` was called before the future was finished.
        Stopped => "the loop was stopped before the future was finished: run it again, passing the future by reference, to finish it";
        /// Nothing is scheduled and nothing outside could wake the loop.
        Stalled => "nothing is scheduled and nothing can wake this loop: it would sleep for ever";
        /// The loop belongs to the process that this one was forked from.
        WrongProcess => "the loop was made before a fork: make a new one in the child";
        /// No context is known here, so the loop cannot be marked as running.
        NoContext => "no context is known here: call register_context() at start, or use the feature `std`";
        /// The policy made no loop to run on.
        Policy(error: PolicyError) => "there is no loop to run on: {error}";
        /// The operating system refused something that the loop cannot do without.
        Os(error: OsError) => "the operating system refused to wait for events: {error}";
    }

    /// Why a loop could not be closed. It is as open as it was.
    #[derive(Copy)]
    CloseError {
        /// It is running: stop it, and close it after the run has returned.
        Running => "the loop is running: stop it first, and close it after the run has returned";
        /// The loop belongs to the process that this one was forked from.
        WrongProcess => "the loop was made before a fork: only the process that made it can close it";
    }

    /// Why a policy has no answer.
    PolicyError {
        /// Nothing was installed, and no crate registered a default.
        NoPolicy => "no event loop policy: link one that registers itself, for example with `use anyloop_os as _;`, or call set_event_loop_policy()";
        /// Two crates registered a default policy, and anyloop does not choose.
        TwoDefaults { first: &'static str, second: &'static str } =>
            "two default event loop policies are linked, `{first}` and `{second}`: remove one, or call set_event_loop_policy()";
        /// The policy has no loop for this context and makes none by itself.
        NoCurrentLoop { context: String } =>
            "no event loop in {context}: use anyloop::run(future), or pass a loop from new_event_loop() to set_event_loop()";
        /// No context is known here, so there is no place for a current loop.
        NoContext => "no context is known here: call register_context() at start, or use the feature `std`";
        /// The policy does not offer this at all.
        Unsupported(what: &'static str) => "this event loop policy does not support {what}: choose a policy that does";
        /// The operating system refused a resource.
        Os(error: OsError) => "the operating system refused a resource for the event loop: {error}";
        /// The policy's child watcher could not be attached.
        Watcher(error: WatchError) => "the policy's child watcher failed: {error}";
    }

    /// Why a watcher does not watch a child. The child is untouched and still collectable.
    WatchError {
        /// The watcher is closed.
        Closed => "the child watcher is closed: get another from get_child_watcher()";
        /// The loop is closed, or has a fixed capacity that is used up.
        Rejected(reason: RejectReason) => "the loop that should be told does not take the registration: {reason}";
        /// The watcher works by way of a loop, and is attached to none.
        NotAttached => "the child watcher is attached to no loop: store one with set_event_loop() on the main thread, or call attach_loop()";
        /// Another watcher is at work, and one of the two takes everybody's children.
        Conflict(with: &'static str) => "a {with} is at work in this process, and cannot share its children's ends: detach or close it first";
        /// No loop is running here, and none was named.
        NoRunningLoop => "no loop is running in this context: name the loop that should be told, with watch_on()";
        /// The loop lacks something that this watcher needs.
        Unsupported(what: &'static str) => "the loop does not offer {what}, which this child watcher needs: choose another watcher";
        /// The operating system refused a resource.
        Os(error: OsError) => "the operating system refused to watch the child: {error}";
    }

    /// Why a program was not started. No process was created.
    SpawnError {
        /// The loop cannot start programs.
        Unsupported => "this loop cannot start programs: use a loop whose capabilities() offer processes";
        /// The policy has no child watcher to give.
        Policy(error: PolicyError) => "there is no child watcher to notice the end of the program: {error}";
        /// The child watcher is closed or not attached.
        Inactive => "the child watcher is not active: attach it to a running loop, or set another";
        /// No loop is running in this context.
        NoRunningLoop => "no loop is running in this context: use Loop::subprocess_exec() to name one";
        /// The operating system refused to start it.
        Os(failure: SpawnFailure) => "{failure}";
        /// It was started, but the watcher refused to watch it, so it was ended and collected.
        Watcher(error: WatchError) => "the program was ended, since its end would not have been noticed: {error}";
    }

    /// Why a signal was not sent.
    #[derive(Copy)]
    SignalError {
        /// Its end has been reported: there is nobody to send it to.
        Over => "the child has ended: its number may be another's by now";
        /// It was registered by number, so that the signal might reach another process.
        Unsupported => "the child is known by its number only: start it with subprocess_exec()";
        /// The operating system refused to send it.
        Os(error: OsError) => "the signal could not be sent: {error}";
    }

    /// Why a source is not watched.
    #[derive(Copy)]
    SourceError {
        /// The loop is closed.
        Closed => "the loop is closed: watch the source on another";
        /// The loop watches no sources.
        Unsupported => "this loop watches no sources: use a loop whose capabilities() offer readiness";
        /// The operating system refused to watch it: regular files and the like are always ready.
        Os(error: OsError) => "the source cannot be watched, where regular files and the like are always ready: {error}";
    }

    /// Why nobody is called when a signal comes. Nothing was changed.
    #[derive(Copy)]
    SignalHandlerError {
        /// The loop cannot hear signals.
        Unsupported => "this loop cannot hear signals: use a loop whose capabilities() offer signals";
        /// The loop is closed for good.
        Closed => "the loop is closed: listen on a loop that is open";
        /// It is no signal, or one that cannot be caught, or the operating system refused a resource.
        Os(error: OsError) => "the signal cannot be listened for: {error}";
    }

    /// Why a sleep ended otherwise than by time.
    #[derive(Copy)]
    SleepError {
        /// It was awaited outside of every running loop.
        NoRunningLoop => "no loop is running in this context: use Loop::sleep() to name one";
        /// The loop does not take the timer.
        Rejected(reason: RejectReason) => "the loop does not take the timer: {reason}";
    }

    /// Why a timeout gave no output.
    #[derive(Copy)]
    TimeoutError {
        /// The time was up first. The future was dropped.
        Elapsed => "the time was up before the future was finished";
        /// The clock could not be set.
        Sleep(error: SleepError) => "the timeout could not be set: {error}";
    }

    /// Why a task has no output.
    #[derive(Copy)]
    JoinError {
        /// It was cancelled, or its loop was closed.
        Cancelled => "the task was cancelled, or its loop was closed, before it was finished";
        /// It panicked; the loop's exception handler was told.
        Panicked => "the task panicked; the loop's exception handler has the details";
    }
}

/// No loop is running in this context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRunningLoop(pub(crate) ());

impl fmt::Display for NoRunningLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no loop is running in this context: call this from a callback or a task")
    }
}

impl Error for NoRunningLoop {}

macro_rules! conversions {
    ($($from:ty => $to:ident::$variant:ident;)*) => {$(
        impl From<$from> for $to {
            fn from(error: $from) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

conversions! {
    OsError => RunError::Os;
    PolicyError => RunError::Policy;
    OsError => PolicyError::Os;
    OsError => SourceError::Os;
    OsError => WatchError::Os;
    SpawnFailure => SpawnError::Os;
    OsError => SignalHandlerError::Os;
    WatchError => PolicyError::Watcher;
    PolicyError => SpawnError::Policy;
    RejectReason => WatchError::Rejected;
    RejectReason => SleepError::Rejected;
    SleepError => TimeoutError::Sleep;
}
