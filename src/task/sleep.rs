//! How a task waits for time, on any loop that can `call_at`.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use crate::{Handle, Loop, SleepError, TimeoutError, get_running_loop};

/// A future that is ready once its time has passed, never earlier.
///
/// The time counts from the first poll. Dropping it cancels the timer.
pub struct Sleep {
    delay: Duration,
    lp: Option<Loop>,
    timer: Option<Timer>,
}

struct Timer {
    handle: Handle,
    shared: Rc<Shared>,
}

#[derive(Default)]
struct Shared {
    fired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Sleep {
    pub(crate) fn on(lp: Loop, delay: Duration) -> Self {
        Self { delay, lp: Some(lp), timer: None }
    }

    fn start(&mut self, waker: Waker) -> Result<(), SleepError> {
        let lp = match &self.lp {
            Some(lp) => lp,
            None => self.lp.insert(get_running_loop().map_err(|_| SleepError::NoRunningLoop)?),
        };
        let shared = Rc::new(Shared { fired: Cell::new(false), waker: RefCell::new(Some(waker)) });
        let fires = shared.clone();
        let fire = move || {
            fires.fired.set(true);
            let waker = fires.waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        let handle = lp.call_later(self.delay, fire).map_err(|rejected| rejected.reason)?;
        self.timer = Some(Timer { handle, shared });
        Ok(())
    }
}

impl Future for Sleep {
    type Output = Result<(), SleepError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        match &this.timer {
            None => match this.start(cx.waker().clone()) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            Some(timer) if timer.shared.fired.get() => Poll::Ready(Ok(())),
            Some(timer) => {
                let old = timer.shared.waker.replace(Some(cx.waker().clone()));
                drop(old);
                Poll::Pending
            }
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let (Some(lp), Some(timer)) = (&self.lp, &self.timer) {
            if !timer.shared.fired.get() {
                lp.cancel(timer.handle);
            }
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("delay", &self.delay).finish_non_exhaustive()
    }
}

/// Waits for `delay`, on the loop that is running when this is first polled.
///
/// *Keeps* [`future.sleep`](crate::rules::future::SLEEP),
/// [`future.ends`](crate::rules::future::ENDS).
///
/// # Errors
///
/// The output is a [`SleepError`] if no loop is running, or if it does not take the timer.
///
/// ```
/// # use anyloop_os as _;
/// use std::time::Duration;
///
/// anyloop::run(async {
///     anyloop::sleep(Duration::from_millis(1)).await
/// })??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sleep(delay: Duration) -> Sleep {
    Sleep { delay, lp: None, timer: None }
}

/// Waits for `future`, but no longer than `delay`. See [`timeout`].
#[derive(Debug)]
pub struct Timeout<F> {
    future: F,
    sleep: Sleep,
}

/// Waits for `future`, but no longer than `delay`, on the running loop.
///
/// If both are ready, the future wins. Box or pin a future that is not `Unpin`.
///
/// # Errors
///
/// The output is a [`TimeoutError`] if the time is up first, or if it cannot be measured.
///
/// ```
/// # use anyloop_os as _;
/// use anyloop::{TimeoutError, timeout};
/// use std::{future::pending, time::Duration};
///
/// let result = anyloop::run(timeout(Duration::from_millis(1), pending::<()>()))?;
/// assert_eq!(result, Err(TimeoutError::Elapsed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "wait_for")]
pub fn timeout<F: Future + Unpin>(delay: Duration, future: F) -> Timeout<F> {
    Timeout { future, sleep: sleep(delay) }
}

impl<F: Future + Unpin> Future for Timeout<F> {
    type Output = Result<F::Output, TimeoutError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = Pin::new(&mut self.future).poll(cx) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(&mut self.sleep).poll(cx).map(|slept| match slept {
            Ok(()) => Err(TimeoutError::Elapsed),
            Err(error) => Err(TimeoutError::Sleep(error)),
        })
    }
}
