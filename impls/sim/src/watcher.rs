//! Who notices that a simulated child ended? The simulation itself, in the moment it ends.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use anyloop::{ChildToken, ChildWatcher, ExitCallback, Loop, Pid, RejectReason, Rejected, WatchError};

use crate::Simulation;
use crate::processes::Watch;

/// Watches the children of one [`Simulation`], and knows no others: whatever else it is asked to
/// watch is reported as [`Unknown`](anyloop::ExitStatus::Unknown).
///
/// A child is collected when it ends, and its loop is told in its next turn. It needs no attached
/// loop, and works with loops of every kind.
///
/// ```
/// use anyloop::{ChildToken, ExitStatus, Watcher};
/// use anyloop_sim::{Script, SimChildWatcher, SimEventLoop};
///
/// let lp = SimEventLoop::new();
/// let watcher = Watcher::new(SimChildWatcher::new(lp.simulation()));
/// let pid = lp.simulation().start(Script::signal(9))?;
/// let tell = |_, status| assert_eq!(status, ExitStatus::Signaled { signal: 9, core: false });
/// watcher.watch_on(&lp, ChildToken::from(pid), tell)?;
/// lp.run_until_idle()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SimChildWatcher {
    simulation: Simulation,
    number: u64,
    closed: AtomicBool,
}

impl SimChildWatcher {
    /// A watcher for the children of `simulation`.
    #[must_use]
    pub fn new(simulation: &Simulation) -> Self {
        let simulation = simulation.clone();
        Self { number: simulation.number(), simulation, closed: AtomicBool::new(false) }
    }
}

impl ChildWatcher for SimChildWatcher {
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        let refusal = match (self.is_active(), lp.is_closed()) {
            (false, _) => WatchError::Closed,
            (true, true) => RejectReason::Closed.into(),
            (true, false) => {
                let watch = Watch { remote: lp.remote(), callback };
                let former = self.simulation.watch(token.pid(), self.number, watch);
                return Ok(former.map(|former| former.callback));
            }
        };
        Err(Rejected::new(refusal, (token, callback)))
    }

    fn remove_child_handler(&self, pid: Pid) -> bool {
        // Bound to a name, so that the callback is dropped outside of the lock.
        let removed = self.simulation.unwatch(pid, self.number);
        removed.is_some()
    }

    fn attach_loop(&self, _: Option<&Loop>) -> Result<(), WatchError> {
        Ok(())
    }

    fn is_active(&self) -> bool {
        !self.closed.load(Ordering::Acquire)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

impl fmt::Debug for SimChildWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimChildWatcher").field("active", &self.is_active()).finish_non_exhaustive()
    }
}
