//! How user code hears signals: one handler for each on a loop, as in asyncio, and any number of streams.
//!
//! | file | answers |
//! | --- | --- |
//! | `handlers.rs` | whom does a loop call when a signal came? |
//! | `stream.rs` | how does a task await a signal? |

mod handlers;
mod stream;

use alloc::rc::Rc;

pub use handlers::SignalHandlers;
pub use stream::SignalStream;

use crate::{Loop, OsError, SignalHandlerError, Signals};

impl Loop {
    /// Calls `callback` with the number of `signal` when the process has received it, in the place of the former
    /// handler. Streams for the same signal, and other loops, hear it beside the handler.
    ///
    /// It runs as a callback of the loop, on its context: once at least for signals that come together, and never
    /// more often than they came. If it panics, it is called again next time.
    ///
    /// *Keeps* [`signal.called`](crate::rules::signal::CALLED), [`signal.counted`](crate::rules::signal::COUNTED),
    /// [`signal.later`](crate::rules::signal::LATER), [`signal.replaced`](crate::rules::signal::REPLACED),
    /// [`signal.sturdy`](crate::rules::signal::STURDY), [`signal.both`](crate::rules::signal::BOTH),
    /// [`signal.beside`](crate::rules::signal::BESIDE).
    ///
    /// # Errors
    ///
    /// [`SignalHandlerError`], and nothing is changed ([`signal.refused`](crate::rules::signal::REFUSED)).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// # use anyloop_os as _;
    /// let lp = anyloop::new_event_loop()?;
    /// let it = lp.clone();
    /// lp.add_signal_handler(libc::SIGHUP, move |_| it.stop())?;
    /// # // SAFETY: there is a handler.
    /// # unsafe { libc::raise(libc::SIGHUP) };
    /// lp.run_forever()?; // until somebody hangs up
    /// assert!(lp.remove_signal_handler(libc::SIGHUP));
    /// # lp.close()?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "signal")]
    #[doc(alias = "on_signal")]
    pub fn add_signal_handler(
        &self,
        signal: i32,
        callback: impl Fn(i32) + 'static,
    ) -> Result<(), SignalHandlerError> {
        self.with_signals(|signals| signals.add_signal_handler(signal, Rc::new(callback)))
    }

    /// Removes the handler of `signal`, and says whether there was one. It is not called afterwards, also if the
    /// signal has come already.
    ///
    /// When nobody listens any more, what handled the signal before is put back. False for a number that is no
    /// signal, and on a closed loop.
    ///
    /// *Keeps* [`signal.answer`](crate::rules::signal::ANSWER), [`signal.removed`](crate::rules::signal::REMOVED),
    /// [`signal.restored`](crate::rules::signal::RESTORED), [`signal.closed`](crate::rules::signal::CLOSED).
    pub fn remove_signal_handler(&self, signal: i32) -> bool {
        self.capabilities().signals.is_some_and(|signals| signals.remove_signal_handler(signal))
    }

    /// What tells a task of each time that `signal` came from now on. Streams do not displace one another, nor the
    /// handler.
    ///
    /// *Keeps* [`signal.beside`](crate::rules::signal::BESIDE).
    ///
    /// # Errors
    ///
    /// As [`add_signal_handler`](Self::add_signal_handler).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// # use anyloop_os as _;
    /// let heard = anyloop::run(async {
    ///     let lp = anyloop::get_running_loop()?;
    ///     let mut hangups = lp.signal(libc::SIGHUP)?;
    /// #   // SAFETY: the stream listens.
    /// #   unsafe { libc::raise(libc::SIGHUP) };
    ///     Ok::<_, Box<dyn std::error::Error>>(hangups.recv().await)
    /// })??;
    /// assert_eq!(heard, Some(libc::SIGHUP));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn signal(&self, signal: i32) -> Result<SignalStream, SignalHandlerError> {
        SignalStream::new(self, signal)
    }

    /// Begins something with the capability, or says why not.
    fn with_signals<T>(
        &self,
        begin: impl FnOnce(&dyn Signals) -> Result<T, OsError>,
    ) -> Result<T, SignalHandlerError> {
        let signals = self.capabilities().signals.ok_or(SignalHandlerError::Unsupported)?;
        if self.is_closed() {
            return Err(SignalHandlerError::Closed);
        }
        begin(signals).map_err(SignalHandlerError::Os)
    }
}
