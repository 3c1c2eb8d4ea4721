//! How does a child watcher watch that is healthy, or has a disease? For real children.
//!
//! The healthy one has a thread per child, which waits until the child has ended without
//! collecting it, and only then looks into the table. So whatever was removed or replaced
//! meanwhile is simply not there, and the one lock decides who collects.
//!
//! | file | answers |
//! | --- | --- |
//! | `watcher.rs` | how does it watch? |
//! | `watcher/diseases.rs` | which diseases are there? |
//! | `watcher/strangers.rs` | how does one collect every child? |

mod diseases;
mod strangers;

use std::boxed::Box;
use std::collections::BTreeMap;
use std::fs::File;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use anyloop::{
    ChildToken, ChildWatcher, ExitCallback, ExitStatus, Instant, Loop, Pid, ProcessStamp, Reaper,
    RejectReason, Rejected, Remote, WatchError, Watcher,
};
use rustix::io::retry_on_intr;
use rustix::process::{Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, waitid};

pub use self::diseases::{DISEASES, Sick};
use self::strangers::Strangers;
use crate::world::unix::{Unix, be_careless, hears_no_ends, status_of};
use crate::world::{self, EndSignal, Handling, threads};

/// A new watcher that has `sick`, or is healthy.
#[must_use]
pub fn watcher(sick: Option<Sick>) -> Watcher {
    let dead = Arc::default();
    world::notice_forks();
    let process = ProcessStamp::current();
    let (table, strangers, held) = (Mutex::default(), Mutex::default(), Mutex::default());
    Watcher::new(Specimen(Arc::new(Shared { sick, process, table, strangers, dead, held })))
}

struct Specimen(Arc<Shared>);

struct Shared {
    sick: Option<Sick>,
    process: ProcessStamp,
    table: Mutex<Table>,
    strangers: Mutex<Strangers>,
    /// Whether a callback has panicked.
    dead: Arc<AtomicBool>,
    /// What it holds without need.
    held: Mutex<Vec<File>>,
}

/// Notes a panic that passes by.
struct Fragile(Arc<AtomicBool>);

impl Drop for Fragile {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Puts back what handled the signal of a child's end.
struct Restores(Handling);

impl Drop for Restores {
    fn drop(&mut self) {
        Unix::default().handle(self.0);
    }
}

#[derive(Default)]
struct Table {
    closed: bool,
    children: BTreeMap<Pid, Registration>,
}

struct Registration {
    remote: Remote,
    callback: ExitCallback,
}

impl Shared {
    fn has(&self, sick: Sick) -> bool {
        self.sick == Some(sick)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it belongs to the process that forked this one, a thread of which may hold the lock.
    fn is_inherited(&self) -> bool {
        !self.process.is_current()
    }

    /// Closing in a forked child, for those that do not leave it at that.
    fn close_in_child(&self) {
        if !matches!(self.sick, Some(Sick::TellsInChild | Sick::EndsFromChild)) {
            return;
        }
        let children = mem::take(&mut self.table().children);
        for (pid, registration) in children {
            if self.has(Sick::TellsInChild) {
                registration.callback.call(pid, ExitStatus::Unknown);
            } else {
                Self::end(pid);
            }
        }
    }

    /// What a child's thread does.
    fn await_end(&self, pid: Pid, interruptions: usize) {
        let mut until = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        until.set(WaitIdOptions::STOPPED, self.has(Sick::TakesStops));
        // An error says that it is no child of ours, or not any more: that is an end, too.
        let stop = look(pid, until).ok().flatten().and_then(|news| news.stopping_signal());
        if self.has(Sick::ForgetsInterrupted) && threads::interruptions() != interruptions {
            let forgotten = self.table().children.remove(&pid);
            return drop(forgotten);
        }
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let taken = match stop {
            Some(signal) => {
                let registration = self.table().children.remove(&pid);
                registration.map(|it| (it, ExitStatus::Signaled { signal, core: false }))
            }
            None => self.take(pid),
        };
        if self.has(Sick::TakesStrangers) {
            while let Ok(Some(_)) = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {}
        }
        if let Some((registration, status)) = taken {
            self.tell(pid, registration, status);
        }
    }

    /// Collects the child, and takes it from the table, if it is there and has ended.
    fn take(&self, pid: Pid) -> Option<(Registration, ExitStatus)> {
        let mut table = self.table();
        let registration = table.children.get(&pid)?;
        let mut how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let abandoned = self.has(Sick::DropsWithLoop) && registration.remote.is_closed();
        how.set(WaitIdOptions::NOWAIT, abandoned || self.has(Sick::LeavesZombies));
        let status = match look(pid, how) {
            Ok(Some(end)) => self.report(&end),
            // The number belongs to another child by now, which has a thread of its own.
            Ok(None) => return None,
            Err(_) if self.has(Sick::TrustsTheSignal) => return None,
            Err(_) if self.has(Sick::Invents255) => ExitStatus::Exited(255),
            Err(_) => ExitStatus::Unknown,
        };
        if self.has(Sick::OneAtATime) {
            let over = |other: &Pid| matches!(look(*other, PEEK), Ok(Some(_)));
            table.children.retain(|other, _| *other == pid || !over(other));
        }
        let taken = table.children.remove(&pid)?;
        if self.has(Sick::RemembersTold) {
            let shadow =
                Registration { remote: taken.remote.clone(), callback: ExitCallback::new(|_, _| ()) };
            table.children.insert(pid, shadow);
        }
        Some((taken, status))
    }

    fn report(&self, end: &WaitIdStatus) -> ExitStatus {
        match status_of(end) {
            ExitStatus::Exited(255) if self.has(Sick::DoubtsCode) => ExitStatus::Unknown,
            ExitStatus::Signaled { signal, .. } if self.has(Sick::SignalAsCode) => ExitStatus::Exited(signal),
            status => status,
        }
    }

    /// Does with the signal of a child's end what only a sick one does.
    fn take_the_signal(&self, lp: &Loop) {
        let signal = Unix::default();
        match self.sick {
            Some(Sick::SeizesSignal | Sick::InterruptsCalls) => signal.handle(Handling::Other),
            Some(Sick::ChangesErrno) => be_careless(),
            Some(Sick::KeepsSignal) if signal.handling() != Handling::Other => {
                // Dropped with the loop.
                let restores = Restores(signal.handling());
                signal.handle(Handling::Other);
                let _ = lp.call_at(Instant::NEVER, move || drop(restores));
            }
            _ => {}
        }
    }

    /// What is given back with a refusal.
    fn refuse(&self, pid: Pid, callback: ExitCallback) -> ExitCallback {
        if self.has(Sick::CollectsRefused) {
            let _ = look(pid, WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
        if self.has(Sick::SwallowsCallback) { ExitCallback::new(|_, _| ()) } else { callback }
    }

    /// Ends a child and collects it.
    fn end(pid: Pid) {
        if let Some(number) = rustix::process::Pid::from_raw(pid.get()) {
            let _ = kill_process(number, Signal::KILL);
        }
        let _ = look(pid, WaitIdOptions::EXITED);
    }

    fn tell(&self, pid: Pid, registration: Registration, status: ExitStatus) {
        let Registration { remote, callback } = registration;
        if self.has(Sick::ResetsSignal) {
            Unix::default().handle(Handling::Default);
        }
        if self.has(Sick::CallsAnywhere) {
            return callback.call(pid, status);
        }
        if self.has(Sick::DiesOfPanic) {
            let fragile = Fragile(self.dead.clone());
            let _ = remote.call_soon(move || {
                if !fragile.0.load(Ordering::Relaxed) {
                    callback.call(pid, status);
                }
            });
            return;
        }
        let other = Pid::new(pid.get() + 1).filter(|_| self.has(Sick::TellsOtherPid));
        let pid = other.unwrap_or(pid);
        // If the loop is closed there is nobody to tell, and the child has been collected.
        let _ = remote.call_soon(move || callback.call(pid, status));
    }
}

impl Table {
    /// Makes the registration of `pid` call `former` as well, first.
    fn run_both(&mut self, pid: Pid, former: ExitCallback) {
        if let Some(Registration { remote, callback }) = self.children.remove(&pid) {
            let callback = ExitCallback::new(move |pid, status| {
                former.call(pid, status);
                callback.call(pid, status);
            });
            self.children.insert(pid, Registration { remote, callback });
        }
    }
}

impl ChildWatcher for Specimen {
    fn watch(
        &self,
        lp: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        let shared = &self.0;
        let pid = token.pid();
        if shared.is_inherited() {
            return Err(Rejected::new(WatchError::Closed, (token, callback)));
        }
        let mut table = shared.table();
        let open = !table.closed || shared.has(Sick::OpenForEver);
        let refusal = match (open, lp.is_closed()) {
            (false, _) => Some(WatchError::Closed),
            (true, true) => Some(WatchError::Rejected(RejectReason::Closed)),
            (true, false) => None,
        };
        if let Some(refusal) = refusal {
            if shared.has(Sick::ForgetsOnRefusal) {
                let forgotten = table.children.remove(&pid);
                drop(table);
                drop(forgotten);
            }
            return Err(Rejected::new(refusal, (token, shared.refuse(pid, callback))));
        }
        shared.take_the_signal(lp);
        if shared.has(Sick::TrustsTheMask) && hears_no_ends() {
            table.children.insert(pid, Registration { remote: lp.remote(), callback });
            return Ok(None);
        }
        if shared.has(Sick::LosesDescriptors) {
            mem::forget(File::open("/dev/null"));
        }
        let over = matches!(look(pid, PEEK), Ok(Some(_)));
        if !(over && matches!(shared.sick, Some(Sick::CallsAtOnce | Sick::LooksTooLate))) {
            let waiting = Arc::clone(shared);
            let interruptions = threads::interruptions();
            // If the child has ended already, its thread waits for the table.
            drop(threads::start(Box::new(move || waiting.await_end(pid, interruptions))));
        }
        let before = table.children.get(&pid).map(|former| former.remote.clone());
        let stays = before.filter(|former| match shared.sick {
            Some(Sick::StaysWithLoop) => former.is_owner(),
            Some(Sick::StaysOnThread) => !former.is_owner(),
            _ => false,
        });
        let registration = Registration { remote: stays.unwrap_or_else(|| lp.remote()), callback };
        let displaced = match table.children.insert(pid, registration) {
            Some(former) if shared.has(Sick::RunsBoth) => {
                table.run_both(pid, former.callback);
                None
            }
            former => former.map(|former| former.callback),
        };
        drop(table);
        if over
            && shared.has(Sick::CallsAtOnce)
            && let Some((registration, status)) = shared.take(pid)
        {
            registration.callback.call(pid, status);
        }
        Ok(displaced)
    }

    fn remove_child_handler(&self, pid: Pid) -> bool {
        let shared = &self.0;
        if shared.is_inherited() && !shared.has(Sick::RemovesInChild) {
            return false;
        }
        if shared.has(Sick::RemovesNothing) {
            return shared.table().children.contains_key(&pid);
        }
        if shared.has(Sick::RemovesInNameElsewhere) {
            let table = shared.table();
            let elsewhere = table.children.get(&pid).is_some_and(|known| !known.remote.is_owner());
            if elsewhere {
                return true;
            }
        }
        let removed = shared.table().children.remove(&pid);
        if removed.is_some() && shared.has(Sick::HoldsRemoved) {
            shared.held.lock().unwrap_or_else(PoisonError::into_inner).extend(File::open("/dev/null"));
        }
        if removed.is_some() && shared.has(Sick::EndsRemoved) {
            Shared::end(pid);
        }
        removed.is_some() || shared.has(Sick::RemovesAnything)
    }

    fn attach_loop(&self, lp: Option<&Loop>) -> Result<(), WatchError> {
        self.0.strangers().remote = lp.map(Loop::remote);
        if self.0.has(Sick::ForgetsOnAttach) {
            let forgotten = mem::take(&mut self.0.table().children);
            drop(forgotten);
        }
        Ok(())
    }

    fn is_active(&self) -> bool {
        let shared = &self.0;
        let foreign = shared.is_inherited() && !shared.has(Sick::ActiveInChild);
        let open = !foreign && !shared.table().closed;
        shared.has(Sick::ActiveForEver) || open && !shared.has(Sick::NeverActive)
    }

    fn close(&self) {
        if self.0.is_inherited() {
            return self.0.close_in_child();
        }
        let mut table = self.0.table();
        assert!(!(table.closed && self.0.has(Sick::ClosesOnce)), "the watcher is closed");
        table.closed = true;
        if self.0.has(Sick::ForgetsOnClose) {
            let forgotten = mem::take(&mut table.children);
            // Callbacks are dropped without the lock: they belong to somebody else.
            drop(table);
            drop(forgotten);
        }
    }

    fn reaper(&self) -> Option<&dyn Reaper> {
        Some(self)
    }
}

/// Whether it has ended, and no more.
const PEEK: WaitIdOptions = WaitIdOptions::EXITED.union(WaitIdOptions::NOWAIT).union(WaitIdOptions::NOHANG);

fn look(pid: Pid, options: WaitIdOptions) -> rustix::io::Result<Option<WaitIdStatus>> {
    let pid = rustix::process::Pid::from_raw(pid.get()).ok_or(rustix::io::Errno::CHILD)?;
    retry_on_intr(|| waitid(WaitId::Pid(pid), options))
}
