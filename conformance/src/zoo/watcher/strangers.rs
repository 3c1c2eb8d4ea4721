//! What can be wrong with a watcher that collects every child? A healthy one that does when it is asked to.
//!
//! Without a handler of strangers it leaves them alone until somebody asks for the status of one; with one,
//! a thread looks for them, a few thousand times a second. Nobody starves of that in a zoo.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use anyloop::{ExitStatus, Pid, Reaper, Remote, SpawnGuard, StrangerHandler};
use rustix::process::WaitIdOptions;

use super::{Shared, Sick, Specimen, look, status_of};
use crate::world::threads;
use crate::world::unix::any_zombie;

/// What it knows of children that nobody has registered.
#[derive(Default)]
pub(super) struct Strangers {
    /// The loop that it is attached to.
    pub(super) remote: Option<Remote>,
    handler: Option<StrangerHandler>,
    /// In how many places a child is about to be registered.
    spawning: usize,
    /// What was given, for one that gives it again.
    given: BTreeMap<Pid, ExitStatus>,
}

/// A place where a child is about to be registered.
struct Spawning(Arc<Shared>);

impl Drop for Spawning {
    fn drop(&mut self) {
        self.0.strangers().spawning -= 1;
    }
}

impl Shared {
    pub(super) fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Collects a child that has ended.
    fn collect_stranger(pid: Pid) -> Option<ExitStatus> {
        look(pid, WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok().flatten().as_ref().map(status_of)
    }

    /// Tells of one stranger, if there is one.
    fn look_for_strangers(&self) {
        let Some(pid) = any_zombie() else { return };
        let (handler, remote) = {
            let strangers = self.strangers();
            let waits = strangers.spawning > 0 && !self.has(Sick::ForgetsBracket);
            if waits || self.table().children.contains_key(&pid) {
                return;
            }
            (strangers.handler.clone(), strangers.remote.clone())
        };
        let (Some(status), Some(handler), Some(remote)) = (Self::collect_stranger(pid), handler, remote)
        else {
            return;
        };
        if !self.has(Sick::ForgetsStrangers) {
            // On a closed loop there is nobody to tell.
            let _ = remote.call_soon(move || handler.call(pid, status));
        }
    }
}

/// Looks for strangers as long as somebody wants to know, and the watcher is there.
fn keep_looking(watcher: &Weak<Shared>) {
    while let Some(watcher) = watcher.upgrade() {
        if watcher.strangers().handler.is_none() {
            return;
        }
        watcher.look_for_strangers();
        drop(watcher);
        thread::sleep(Duration::from_micros(200));
    }
}

impl Reaper for Specimen {
    fn set_stranger_handler(&self, handler: Option<StrangerHandler>) -> Option<StrangerHandler> {
        let begins = handler.is_some();
        let former = mem::replace(&mut self.0.strangers().handler, handler);
        if begins && former.is_none() {
            let watcher = Arc::downgrade(&self.0);
            drop(threads::start(Box::new(move || keep_looking(&watcher))));
        }
        former
    }

    fn take_status(&self, pid: Pid) -> Option<ExitStatus> {
        let shared = &self.0;
        if shared.table().children.contains_key(&pid) {
            return None;
        }
        let given = shared.strangers().given.get(&pid).copied();
        let status =
            given.or_else(|| Shared::collect_stranger(pid)).filter(|_| !shared.has(Sick::LosesStatus))?;
        if shared.has(Sick::GivesAgain) {
            shared.strangers().given.insert(pid, status);
        }
        Some(status)
    }

    fn begin_spawn(&self) -> SpawnGuard {
        self.0.strangers().spawning += 1;
        SpawnGuard::new(Spawning(self.0.clone()))
    }
}
