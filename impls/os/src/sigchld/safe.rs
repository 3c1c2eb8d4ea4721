//! The watcher that has one loop listen for SIGCHLD, on behalf of all.

use std::sync::Arc;

use anyloop::{Loop, Pid, WatchError};

use super::bound::{Bound, Manner, bound_watcher};
use super::claims::Claim;
use super::news::News;

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
    bound: Arc<Bound<Safe>>,
}

impl SafeChildWatcher {
    /// A watcher that is attached to no loop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

bound_watcher!(SafeChildWatcher {});

/// Asks for each child that waits.
#[derive(Default)]
struct Safe;

impl Manner for Safe {
    fn claim() -> Result<Claim, WatchError> {
        Claim::modest("SafeChildWatcher")
    }

    fn look(watcher: &Arc<Bound<Self>>, news: &mut News) {
        watcher.sweep.look(news);
    }

    fn look_at(watcher: &Arc<Bound<Self>>, _: &Loop, pid: Pid, id: u64) {
        watcher.sweep.look_at(pid, id);
    }
}
