//! Which children does a watcher look at when SIGCHLD comes? All that wait, one by one.
//!
//! A signal says that some child has ended, not which: signals that come together are one. So each
//! look costs a system call for every child that waits. That call collects, if the child has ended, and its
//! registration is over in the same step: what is posted to the loop after that is only to be called.

use std::sync::Arc;

use anyloop::{ChildToken, ExitCallback, Loop, Pid, RejectReason, Rejected, Remote, WatchError};

use super::news::News;
use crate::children::collect::collect;
use crate::children::end::End;
use crate::children::registry::{Added, Registration, Registry};

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
}

impl Sweep {
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
        let pid = token.pid();
        let mut child = Some(token);
        match self.registry.add(pid, lp.remote(), callback, &mut child) {
            Added::New(id, former) => Ok(Registered::New(id, former)),
            Added::Replaced(former) => Ok(Registered::Replaced(former)),
            Added::Closed(callback) => {
                let child = child.unwrap_or_else(|| pid.into());
                Err(Rejected::new(WatchError::Closed, (child, callback)))
            }
        }
    }

    /// Takes a registration back that nobody can wait for; `None` if it came to its end meanwhile.
    pub(crate) fn refuse(
        &self,
        pid: Pid,
        id: u64,
        error: WatchError,
    ) -> Option<Rejected<(ChildToken, ExitCallback), WatchError>> {
        let known = self.registry.take(pid, id)?;
        Some(Rejected::new(error, (known.child.unwrap_or_else(|| pid.into()), known.callback)))
    }

    /// Whose end has come.
    pub(crate) fn look(&self, news: &mut News) {
        self.registry.take_all_ended(collect).into_iter().for_each(|ended| news.add(ended));
    }

    /// Tells of the end of that one, if it has come, and says whether it waits no more: the look of another
    /// loop may have found it.
    pub(crate) fn look_at(&self, pid: Pid, id: u64) -> bool {
        let ended = self.registry.take_ended(pid, id, collect);
        ended.map(News::post).is_some() || self.registry.remote(pid, id).is_none()
    }

    /// Removes the registration of a child, and gives the loop that was to be told, if there was one.
    pub(crate) fn remove(&self, pid: Pid) -> Option<Remote> {
        let known = self.registry.remove(pid)?;
        Some(known.remote)
    }

    /// Whether a child waits whose end that loop should be told.
    pub(crate) fn waits_for(&self, remote: &Remote) -> bool {
        self.registry.any_looked_at(|told| told.is_same(remote))
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        !self.registry.any_looked_at(|_| true)
    }

    /// Has threads wait for those that nobody looks at any more: all, or those of loops that are closed.
    pub(crate) fn leave_to_threads(&self, all: bool) {
        for (id, child) in self.registry.give_out(|remote| all || remote.is_closed()) {
            let end = End { registry: self.registry.clone(), child, id };
            if let Err((_, Some(end))) = end.wait_in_thread() {
                // Without a thread it is looked at when somebody looks again.
                drop(self.registry.take_back(id, end.child));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anyloop::Policy;

    use super::*;
    use crate::DefaultEventLoopPolicy;

    #[test]
    fn whom_the_look_of_another_loop_has_found_waits_no_more() {
        let lp = Policy::new(DefaultEventLoopPolicy::new()).new_event_loop().expect("a loop");
        let (sweep, stranger) = (Sweep::default(), Pid::new(1).expect("a number"));
        let added = sweep.add(&lp, stranger.into(), ExitCallback::new(|_, _| {}));
        let Ok(Registered::New(id, None)) = added else { panic!("it is not registered") };
        sweep.look(&mut News::default());
        assert!(sweep.look_at(stranger, id));
        lp.close().expect("it does not run");
    }
}
