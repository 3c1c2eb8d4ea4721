//! The watcher that collects every child of the process, whoever started it.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyloop::{
    ExitStatus, Loop, Pid, Reaper, Remote, SpawnGuard, StrangerHandler, WatchError, get_running_loop,
};

use super::anybody;
use super::bound::{Bound, Manner, bound_watcher};
use super::claims::Claim;
use super::news::News;
use crate::children::collect::by_number;
use crate::children::registry::Ended;

/// So many ends of strangers are remembered at most: who does not ask is forgotten.
const STRANGERS: usize = 1024;

/// How long nothing has to happen before each child that waits is looked at: one whose status somebody
/// else has taken makes no news.
const QUIET: Duration = Duration::from_millis(50);

/// Listens for SIGCHLD on the loop that it is attached to, and collects whoever has ended, in O(1).
///
/// It takes everybody's children: other code of the process that waits for a child of its own finds it
/// gone, and has to ask for the status with [`take_status`](Reaper::take_status). So no other
/// watcher that listens for SIGCHLD works beside it ([`WatchError::Conflict`]), and a child that was removed, or
/// refused, is collected all the same.
///
/// *Cost:* one eventfd, and O(1) for each end. *Needs:* as
/// [`SafeChildWatcher`](crate::SafeChildWatcher).
///
/// A child that ends between its start and its registration is a stranger until then. Start it inside of
/// a [`begin_spawn`](Reaper::begin_spawn), and its status is kept for the registration.
///
/// As the [`Reaper`] that it is, for a program that adopts orphans:
///
/// ```
/// use anyloop::{Reaper, StrangerHandler, Watcher};
/// use anyloop_os::FastChildWatcher;
///
/// let lp = anyloop::new_event_loop()?;
/// let fast = FastChildWatcher::new();
/// let watcher = Watcher::new(fast.clone());
/// watcher.attach_loop(Some(&lp))?;
/// fast.set_stranger_handler(Some(StrangerHandler::new(|pid, status| println!("orphan {pid} {status}"))));
/// let spawning = fast.begin_spawn();
/// // start a program, and register it
/// drop(spawning);
/// watcher.close();
/// # lp.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct FastChildWatcher {
    bound: Arc<Bound<Fast>>,
}

bound_watcher!(FastChildWatcher {
    fn reaper(&self) -> Option<&dyn Reaper> {
        Some(self)
    }
});

/// Collects whoever has ended.
#[derive(Default)]
struct Fast {
    strangers: Mutex<Strangers>,
    /// The loop that will look when all has been quiet, if one will.
    will_look: Mutex<Option<Remote>>,
}

/// The ends of children that nobody had registered.
#[derive(Default)]
struct Strangers {
    /// Who is told of them.
    handler: Option<StrangerHandler>,
    /// Those of whom nobody was told, until somebody asks.
    ends: HashMap<Pid, ExitStatus>,
    /// Those of whom the handler is told when nobody is about to register a child any more.
    awaited: HashMap<Pid, ExitStatus>,
    /// In how many places a child is about to be registered.
    spawning: usize,
}

impl Strangers {
    /// Keeps an end, or gives the handler that is to be told of it.
    fn keep(&mut self, pid: Pid, status: ExitStatus) -> Option<StrangerHandler> {
        if self.handler.is_some() && self.spawning > 0 {
            self.awaited.insert(pid, status);
            return None;
        }
        if self.handler.is_none() {
            if self.spawning == 0 && self.ends.len() >= STRANGERS {
                self.ends.clear();
            }
            self.ends.insert(pid, status);
        }
        self.handler.clone()
    }

    /// What is known of the end of a child that is registered now.
    fn take(&mut self, pid: Pid) -> Option<ExitStatus> {
        self.awaited.remove(&pid).or_else(|| self.ends.remove(&pid))
    }
}

/// A place where a child is about to be registered.
struct Spawning(Arc<Bound<Fast>>);

impl Drop for Spawning {
    fn drop(&mut self) {
        let awaited = {
            let mut strangers = self.0.manner.strangers();
            strangers.spawning -= 1;
            mem::take(&mut strangers.awaited)
        };
        // As long as there is another such place, they go on waiting.
        awaited.into_iter().for_each(|(pid, status)| self.0.meet(pid, status));
    }
}

impl FastChildWatcher {
    /// A watcher that is attached to no loop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The last thousand strangers or so are remembered.
impl Reaper for FastChildWatcher {
    fn set_stranger_handler(&self, handler: Option<StrangerHandler>) -> Option<StrangerHandler> {
        mem::replace(&mut self.bound.manner.strangers().handler, handler)
    }

    fn take_status(&self, pid: Pid) -> Option<ExitStatus> {
        if self.bound.is_active() {
            // It may have ended since the loop looked last.
            self.bound.collect_all(&mut News::default());
        }
        self.bound.manner.strangers().take(pid)
    }

    fn begin_spawn(&self) -> SpawnGuard {
        self.bound.manner.strangers().spawning += 1;
        SpawnGuard::new(Spawning(self.bound.clone()))
    }
}

impl Fast {
    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn will_look(&self) -> MutexGuard<'_, Option<Remote>> {
        self.will_look.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bound<Fast> {
    /// Collects whoever has ended.
    fn collect_all(&self, news: &mut News) {
        while let Some((pid, status)) = anybody::collect() {
            match self.sweep.registry.remove(pid) {
                Some(known) => news.add(Ended { pid, known, status }),
                None => self.meet(pid, status),
            }
        }
    }

    /// Hands a stranger to whoever wants to know, or keeps what is known of him.
    fn meet(&self, pid: Pid, status: ExitStatus) {
        let handler = self.manner.strangers().keep(pid, status);
        if let (Some(handler), Some(remote)) = (handler, self.attached.remote()) {
            // On a closed loop there is nobody to tell.
            drop(remote.call_soon(move || handler.call(pid, status)));
        }
    }

    /// Has `lp` look at each child when all has been quiet; false if that has to be done now.
    fn look_later(self: &Arc<Self>, lp: &Loop) -> bool {
        let remote = lp.remote();
        // Not another one, on which nobody listens any more.
        let former = self.manner.will_look().replace(remote.clone());
        if former.is_some_and(|former| former.is_same(&remote)) {
            return true;
        }
        let look = Look(self.clone());
        lp.call_later(QUIET, move || look.now()).is_ok()
    }
}

/// A look that will be taken. Dropped untaken, since the loop was closed first, it leaves that to the next.
struct Look(Arc<Bound<Fast>>);

impl Look {
    fn now(self) {
        let mut news = News::default();
        self.0.collect_all(&mut news);
        self.0.sweep.look(&mut news);
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        *self.0.manner.will_look() = None;
    }
}

impl Manner for Fast {
    fn claim() -> Result<Claim, WatchError> {
        Claim::greedy("FastChildWatcher")
    }

    fn look(watcher: &Arc<Bound<Self>>, news: &mut News) {
        watcher.collect_all(news);
        // If there is no news, a status may have been stolen; if there is some, another's may have been.
        let later = || get_running_loop().is_ok_and(|lp| watcher.look_later(&lp));
        if !(news.is_any() && (watcher.sweep.is_empty() || later())) {
            watcher.sweep.look(news);
        }
    }

    fn look_at(watcher: &Arc<Bound<Self>>, lp: &Loop, pid: Pid, id: u64) {
        let known = watcher.manner.strangers().take(pid);
        // What is known of that number is of another child, if there is one that bears it.
        match known.filter(|_| !anybody::is_there(&by_number(pid))) {
            Some(status) => {
                let ended = watcher.sweep.registry.remove(pid).map(|known| Ended { pid, known, status });
                ended.map_or_else(|| watcher.meet(pid, status), News::post);
            }
            // If it has ended, and is not known to have, then the signal is still to be heard, or somebody else
            // has taken the status.
            None if watcher.attached.is_to(lp) && watcher.look_later(lp) => {}
            None => _ = watcher.sweep.look_at(pid, id),
        }
    }
}
