//! The watcher that blocks a thread for each child.

use std::fmt;
use std::sync::Arc;

use anyloop::{
    ChildToken, ChildWatcher, ExitCallback, Loop, OsError, Pid, RejectReason, Rejected, WatchError,
};

use super::end::End;
use super::registry::{Added, Registry};

/// Starts a waiting thread for each child: needs no signal, no descriptor and no attached loop,
/// and works with loops on any thread.
///
/// *Cost:* a thread with a stack of 64 KiB of address space for each child, O(1) for each end.
///
/// The threads do not keep the process alive. A thread that cannot be started fails
/// [`watch`](ChildWatcher::watch) and leaves the child collectable.
///
/// ```
/// use anyloop::Watcher;
/// use anyloop_os::ThreadedChildWatcher;
///
/// let watcher = Watcher::new(ThreadedChildWatcher::new());
/// assert!(watcher.is_active());
/// ```
#[derive(Clone, Default)]
pub struct ThreadedChildWatcher {
    registry: Arc<Registry>,
}

impl ThreadedChildWatcher {
    /// A watcher without children.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl ChildWatcher for ThreadedChildWatcher {
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        if lp.is_closed() {
            return Err(Rejected::new(RejectReason::Closed.into(), (token, callback)));
        }
        let pid = token.pid();
        let (id, former) = match self.registry.add(pid, lp.remote(), callback, &mut None) {
            Added::New(id, former) => (id, former),
            Added::Replaced(former) => return Ok(Some(former)),
            Added::Closed(callback) => return Err(Rejected::new(WatchError::Closed, (token, callback))),
        };
        let end = End { registry: self.registry.clone(), child: token, id };
        let Err((error, end)) = end.wait_in_thread() else { return Ok(former.map(|it| it.callback)) };
        match End::give_back(&self.registry, pid, id, former) {
            Ok(callback) => {
                let child = end.map_or_else(|| ChildToken::from(pid), |end| end.child);
                let error = OsError::from_raw(error.raw_os_error().unwrap_or_default());
                Err(Rejected::new(error.into(), (child, callback)))
            }
            Err(former) => Ok(former),
        }
    }

    fn remove_child_handler(&self, pid: Pid) -> bool {
        // Bound to a name, so that the callback is dropped outside of the lock.
        let removed = self.registry.remove(pid);
        removed.is_some()
    }

    fn attach_loop(&self, _: Option<&Loop>) -> Result<(), WatchError> {
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.registry.is_open()
    }

    fn close(&self) {
        self.registry.close();
    }
}

impl fmt::Debug for ThreadedChildWatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadedChildWatcher").field("active", &self.is_active()).finish_non_exhaustive()
    }
}
