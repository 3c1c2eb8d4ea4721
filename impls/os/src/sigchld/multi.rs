//! The watcher that has every loop listen for SIGCHLD for which a child waits.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyloop::{
    ChildToken, ChildWatcher, ExitCallback, Loop, Pid, Rejected, Remote, WatchError, get_running_loop,
};

use super::claims::Claim;
use super::ear::{Ear, Listener};
use super::news::News;
use super::sweep::{Registered, Sweep};

const NAME: &str = "MultiLoopChildWatcher";

/// So many turns a loop listens on when no child waits for it any more. By then whoever was told of the
/// last child's end has registered another, or the task that it woke has: to begin to listen and to end that
/// takes as long as all the rest.
const PATIENCE: u32 = 2;

/// Listens for SIGCHLD on each loop that has a child to wait for: works with loops on any thread, and
/// needs neither threads nor descriptors for the children.
///
/// *Cost:* an eventfd for each loop that has children, and O(n) system calls for each end, in the
/// number of children that wait. *Needs:* a loop with the capability
/// [`readiness`](anyloop::Capabilities::readiness).
///
/// While a child waits, a handler of SIGCHLD is installed; it calls the one that was there before,
/// which is put back afterwards. A loop's thread that blocks SIGCHLD does so no more. If a loop is closed,
/// threads wait for its children and collect them.
///
/// ```
/// use anyloop::Watcher;
/// use anyloop_os::MultiLoopChildWatcher;
///
/// let watcher = Watcher::new(MultiLoopChildWatcher::new());
/// assert!(watcher.is_active());
/// ```
#[derive(Clone, Default)]
pub struct MultiLoopChildWatcher {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    sweep: Sweep,
    ears: Mutex<Vec<(u64, Ear)>>,
    last: AtomicU64,
}

impl MultiLoopChildWatcher {
    /// A watcher without children.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Shared {
    fn ears(&self) -> MutexGuard<'_, Vec<(u64, Ear)>> {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has that loop listen, if it does not.
    fn listen(self: &Arc<Self>, lp: &Loop) -> Result<(), WatchError> {
        let remote = lp.remote();
        if self.ears().iter().any(|(_, ear)| ear.remote.is_same(&remote)) {
            return Ok(());
        }
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let here = Here { shared: self.clone(), remote, number, _claim: Claim::modest(NAME)? };
        // Nobody else makes that loop listen: its context is this one.
        let ear = Ear::listen(lp, &[libc::SIGCHLD], here)?;
        self.ears().push((number, ear));
        Ok(())
    }

    /// Has that loop listen no more in so many turns, if no child waits for it then.
    fn tidy_later(self: &Arc<Self>, lp: &Loop, turns: u32) {
        let shared = self.clone();
        let later = move || {
            let Ok(lp) = get_running_loop() else { return };
            match turns.checked_sub(1) {
                Some(turns) if turns > 0 => shared.tidy_later(&lp, turns),
                _ => shared.tidy(&lp.remote()),
            }
        };
        // If it is closed, it listens no more.
        drop(lp.call_soon(later));
    }

    /// Has that loop listen no more, if no child waits for it.
    fn tidy(&self, remote: &Remote) {
        let covered = {
            let mut ears = self.ears();
            let at = ears.iter().position(|(_, ear)| ear.remote.is_same(remote));
            at.filter(|_| !self.sweep.waits_for(remote)).map(|at| ears.swap_remove(at))
        };
        if let Some((_, ear)) = covered {
            ear.cover();
        }
    }
}

/// A loop that listens.
struct Here {
    shared: Arc<Shared>,
    remote: Remote,
    number: u64,
    _claim: Claim,
}

impl Listener for Here {
    fn hear(&self, _: i32) {
        let mut news = News::default();
        self.shared.sweep.look(&mut news);
        if let (false, Ok(lp)) = (self.shared.sweep.waits_for(&self.remote), get_running_loop()) {
            self.shared.tidy_later(&lp, PATIENCE);
        }
        news.tell();
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.shared.ears().retain(|(number, _)| *number != self.number);
        if self.remote.is_closed() {
            self.shared.sweep.leave_to_threads(false);
        }
    }
}

impl ChildWatcher for MultiLoopChildWatcher {
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        let (sweep, pid) = (&self.shared.sweep, token.pid());
        let (id, former) = match sweep.add(lp, token, callback)? {
            Registered::New(id, former) => (id, former),
            Registered::Replaced(former) => return Ok(Some(former)),
        };
        match (self.shared.listen(lp), &former) {
            (Ok(()), _) => {}
            (Err(error), None) => return sweep.refuse(pid, id, error).map_or(Ok(None), Err),
            // Whoever had the child before is gone, so it is not refused.
            (Err(_), Some(_)) => sweep.leave_to_threads(true),
        }
        // It may have ended before anybody listened.
        if sweep.look_at(pid, id) {
            self.shared.tidy_later(lp, PATIENCE);
        }
        Ok(former.map(|it| {
            self.shared.tidy(&it.remote);
            it.callback
        }))
    }

    fn remove_child_handler(&self, pid: Pid) -> bool {
        let removed = self.shared.sweep.remove(pid);
        removed.inspect(|remote| self.shared.tidy(remote)).is_some()
    }

    fn attach_loop(&self, _: Option<&Loop>) -> Result<(), WatchError> {
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.shared.sweep.registry.is_open()
    }

    fn close(&self) {
        self.shared.sweep.registry.close();
    }
}

impl fmt::Debug for MultiLoopChildWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(NAME).field("active", &self.is_active()).finish_non_exhaustive()
    }
}
