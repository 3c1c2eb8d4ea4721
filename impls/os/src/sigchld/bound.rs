//! What is common to the watchers that listen on the loop that they are attached to?
//!
//! Which children wait, which loop listens, and what becomes of the first when there is no second any
//! more: threads wait for them, so that nobody is forgotten.

use std::sync::Arc;

use anyloop::{ChildToken, ExitCallback, Loop, Pid, Rejected, WatchError};

use super::attached::Attached;
use super::claims::Claim;
use super::ear::Listener;
use super::news::News;
use super::sweep::{Registered, Sweep};

/// What is particular to one of them.
pub(super) trait Manner: Default + Send + Sync + Sized + 'static {
    /// Says that such a watcher is at work.
    fn claim() -> Result<Claim, WatchError>;

    /// Finds out who has ended: the signal came, or may have come unheard.
    fn look(watcher: &Arc<Bound<Self>>, news: &mut News);

    /// The child has just been registered under that number, on the context of `lp`, and may have ended
    /// before.
    fn look_at(watcher: &Arc<Bound<Self>>, lp: &Loop, pid: Pid, id: u64);
}

/// A watcher of that manner.
#[derive(Default)]
pub(super) struct Bound<M> {
    pub(super) manner: M,
    pub(super) sweep: Sweep,
    pub(super) attached: Attached,
}

impl<M: Manner> Bound<M> {
    pub(super) fn watch(
        self: &Arc<Self>,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        if !self.attached.is_some() && self.sweep.registry.is_open() {
            return Err(Rejected::new(WatchError::NotAttached, (token, callback)));
        }
        let pid = token.pid();
        let (id, former) = match self.sweep.add(lp, token, callback)? {
            Registered::New(id, former) => (id, former),
            Registered::Replaced(former) => return Ok(Some(former)),
        };
        M::look_at(self, lp, pid, id);
        if !self.attached.is_some() {
            // Detached meanwhile, on another thread.
            self.sweep.leave_to_threads(true);
        }
        Ok(former.map(|it| it.callback))
    }

    pub(super) fn remove(&self, pid: Pid) -> bool {
        let removed = self.sweep.remove(pid);
        removed.inspect(|_| self.tidy()).is_some()
    }

    pub(super) fn attach(self: &Arc<Self>, lp: Option<&Loop>) -> Result<(), WatchError> {
        match lp {
            Some(_) if !self.sweep.registry.is_open() => return Err(WatchError::Closed),
            Some(lp) => {
                let make = |number| Here { watcher: self.clone(), number };
                if self.attached.attach(lp, M::claim, make)? {
                    // Whoever ended in between was heard by nobody.
                    M::look(self, &mut News::default());
                }
            }
            // A closed one listens as long as somebody waits.
            None if self.sweep.registry.is_open() && self.attached.detach() => {
                self.sweep.leave_to_threads(true);
            }
            None => {}
        }
        Ok(())
    }

    pub(super) fn is_active(&self) -> bool {
        self.sweep.registry.is_open() && self.attached.is_some()
    }

    pub(super) fn close(&self) {
        if self.sweep.registry.is_open() {
            self.sweep.registry.close();
            self.tidy();
        }
    }

    /// Listens no more if it is closed and nobody waits.
    fn tidy(&self) {
        if !self.sweep.registry.is_open() && self.sweep.is_empty() {
            self.attached.detach();
        }
    }
}

/// The loop that listens.
struct Here<M: Manner> {
    watcher: Arc<Bound<M>>,
    number: u64,
}

impl<M: Manner> Listener for Here<M> {
    fn hear(&self, _: i32) {
        let mut news = News::default();
        M::look(&self.watcher, &mut news);
        self.watcher.tidy();
        news.tell();
    }
}

impl<M: Manner> Drop for Here<M> {
    fn drop(&mut self) {
        // Not if it was detached, or another loop listens now.
        if self.watcher.attached.lose(self.number) {
            self.watcher.sweep.leave_to_threads(true);
        }
    }
}

/// Makes a watcher out of one that is bound, with methods of its own.
macro_rules! bound_watcher {
    ($name:ident { $($method:tt)* }) => {
        impl anyloop::ChildWatcher for $name {
            fn watch(
                &self,
                lp: &anyloop::Loop,
                token: anyloop::ChildToken,
                callback: anyloop::ExitCallback,
            ) -> Result<
                Option<anyloop::ExitCallback>,
                anyloop::Rejected<(anyloop::ChildToken, anyloop::ExitCallback), anyloop::WatchError>,
            > {
                self.bound.watch(lp, token, callback)
            }

            fn remove_child_handler(&self, pid: anyloop::Pid) -> bool {
                self.bound.remove(pid)
            }

            fn attach_loop(&self, lp: Option<&anyloop::Loop>) -> Result<(), anyloop::WatchError> {
                self.bound.attach(lp)
            }

            fn is_active(&self) -> bool {
                self.bound.is_active()
            }

            fn close(&self) {
                self.bound.close();
            }

            $($method)*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let active = self.bound.is_active();
                f.debug_struct(stringify!($name)).field("active", &active).finish_non_exhaustive()
            }
        }
    };
}

pub(super) use bound_watcher;
