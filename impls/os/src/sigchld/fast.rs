//! The watcher that collects every child of the process, whoever started it.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyloop::{ExitStatus, Pid, WatchError, get_running_loop};

use super::anybody;
use super::bound::{Bound, Manner, bound_watcher};
use super::claims::Claim;
use crate::children::collect::by_number;

/// So many ends of strangers are remembered at most: who does not ask is forgotten.
const STRANGERS: usize = 1024;

/// How long nothing has to happen before each child that waits is looked at: one whose status somebody
/// else has taken makes no news.
const QUIET: Duration = Duration::from_millis(50);

/// Listens for SIGCHLD on the loop that it is attached to, and collects whoever has ended, in O(1).
///
/// It takes everybody's children: other code of the process that waits for a child of its own finds it
/// gone, and has to ask for the status with [`take_status`](Self::take_status). So no other
/// watcher that listens for SIGCHLD works beside it ([`WatchError::Conflict`]), and a child that was removed, or
/// refused, is collected all the same.
///
/// *Cost:* one eventfd, and O(1) for each end. *Needs:* as
/// [`SafeChildWatcher`](crate::SafeChildWatcher).
///
/// A child that ends between its start and its registration is a stranger until then. Start it inside of
/// a [`begin_spawn`](Self::begin_spawn), and its status is kept for the registration.
///
/// ```
/// use anyloop::Watcher;
/// use anyloop_os::FastChildWatcher;
///
/// let lp = anyloop::new_event_loop()?;
/// let fast = FastChildWatcher::new();
/// let watcher = Watcher::new(fast.clone());
/// watcher.attach_loop(Some(&lp))?;
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

bound_watcher!(FastChildWatcher);

/// Collects whoever has ended.
#[derive(Default)]
struct Fast {
    strangers: Mutex<Strangers>,
    /// Whether somebody will look when all has been quiet.
    will_look: AtomicBool,
}

/// What is told of a child that nobody had registered: its number, and how it ended. It runs as a
/// callback of the loop that the watcher is attached to.
pub type StrangerHandler = Arc<dyn Fn(Pid, ExitStatus) + Send + Sync>;

/// The ends of children that nobody had registered.
#[derive(Default)]
struct Strangers {
    /// Who is told of them.
    handler: Option<StrangerHandler>,
    ends: HashMap<Pid, ExitStatus>,
    /// In how many places a child is about to be registered.
    spawning: usize,
}

impl Strangers {
    fn keep(&mut self, pid: Pid, status: ExitStatus) {
        if self.spawning == 0 && self.ends.len() >= STRANGERS {
            self.ends.clear();
        }
        self.ends.insert(pid, status);
    }
}

/// Says that a child is about to be started and registered, until it is dropped.
#[derive(Debug)]
pub struct SpawnGuard {
    watcher: FastChildWatcher,
}

impl Drop for SpawnGuard {
    fn drop(&mut self) {
        self.watcher.bound.manner.strangers().spawning -= 1;
    }
}

impl FastChildWatcher {
    /// A watcher that is attached to no loop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has the ends of strangers kept until the guard is dropped, however many they are.
    #[must_use]
    pub fn begin_spawn(&self) -> SpawnGuard {
        self.bound.manner.strangers().spawning += 1;
        SpawnGuard { watcher: self.clone() }
    }

    /// Has a handler told of strangers, and returns the one there was. What it is told is not kept for
    /// [`take_status`](Self::take_status), unless a [`begin_spawn`](Self::begin_spawn) is under way.
    ///
    /// For a program that adopts orphans, as the first process of a container does:
    ///
    /// ```
    /// use std::sync::Arc;
    /// use anyloop_os::FastChildWatcher;
    ///
    /// let fast = FastChildWatcher::new();
    /// fast.set_stranger_handler(Some(Arc::new(|pid, status| println!("orphan {pid} {status}"))));
    /// ```
    pub fn set_stranger_handler(&self, handler: Option<StrangerHandler>) -> Option<StrangerHandler> {
        mem::replace(&mut self.bound.manner.strangers().handler, handler)
    }

    /// How a child has ended that this watcher collected and that nobody had registered; `None` if it
    /// is not known, or was asked before. The last thousand or so are known.
    #[must_use]
    pub fn take_status(&self, pid: Pid) -> Option<ExitStatus> {
        self.bound.manner.strangers().ends.remove(&pid)
    }
}

impl Fast {
    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bound<Fast> {
    /// Collects whoever has ended; says whether somebody was told.
    fn collect_all(&self) -> bool {
        let mut told = false;
        while let Some((pid, status)) = anybody::collect() {
            told |= self.tell(pid, status);
        }
        told
    }

    /// Tells of an end; false if it is a stranger's.
    fn tell(&self, pid: Pid, status: ExitStatus) -> bool {
        let Some(known) = self.sweep.registry.remove(pid) else {
            self.meet(pid, status);
            return false;
        };
        self.sweep.forget(known.id);
        let callback = known.callback;
        // On a closed loop there is nobody to tell.
        drop(known.remote.call_soon(move || callback(pid, status)));
        true
    }

    /// Hands a stranger to whoever wants to know, or keeps what is known of him.
    fn meet(&self, pid: Pid, status: ExitStatus) {
        let handler = {
            let mut strangers = self.manner.strangers();
            let handler = strangers.handler.clone().filter(|_| strangers.spawning == 0);
            if handler.is_none() {
                strangers.keep(pid, status);
            }
            handler
        };
        let remote = self.attached.remote();
        if let (Some(handler), Some(remote)) = (handler, remote) {
            // On a closed loop there is nobody to tell.
            drop(remote.call_soon(move || handler(pid, status)));
        }
    }

    /// Has each child looked at when all has been quiet; false if that has to be done now.
    fn look_later(self: &Arc<Self>) -> bool {
        if self.sweep.is_empty() || self.manner.will_look.swap(true, Ordering::Relaxed) {
            return true;
        }
        let look = Look(self.clone());
        let asked = get_running_loop().map(|lp| lp.call_later(QUIET, move || look.now()));
        matches!(asked, Ok(Ok(_)))
    }
}

/// A look that will be taken. Dropped untaken, since the loop was closed first, it leaves that to the next.
struct Look(Arc<Bound<Fast>>);

impl Look {
    fn now(self) {
        self.0.collect_all();
        self.0.sweep.look();
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.0.manner.will_look.store(false, Ordering::Relaxed);
    }
}

impl Manner for Fast {
    fn claim() -> Result<Claim, WatchError> {
        Claim::greedy("FastChildWatcher")
    }

    fn look(watcher: &Arc<Bound<Self>>) {
        // If nobody was told, a status may have been stolen; if somebody was, another's may have been.
        if !(watcher.collect_all() && watcher.look_later()) {
            watcher.sweep.look();
        }
    }

    fn look_at(watcher: &Arc<Bound<Self>>, pid: Pid, id: u64) {
        let known = watcher.manner.strangers().ends.remove(&pid);
        // What is known of that number is of another child, if there is one that bears it.
        match known.filter(|_| !anybody::is_there(&by_number(pid))) {
            Some(status) => _ = watcher.tell(pid, status),
            None => _ = watcher.sweep.look_at(id),
        }
    }
}
