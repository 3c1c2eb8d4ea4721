//! The watcher that has one loop listen for SIGCHLD, on behalf of all.

use std::fmt;
use std::sync::Arc;

use anyloop::{ChildToken, ChildWatcher, ExitCallback, Loop, Pid, Rejected, WatchError};

use super::attached::Attached;
use super::claims::Claim;
use super::sweep::{self, Registered, Sweep};
use crate::signals::Listener;

const NAME: &str = "SafeChildWatcher";

/// Listens for SIGCHLD on the loop that it is attached to, and asks for each child that waits whether
/// it has ended. Children may be registered for loops on any thread; their ends are noticed while the
/// attached loop runs.
///
/// *Cost:* one eventfd, and O(n) system calls for each end, in the number of children that wait.
/// *Needs:* to be attached, as a policy does that stores a loop on the main thread, to a loop with the
/// capability [`readiness`](anyloop::Capabilities::readiness).
///
/// While it is attached, a handler of SIGCHLD is installed; it calls the one that was there before,
/// which is put back afterwards. The loop's thread does not block SIGCHLD any more. Attaching it to
/// another loop changes nothing for children that wait. If it is detached, or its loop closed, threads wait for
/// them, so that nobody is forgotten.
///
/// ```
/// use anyloop::Watcher;
/// use anyloop_os::SafeChildWatcher;
///
/// let lp = anyloop::new_event_loop()?;
/// let watcher = Watcher::new(SafeChildWatcher::new());
/// assert!(!watcher.is_active());
/// watcher.attach_loop(Some(&lp))?;
/// assert!(watcher.is_active());
/// lp.close()?;
/// assert!(!watcher.is_active());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct SafeChildWatcher {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    sweep: Sweep,
    attached: Attached,
}

impl SafeChildWatcher {
    /// A watcher that is attached to no loop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Shared {
    /// Listens no more if it is closed and nobody waits.
    fn tidy(&self) {
        if !self.sweep.registry.is_open() && self.sweep.is_empty() {
            self.attached.detach();
        }
    }
}

/// The loop that listens.
struct Here {
    shared: Arc<Shared>,
    number: u64,
}

impl Listener for Here {
    fn hear(&self) {
        self.shared.sweep.look();
        self.shared.tidy();
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        // Not if it was detached, or another loop listens now.
        if self.shared.attached.lose(self.number) {
            self.shared.sweep.leave_to_threads(true);
        }
    }
}

impl ChildWatcher for SafeChildWatcher {
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        let Shared { sweep, attached } = &*self.shared;
        if sweep.registry.is_open() && !attached.is_some() {
            return Err(Rejected::new(WatchError::NotAttached, (token, callback)));
        }
        match sweep.add(lp, token, callback)? {
            Registered::New(id) => {
                // It may have ended before.
                sweep.look_at(id);
                if !attached.is_some() {
                    // Detached meanwhile, on another thread.
                    sweep.leave_to_threads(true);
                }
                Ok(None)
            }
            Registered::Replaced(former) => Ok(Some(former)),
        }
    }

    fn remove_child_handler(&self, pid: Pid) -> bool {
        let removed = sweep::remove(&self.shared.sweep, pid);
        removed.inspect(|_| self.shared.tidy()).is_some()
    }

    fn attach_loop(&self, lp: Option<&Loop>) -> Result<(), WatchError> {
        let Shared { sweep, attached } = &*self.shared;
        if !sweep.registry.is_open() {
            return if lp.is_some() { Err(WatchError::Closed) } else { Ok(()) };
        }
        match lp {
            Some(lp) => {
                let make = |number| Here { shared: self.shared.clone(), number };
                if attached.attach(lp, || Claim::modest(NAME), make)? {
                    // Whoever ended in between was heard by nobody.
                    sweep.look();
                }
            }
            None => {
                if attached.detach() {
                    sweep.leave_to_threads(true);
                }
            }
        }
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.shared.sweep.registry.is_open() && self.shared.attached.is_some()
    }

    fn close(&self) {
        if self.shared.sweep.registry.is_open() {
            self.shared.sweep.registry.close();
            self.shared.tidy();
        }
    }
}

impl fmt::Debug for SafeChildWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(NAME).field("active", &self.is_active()).finish_non_exhaustive()
    }
}
