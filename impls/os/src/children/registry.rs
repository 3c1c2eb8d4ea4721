//! Which children are registered, for whom.
//!
//! Each registration has a number of its own beside the pid: whoever waits for the child's end
//! presents it, and gets nothing if the registration is gone, even if the pid has been given to
//! another child since. Replacing a callback keeps the number, since the child is the same; but another
//! loop that takes the child over gets a number of its own, for it has to wait by itself: the one before
//! may never run again.
//!
//! In a forked child the registry of the parent is closed and empty. That is found out before the
//! lock is taken, which a thread of the parent may have held when it forked. What is registered is never
//! dropped there: whoever waits for it holds the registry, and is a thread of the parent or in its loop.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyloop::{ChildToken, ExitCallback, ExitStatus, Handle, Pid, ProcessStamp, Remote};

use crate::fork::this_process;
use crate::hash::BuildInOrder;

/// Who is to be told.
pub(crate) struct Registration {
    pub(crate) id: u64,
    pub(crate) callback: ExitCallback,
    pub(crate) remote: Remote,
    /// What the loop calls the wait, if the loop waits.
    pub(crate) source: Option<Handle>,
    /// The child, if whoever hears of the signal looks at it.
    pub(crate) child: Option<ChildToken>,
}

/// A registration that is over, and how its child ended.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for loops that listen for signals"))]
pub(crate) struct Ended {
    pub(crate) pid: Pid,
    pub(crate) known: Registration,
    pub(crate) status: ExitStatus,
}

#[derive(Default)]
struct State {
    /// In boxes: a table has room for twice as many as there are, and leaves as much behind when it grows.
    by_pid: HashMap<Pid, Box<Registration>, BuildInOrder>,
    last_id: u64,
    closed: bool,
}

/// The registrations of one watcher. Callbacks go in and come out; none runs or is dropped here.
pub(crate) struct Registry {
    process: ProcessStamp,
    state: Mutex<State>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { process: this_process(), state: Mutex::default() }
    }
}

/// What became of a callback that was to be registered.
pub(crate) enum Added {
    /// It is registered under this number, and somebody has to wait for the child. What another loop had
    /// registered is over, and so is its wait.
    New(u64, Option<Registration>),
    /// It took the place of another of the same loop, whose wait goes on.
    Replaced(ExitCallback),
    /// The watcher is closed; here it is back.
    Closed(ExitCallback),
}

impl Registry {
    /// Whether this is the process that keeps them.
    pub(crate) fn is_ours(&self) -> bool {
        self.process.is_current()
    }

    /// The books, in the process that keeps them.
    fn state(&self) -> Option<MutexGuard<'_, State>> {
        self.is_ours().then(|| self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers, and keeps the child if it is new and there is one.
    pub(crate) fn add(
        &self,
        pid: Pid,
        remote: Remote,
        callback: ExitCallback,
        child: &mut Option<ChildToken>,
    ) -> Added {
        let Some(mut state) = self.state().filter(|state| !state.closed) else {
            return Added::Closed(callback);
        };
        state.last_id += 1;
        let id = state.last_id;
        match state.by_pid.entry(pid) {
            Entry::Occupied(mut known) if known.get().remote.is_same(&remote) => {
                Added::Replaced(mem::replace(&mut known.get_mut().callback, callback))
            }
            entry => {
                let new = Box::new(Registration { id, callback, remote, source: None, child: child.take() });
                let former = match entry {
                    Entry::Occupied(mut known) => Some(*known.insert(new)),
                    Entry::Vacant(place) => {
                        place.insert(new);
                        None
                    }
                };
                Added::New(id, former)
            }
        }
    }

    /// Takes a registration back that nobody can wait for, and gives the child back to whoever had it
    /// before. `Err` if another thread has removed the registration meanwhile.
    pub(crate) fn give_back(
        &self,
        pid: Pid,
        id: u64,
        former: Option<Registration>,
    ) -> Result<ExitCallback, Option<Registration>> {
        let Some(mut state) = self.state() else { return Err(former) };
        match state.by_pid.entry(pid) {
            Entry::Occupied(mut known) if known.get().id == id => Ok(match former {
                Some(former) => known.insert(Box::new(former)).callback,
                None => known.remove().callback,
            }),
            _ => Err(former),
        }
    }

    /// Notes what the loop calls the wait; false if the registration is gone by now.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for loops that wait for children"))]
    pub(crate) fn set_source(&self, pid: Pid, id: u64, source: Handle) -> bool {
        let mut state = self.state();
        let known = state.as_mut().and_then(|state| state.by_pid.get_mut(&pid));
        known.filter(|known| known.id == id).map(|known| known.source = Some(source)).is_some()
    }

    /// The loop that is to be told now, if the registration is still there.
    pub(crate) fn remote(&self, pid: Pid, id: u64) -> Option<Remote> {
        self.remote_if(pid, id, |_| true)
    }

    /// The same, if that loop waits for a source.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for loops that wait for children"))]
    pub(crate) fn remote_that_waits(&self, pid: Pid, id: u64) -> Option<Remote> {
        self.remote_if(pid, id, |known| known.source.is_some())
    }

    fn remote_if(&self, pid: Pid, id: u64, is_one: impl Fn(&Registration) -> bool) -> Option<Remote> {
        let state = self.state()?;
        let known = state.by_pid.get(&pid)?;
        (known.id == id && is_one(known)).then(|| known.remote.clone())
    }

    /// Takes the registration out, if it is still there.
    pub(crate) fn take(&self, pid: Pid, id: u64) -> Option<Registration> {
        match self.state()?.by_pid.entry(pid) {
            Entry::Occupied(known) if known.get().id == id => Some(*known.remove()),
            _ => None,
        }
    }

    /// Takes the registration out, if it is still there and `has_ended` gives something. It is asked within
    /// the lock, so it runs nothing of the users.
    pub(crate) fn take_if<R>(
        &self,
        pid: Pid,
        id: u64,
        has_ended: impl FnOnce() -> Option<R>,
    ) -> Option<(Registration, R)> {
        match self.state()?.by_pid.entry(pid) {
            Entry::Occupied(known) if known.get().id == id => {
                let how = has_ended()?;
                Some((*known.remove(), how))
            }
            _ => None,
        }
    }

    /// Takes out whatever is registered for `pid`.
    pub(crate) fn remove(&self, pid: Pid) -> Option<Registration> {
        self.state()?.by_pid.remove(&pid).map(|known| *known)
    }

    pub(crate) fn close(&self) {
        if let Some(mut state) = self.state() {
            state.closed = true;
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state().is_some_and(|state| !state.closed)
    }
}

/// For watchers that look at children.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for loops that listen for signals"))]
impl Registry {
    /// Whether somebody looks at a child for which `is_one` says so of the loop that is to be told.
    pub(crate) fn any_looked_at(&self, is_one: impl Fn(&Remote) -> bool) -> bool {
        let mut state = self.state();
        let mut known = state.iter_mut().flat_map(|state| state.by_pid.values());
        known.any(|known| known.child.is_some() && is_one(&known.remote))
    }

    /// Takes the registration out, if its child is looked at and `collect` says how it has ended. It is
    /// asked within the lock, so it runs nothing of the users; and so for the others below.
    pub(crate) fn take_ended(
        &self,
        pid: Pid,
        id: u64,
        collect: impl FnOnce(&ChildToken) -> Option<ExitStatus>,
    ) -> Option<Ended> {
        match self.state()?.by_pid.entry(pid) {
            Entry::Occupied(known) if known.get().id == id => {
                let status = collect(known.get().child.as_ref()?)?;
                Some(Ended { pid, known: *known.remove(), status })
            }
            _ => None,
        }
    }

    /// Takes out all whose child is looked at and has ended, in the order in which they came.
    pub(crate) fn take_all_ended(&self, collect: impl Fn(&ChildToken) -> Option<ExitStatus>) -> Vec<Ended> {
        let Some(mut state) = self.state() else { return Vec::new() };
        let look = |pid: &Pid, known: &Registration| Some((*pid, collect(known.child.as_ref()?)?));
        let over: Vec<_> = state.by_pid.iter().filter_map(|(pid, known)| look(pid, known)).collect();
        let mut ended = Vec::with_capacity(over.len());
        for (pid, status) in over {
            ended.extend(state.by_pid.remove(&pid).map(|known| Ended { pid, known: *known, status }));
        }
        ended.sort_unstable_by_key(|ended| ended.known.id);
        ended
    }

    /// Gives out the children that are looked at, with the numbers of their registrations, which stay, for
    /// which `is_one` says so of the loop that is to be told.
    pub(crate) fn give_out(&self, is_one: impl Fn(&Remote) -> bool) -> Vec<(u64, ChildToken)> {
        let Some(mut state) = self.state() else { return Vec::new() };
        let give =
            |known: &mut Box<Registration>| Some((known.id, known.child.take_if(|_| is_one(&known.remote))?));
        state.by_pid.values_mut().filter_map(give).collect()
    }

    /// Takes back a child that was given out, or hands it back if the registration is gone.
    pub(crate) fn take_back(&self, id: u64, child: ChildToken) -> Option<ChildToken> {
        let mut state = self.state();
        let known = state.as_mut().and_then(|state| state.by_pid.get_mut(&child.pid()));
        match known.filter(|known| known.id == id) {
            Some(known) => known.child.replace(child),
            None => Some(child),
        }
    }
}
