//! How does a loop that lives as long as the program get into a [`Loop`](crate::Loop)? By
//! forwarding: a handle counts its users, and so counts those of a few words that point to it.

use crate::{
    Callback, Capabilities, CloseError, EventLoop, Handle, Instant, LoopState, Rejected, Remote, RunError,
    TaskSet,
};

/// A loop that nobody frees.
pub(crate) struct Fixed(pub(crate) &'static dyn EventLoop);

impl EventLoop for Fixed {
    fn time(&self) -> Instant {
        self.0.time()
    }

    fn call_soon(&self, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        self.0.call_soon(callback)
    }

    fn call_at(&self, when: Instant, callback: Callback) -> Result<Handle, Rejected<Callback>> {
        self.0.call_at(when, callback)
    }

    fn cancel(&self, handle: Handle) -> bool {
        self.0.cancel(handle)
    }

    fn run_forever(&self) -> Result<(), RunError> {
        self.0.run_forever()
    }

    fn stop(&self) {
        self.0.stop();
    }

    fn state(&self) -> LoopState {
        self.0.state()
    }

    fn close(&self) -> Result<(), CloseError> {
        self.0.close()
    }

    fn remote(&self) -> Remote {
        self.0.remote()
    }

    fn tasks(&self) -> &TaskSet {
        self.0.tasks()
    }

    fn after_fork_in_child(&self) {
        self.0.after_fork_in_child();
    }

    fn capabilities(&self) -> Capabilities<'_> {
        self.0.capabilities()
    }
}
