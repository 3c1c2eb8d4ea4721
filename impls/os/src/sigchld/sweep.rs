//! Which children does a watcher look at when SIGCHLD comes? All that wait, one by one.
//!
//! A signal says that some child has ended, not which: signals that come together are one. So each
//! look costs a system call for every child that waits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyloop::{ChildToken, ExitCallback, Loop, Pid, RejectReason, Rejected, Remote, WatchError};

use crate::children::collect;
use crate::children::end::End;
use crate::children::registry::{Added, Registration, Registry};
use crate::processes::wait_id;

/// Whether the child has ended. Not whether anybody wants to know, which would take as long again to find
/// out: whoever is removed is forgotten at once.
fn is_over(end: &End) -> bool {
    collect::has_ended(&wait_id(&end.child))
}

/// What came of a registration.
pub(crate) enum Registered {
    /// The child waits under this number. Another loop had registered it, if that is given.
    New(u64, Option<Registration>),
    /// It waited already, for the same loop, and this callback was to be told so far.
    Replaced(ExitCallback),
}

/// The children of one watcher whose end was not seen yet.
#[derive(Default)]
pub(crate) struct Sweep {
    pub(crate) registry: Arc<Registry>,
    /// By the number of the registration.
    waiting: Mutex<BTreeMap<u64, Arc<End>>>,
}

impl Sweep {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<End>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a child.
    pub(crate) fn add(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Registered, Rejected<(ChildToken, ExitCallback), WatchError>> {
        if lp.is_closed() {
            return Err(Rejected::new(RejectReason::Closed.into(), (token, callback)));
        }
        match self.registry.add(token.pid(), lp.remote(), callback) {
            Added::New(id, former) => {
                let end = End { registry: self.registry.clone(), child: token, id };
                if let Some(former) = &former {
                    self.forget(former.id);
                }
                self.waiting().insert(id, Arc::new(end));
                Ok(Registered::New(id, former))
            }
            Added::Replaced(former) => Ok(Registered::Replaced(former)),
            Added::Closed(callback) => Err(Rejected::new(WatchError::Closed, (token, callback))),
        }
    }

    /// Takes a registration back that nobody can wait for; `None` if it came to its end meanwhile.
    pub(crate) fn refuse(
        &self,
        id: u64,
        error: WatchError,
    ) -> Option<Rejected<(ChildToken, ExitCallback), WatchError>> {
        let end = self.waiting().remove(&id).and_then(Arc::into_inner)?;
        let known = self.registry.take(end.child.pid(), id)?;
        Some(Rejected::new(error, (end.child, known.callback)))
    }

    /// Tells of everybody whose end has come.
    pub(crate) fn look(&self) {
        // Posted when the lock is free again: a loop that is closed collects on the spot.
        self.pick(is_over).into_iter().for_each(End::post);
    }

    /// Tells of the end of that one, if it has come, and says whether it has.
    pub(crate) fn look_at(&self, id: u64) -> bool {
        let over = match self.waiting().entry(id) {
            // Another thread may have removed it before it waited here.
            Entry::Occupied(end) if is_over(end.get()) || !end.get().is_wanted() => end.remove(),
            _ => return false,
        };
        over.post();
        true
    }

    /// Takes out those that `is_one` picks, in the order in which they were registered.
    fn pick(&self, is_one: impl Fn(&End) -> bool) -> Vec<Arc<End>> {
        let mut picked = Vec::new();
        self.waiting().retain(|_, end| {
            let is_one = is_one(end);
            if is_one {
                picked.push(end.clone());
            }
            !is_one
        });
        picked
    }

    /// Forgets the child of that registration, which somebody has removed.
    pub(crate) fn forget(&self, id: u64) {
        let forgotten = self.waiting().remove(&id);
        drop(forgotten);
    }

    /// Removes the registration of a child, and gives the loop that was to be told, if there was one.
    pub(crate) fn remove(&self, pid: Pid) -> Option<Remote> {
        let known = self.registry.remove(pid)?;
        self.forget(known.id);
        Some(known.remote)
    }

    /// Whether a child waits whose end that loop should be told.
    pub(crate) fn waits_for(&self, remote: &Remote) -> bool {
        let is_its = |end: &Arc<End>| self.registry.tells(end.child.pid(), end.id, remote);
        self.waiting().values().any(is_its)
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    /// Has threads wait for those that nobody looks at any more: all, or those of loops that are closed.
    pub(crate) fn leave_to_threads(&self, all: bool) {
        let left = self.pick(|end| all || end.remote().is_none_or(|remote| remote.is_closed()));
        for end in left {
            let Some(end) = Arc::into_inner(end).filter(End::is_wanted) else { continue };
            // Without a thread it is looked at when somebody looks again.
            if let Err((_, Some(end))) = end.wait_in_thread() {
                self.waiting().insert(end.id, Arc::new(end));
            }
        }
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        if !self.registry.is_ours() {
            // The lock may be held by a thread that is not here.
            mem::forget(mem::take(&mut self.waiting));
        }
    }
}
