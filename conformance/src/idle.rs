//! A child watcher that watches nothing: something to set in a policy.

use core::sync::atomic::{AtomicBool, Ordering};

use anyloop::{ChildToken, ChildWatcher, ExitCallback, Loop, Pid, Rejected, WatchError};

/// It refuses every child, and can be closed.
pub(crate) struct Idle {
    closed: AtomicBool,
}

impl Idle {
    pub(crate) const fn new() -> Self {
        Self { closed: AtomicBool::new(false) }
    }
}

impl ChildWatcher for Idle {
    fn watch(
        &self,
        _: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        Err(Rejected::new(WatchError::Unsupported("children"), (token, callback)))
    }

    fn remove_child_handler(&self, _: Pid) -> bool {
        false
    }

    fn attach_loop(&self, _: Option<&Loop>) -> Result<(), WatchError> {
        Ok(())
    }

    fn is_active(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
