//! What the functions with asyncio's names do: look up the policy, and call it.

use core::future::Future;

use super::get_event_loop_policy;
use crate::{Loop, PolicyError, RunError, Watcher, get_running_loop};

/// The loop to use here: the running one, else the one that the policy has for this context.
///
/// While a loop runs, the policy is not asked ([`policy.running`](crate::rules::policy::RUNNING)).
/// Otherwise the policy in force is, each time ([`policy.force`](crate::rules::policy::FORCE)).
///
/// # Errors
///
/// [`PolicyError::NoCurrentLoop`] names the context and what to call instead; the other variants
/// as in [`get_event_loop_policy`].
///
/// ```
/// # use anyloop_os as _;
/// std::thread::spawn(|| {
///     let error = anyloop::get_event_loop().unwrap_err();
///     println!("{error}"); // names the thread, anyloop::run and set_event_loop
/// }).join().unwrap();
/// ```
#[inline]
pub fn get_event_loop() -> Result<Loop, PolicyError> {
    match get_running_loop() {
        Ok(running) => Ok(running),
        Err(_) => ask_policy(),
    }
}

#[cold]
fn ask_policy() -> Result<Loop, PolicyError> {
    get_event_loop_policy()?.get_event_loop()
}

/// Makes `lp` the loop of this context, in the policy in force.
///
/// # Errors
///
/// [`PolicyError`].
pub fn set_event_loop(lp: Option<Loop>) -> Result<(), PolicyError> {
    get_event_loop_policy()?.set_event_loop(lp)
}

/// Makes a loop, with the policy in force. It belongs to the calling context.
///
/// # Errors
///
/// [`PolicyError`].
pub fn new_event_loop() -> Result<Loop, PolicyError> {
    get_event_loop_policy()?.new_event_loop()
}

/// The child watcher of the policy in force.
///
/// # Errors
///
/// [`PolicyError`].
pub fn get_child_watcher() -> Result<Watcher, PolicyError> {
    get_event_loop_policy()?.get_child_watcher()
}

/// Sets the child watcher of the policy in force; `None` restores the policy's own.
///
/// # Errors
///
/// [`PolicyError`].
pub fn set_child_watcher(watcher: Option<Watcher>) -> Result<(), PolicyError> {
    get_event_loop_policy()?.set_child_watcher(watcher)
}

/// Runs `future` on a new loop of the policy in force, closes the loop, and gives the output.
///
/// While it runs, the new loop is the running loop of this context, so `get_event_loop` answers
/// it. The loop that the policy has stored for this context is neither used nor touched; asyncio
/// leaves the context without one, which surprises its users. Tasks that are left over when the
/// future is finished are dropped.
///
/// # Errors
///
/// [`RunError::Nested`] inside a running loop, [`RunError::Policy`] if the policy makes no loop,
/// and whatever the run reports.
///
/// # Panics
///
/// If the future panics.
///
/// ```
/// # use anyloop_os as _;
/// let answer = anyloop::run(async { 42 })?;
/// assert_eq!(answer, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run<F: Future>(future: F) -> Result<F::Output, RunError> {
    if get_running_loop().is_ok() {
        return Err(RunError::Nested);
    }
    let lp = CloseOnDrop(new_event_loop()?);
    lp.0.run_until_complete(future)
}

/// Closes the loop on every way out, a panic of the future included.
struct CloseOnDrop(Loop);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        // It is not running, so only a loop of another process can refuse, and that is not ours.
        let _ = self.0.close();
    }
}
