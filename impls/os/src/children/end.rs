//! How the news of an end reaches the loop, and who collects the child.
//!
//! Whoever sees the end leaves the child a zombie and posts to the loop. The loop takes the
//! registration, collects, and tells, in this order: a registration that was removed meanwhile
//! leaves the child to its remover, and the pid cannot be given to another process while the
//! registration stands. If the loop is closed, now or before it gets to it, the child is
//! collected all the same, and nobody is told.

use std::io;
use std::sync::Arc;

use anyloop::{ChildToken, ExitCallback, ExitStatus, Pid, Remote, SendCallback};

use super::registry::{Registration, Registry};
use super::{collect, thread};
use crate::processes::wait_id;

/// The end of one child, seen or to be seen.
pub(crate) struct End {
    pub(crate) registry: Arc<Registry>,
    pub(crate) child: ChildToken,
    pub(crate) id: u64,
}

impl End {
    /// Starts a thread that waits for the end and then posts it.
    ///
    /// Gives everything back if there is no thread to be had.
    pub(crate) fn wait_in_thread(self) -> Result<(), (io::Error, Option<Self>)> {
        thread::start(Arc::new(self)).map_err(|(error, end)| (error, Arc::into_inner(end)))
    }

    /// Nobody can wait for it: gives the callback back, and the child to the loop that had it before. `Err`
    /// if another thread has removed the registration meanwhile, and has the child now.
    pub(crate) fn give_back(
        registry: &Arc<Registry>,
        pid: Pid,
        id: u64,
        former: Option<Registration>,
    ) -> Result<ExitCallback, Option<ExitCallback>> {
        let before = former.as_ref().map(|former| former.id);
        let given = registry.give_back(pid, id, former);
        if let Some(id) = before {
            let end = Self { registry: registry.clone(), child: ChildToken::from(pid), id };
            // It may have come while nobody wanted to know.
            if collect::has_ended(&wait_id(&end.child)) {
                Arc::new(end).post();
            }
        }
        given.map_err(|former| former.map(|former| former.callback))
    }

    /// The loop that is to be told, if anybody is to be told still.
    pub(crate) fn remote(&self) -> Option<Remote> {
        self.registry.remote(self.child.pid(), self.id)
    }

    /// The same, if that loop waits for a source.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for loops that wait for children"))]
    pub(crate) fn remote_that_waits(&self) -> Option<Remote> {
        self.registry.remote_that_waits(self.child.pid(), self.id)
    }

    /// Tells the loop that the child has ended.
    pub(crate) fn post(self: Arc<Self>) {
        let Some(remote) = self.remote() else { return };
        let arrival = self.news();
        drop(remote.call_soon(SendCallback::new(move || arrival.tell())));
    }

    /// The news, to be told on the context of the loop, by dropping it if nobody is to be told.
    pub(crate) fn news(self: Arc<Self>) -> Arrival {
        Arrival(self)
    }

    /// Takes the registration and collects the child, in one step, if the child has ended.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for loops that wait for children"))]
    pub(crate) fn take_ended(&self) -> Option<(Registration, ExitStatus)> {
        self.registry.take_if(self.child.pid(), self.id, || collect::collect(&self.child))
    }

    /// Takes the registration, and collects the child if there is one.
    fn take(&self) -> Option<(Registration, ExitStatus)> {
        let known = self.registry.take(self.child.pid(), self.id)?;
        let status = collect::collect(&self.child).unwrap_or(ExitStatus::Unknown);
        Some((known, status))
    }
}

impl thread::Work for End {
    fn work(self: Arc<Self>) {
        collect::wait_for_end(&wait_id(&self.child));
        self.post();
    }
}

/// The news, on its way to the loop.
pub(crate) struct Arrival(Arc<End>);

impl Arrival {
    /// Collects the child and calls the callback, if the registration is still there.
    pub(crate) fn tell(self) {
        if let Some((known, status)) = self.0.take() {
            known.callback.call(self.0.child.pid(), status);
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // Not told, so the loop was closed first. After `tell` there is nothing left to take.
        drop(self.0.take());
    }
}
