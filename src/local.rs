//! How user code holds a loop: the handle with the closures, the futures and the checks.

use alloc::rc::{Rc, Weak};
use core::any::Any;
use core::fmt;
use core::future::Future;
use core::time::Duration;

use crate::fixed::Fixed;
use crate::task::{self, Sleep, Task};
use crate::{
    Callback, Capabilities, CloseError, EventLoop, Handle, Instant, LoopState, Rejected, Remote, RunError,
    TaskSet, context,
};

/// A handle to a loop, on the context where the loop lives: cheap to clone, `!Send`.
///
/// What asyncio documents as "not thread-safe" does not compile here; other threads hold the
/// [`Remote`] that [`remote`](Self::remote) gives.
///
/// ```
/// # use anyloop_os as _;
/// use std::time::Duration;
///
/// let lp = anyloop::new_event_loop()?;
/// let it = lp.clone();
/// lp.call_soon(move || {
///     println!("soon");
///     let again = it.clone();
///     it.call_later(Duration::from_millis(1), move || again.stop()).unwrap();
/// })?;
/// lp.run_forever()?;
/// lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail
/// # use anyloop_os as _;
/// let lp = anyloop::new_event_loop().unwrap();
/// std::thread::spawn(move || lp.stop()); // a Loop cannot be sent to another thread
/// ```
#[derive(Clone)]
pub struct Loop(Rc<dyn EventLoop>);

impl Loop {
    /// Wraps a loop.
    #[inline]
    pub fn new(event_loop: impl EventLoop) -> Self {
        Self(Rc::new(event_loop))
    }

    /// Wraps a loop that lives as long as the program, on a host without heap for it. A handle to it
    /// still takes a few words of heap, once for all its clones.
    #[must_use]
    pub fn from_static(event_loop: &'static dyn EventLoop) -> Self {
        Self(Rc::new(Fixed(event_loop)))
    }

    #[inline]
    fn get(&self) -> &dyn EventLoop {
        &*self.0
    }

    /// See [`EventLoop::after_fork_in_child`].
    pub(crate) fn after_fork_in_child(&self) {
        self.get().after_fork_in_child();
    }

    /// A handle that does not keep the loop alive.
    pub(crate) fn downgrade(&self) -> WeakLoop {
        WeakLoop(Rc::downgrade(&self.0))
    }

    /// The loop behind [`from_static`](Self::from_static), or else behind the handle.
    fn implementation(&self) -> &dyn EventLoop {
        let event_loop = self.get();
        (event_loop as &dyn Any).downcast_ref().map_or(event_loop, |Fixed(fixed)| *fixed)
    }

    /// The time on the loop's monotonic clock.
    #[doc(alias = "now")]
    #[must_use]
    pub fn time(&self) -> Instant {
        self.get().time()
    }

    /// Arranges for `callback` to run in a later turn, after those accepted before it.
    ///
    /// Closures of up to three words are stored without allocating.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the callback back if the loop is closed or full.
    #[inline]
    pub fn call_soon(&self, callback: impl Into<Callback>) -> Result<Handle, Rejected<Callback>> {
        self.get().call_soon(callback.into())
    }

    /// Arranges for `callback` to run in a later turn, once the clock has reached `when`.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the callback back if the loop is closed or full.
    #[inline]
    pub fn call_at(
        &self,
        when: Instant,
        callback: impl Into<Callback>,
    ) -> Result<Handle, Rejected<Callback>> {
        self.get().call_at(when, callback.into())
    }

    /// Arranges for `callback` to run in a later turn, `delay` from now.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the callback back if the loop is closed or full.
    #[inline]
    pub fn call_later(
        &self,
        delay: Duration,
        callback: impl Into<Callback>,
    ) -> Result<Handle, Rejected<Callback>> {
        self.get().call_at(self.get().time() + delay, callback.into())
    }

    /// Drops the callback that `handle` names, uncalled, and says whether there was one.
    pub fn cancel(&self, handle: Handle) -> bool {
        self.get().cancel(handle)
    }

    /// Runs callbacks until [`stop`](Self::stop) is called.
    ///
    /// *Keeps* [`run.current`](crate::rules::run::CURRENT), [`run.nested`](crate::rules::run::NESTED),
    /// [`run.other`](crate::rules::run::OTHER), [`close.run`](crate::rules::close::RUN).
    ///
    /// # Errors
    ///
    /// [`RunError::Closed`]; [`RunError::AlreadyRunning`] and [`RunError::Nested`] from inside a
    /// run, which changes nothing; what the loop itself reports.
    ///
    /// # Panics
    ///
    /// Callbacks that panic do not make it panic: see [`Observe`](crate::Observe).
    pub fn run_forever(&self) -> Result<(), RunError> {
        if self.is_closed() {
            return Err(RunError::Closed);
        }
        let _running = context::enter(self)?;
        self.get().run_forever()
    }

    /// Runs callbacks until `future` is finished, and gives its output.
    ///
    /// The future need be neither `Send` nor `'static`. Pass it by reference to keep it if the
    /// run is stopped early.
    ///
    /// *Keeps* [`future.output`](crate::rules::future::OUTPUT), [`future.stopped`](crate::rules::future::STOPPED),
    /// [`future.turn`](crate::rules::future::TURN),
    /// [`future.panic`](crate::rules::future::PANIC).
    ///
    /// # Errors
    ///
    /// [`RunError::Stopped`] if somebody called [`stop`](Self::stop) before, and otherwise as
    /// [`run_forever`](Self::run_forever). If the future was finished, its output wins.
    ///
    /// # Panics
    ///
    /// If the future panics.
    ///
    /// ```
    /// # use anyloop_os as _;
    /// let lp = anyloop::new_event_loop()?;
    /// let text = String::from("borrowed");
    /// let length = lp.run_until_complete(async { text.len() })?;
    /// assert_eq!(length, 8);
    /// # lp.close()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run_until_complete<F: Future>(&self, future: F) -> Result<F::Output, RunError> {
        if self.is_closed() {
            return Err(RunError::Closed);
        }
        let _running = context::enter(self)?;
        task::run_until_complete(self, future, || self.get().run_forever())
    }

    /// Starts `future` as a task of this loop.
    ///
    /// The future need not be `Send`: it is polled and dropped on this context only, at the
    /// latest when the loop is closed. Dropping the returned [`Task`] detaches it.
    ///
    /// *Keeps* [`future.woken`](crate::rules::future::WOKEN), [`future.dropped`](crate::rules::future::DROPPED),
    /// [`future.starts`](crate::rules::future::STARTS),
    /// [`future.later`](crate::rules::future::LATER),
    /// [`future.closed`](crate::rules::future::CLOSED).
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the future back if the loop is closed.
    #[doc(alias = "create_task")]
    pub fn spawn_local<F: Future + 'static>(&self, future: F) -> Result<Task<F::Output>, Rejected<F>> {
        task::spawn(self, future)
    }

    /// A future that is ready `delay` after it is first polled.
    ///
    /// # Errors
    ///
    /// Its output is a [`SleepError`](crate::SleepError) if the loop does not take the timer.
    pub fn sleep(&self, delay: Duration) -> Sleep {
        Sleep::on(self.clone(), delay)
    }

    /// Makes the run return at the end of its turn, or the next run after one turn.
    pub fn stop(&self) {
        self.get().stop();
    }

    /// Whether a run is under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.get().state() == LoopState::Running
    }

    /// Whether the loop has been closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.get().state() == LoopState::Closed
    }

    /// Closes the loop for good and drops, uncalled, whatever is scheduled on it.
    ///
    /// # Errors
    ///
    /// [`CloseError::Running`] while a run is under way, [`CloseError::WrongProcess`] in a forked
    /// child; the loop stays open. Closing a closed loop is `Ok`.
    pub fn close(&self) -> Result<(), CloseError> {
        self.get().close()
    }

    /// The half for other threads, interrupts and wakers.
    #[must_use]
    pub fn remote(&self) -> Remote {
        self.get().remote()
    }

    /// The tasks that live on this loop.
    #[must_use]
    pub fn tasks(&self) -> &TaskSet {
        self.get().tasks()
    }

    /// What this loop can do beyond running callbacks.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities<'_> {
        self.get().capabilities()
    }

    /// Runs one turn on behalf of a host loop, waiting at most `max_wait` (`None`: as long as it
    /// takes) for something to do, and says whether any callback ran.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use anyloop_os as _;
    /// let lp = anyloop::new_event_loop()?;
    /// lp.call_soon(|| println!("once"))?;
    /// assert_eq!(lp.step(Some(Duration::ZERO)), Some(Ok(true)));
    /// assert_eq!(lp.step(Some(Duration::ZERO)), Some(Ok(false)), "nothing is left");
    /// # lp.close()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run_forever`](Self::run_forever); `None` if the loop lacks the capability
    /// [`Step`](crate::Step).
    pub fn step(&self, max_wait: Option<Duration>) -> Option<Result<bool, RunError>> {
        let step = self.get().capabilities().step?;
        Some(context::enter(self).and_then(|_running| step.step(max_wait)))
    }

    /// Whether both are handles of one loop.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        core::ptr::addr_eq(self.implementation(), other.implementation())
    }

    /// The implementation itself, for those who know what it is.
    #[must_use]
    pub fn as_any(&self) -> &dyn Any {
        self.implementation()
    }
}

/// As [`Loop`], without keeping the loop alive.
pub(crate) struct WeakLoop(Weak<dyn EventLoop>);

impl WeakLoop {
    /// The loop, if it is still there.
    pub(crate) fn upgrade(&self) -> Option<Loop> {
        self.0.upgrade().map(Loop)
    }
}

impl PartialEq for Loop {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl Eq for Loop {}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").field("state", &self.get().state()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two words, and nothing beside them: handles travel in registers, and a closure that holds
    /// one and another word is stored inline.
    #[test]
    fn a_handle_is_two_words() {
        assert_eq!(size_of::<Option<Loop>>(), 2 * size_of::<usize>());
    }
}
