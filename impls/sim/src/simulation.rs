//! When does time pass?
//!
//! When every loop that is being run waits, and nobody outside is at work. All loops of a
//! simulation wait in one place, behind one lock, so that this is decided by whoever comes last.
//! A wake takes a loop out of the waiting ones before the sender goes on: no time can pass between
//! the two.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyloop::{Command, ExitStatus, Instant, Interest, OsError, Pid, RawSource, RunError};

use crate::processes::{ProcessState, Processes, Script, Watch};
use crate::signals::Ears;
use crate::sockets::{SimSocket, Sockets};

/// Deadlines from here on never come: 292 years after the start.
const HORIZON: Instant = Instant::from_nanos(1 << 63);

/// A clock that stands still while there is something to do, and the children that live by it.
///
/// It is `Send`, `Sync` and cheap to clone; clones are the same simulation. Its methods may be
/// called on any thread, inside and outside of runs. None of them runs a callback.
///
/// ```
/// use anyloop_sim::{ProcessState, Script, Simulation};
/// use std::time::Duration;
///
/// let simulation = Simulation::new();
/// let pid = simulation.start(Script::exit(0).after(Duration::from_secs(5)))?;
/// assert_eq!(simulation.state(pid), Some(ProcessState::Running));
/// simulation.elapse(Duration::from_secs(5));
/// assert_eq!(simulation.state(pid), Some(ProcessState::Zombie));
/// # Ok::<(), anyloop::OsError>(())
/// ```
#[derive(Clone)]
pub struct Simulation(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Something changed that a waiting loop may have waited for.
    changed: Condvar,
}

struct State {
    now: Instant,
    /// How many there are outside who may still do something.
    outside: usize,
    /// How many loops are being run.
    running: usize,
    loops: BTreeMap<u64, Waiting>,
    processes: Processes,
    ears: Ears,
    sockets: Sockets,
    /// The loops that are told when a socket changes.
    watching: BTreeSet<u64>,
    /// The number that a loop or a watcher got last.
    last: u64,
}

/// How a loop waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// Until the clock has come so far, if it is to come so far.
    Until(Option<Instant>),
    /// Not any more, or it must not begin to.
    Woken,
    /// In vain.
    Stalled,
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Simulation {
    /// A simulation without children, at the epoch.
    #[must_use]
    pub fn new() -> Self {
        let state = State {
            now: Instant::EPOCH,
            outside: 0,
            running: 0,
            loops: BTreeMap::new(),
            processes: Processes::new(),
            ears: Ears::default(),
            sockets: Sockets::default(),
            watching: BTreeSet::new(),
            last: 0,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and tells of what came of it.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        drop(self.tell(state));
        result
    }

    /// Tells of the children that have ended by now. Not one of them is told under the lock, and
    /// no time passes until all are.
    fn tell<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let now = state.now;
        let news = state.processes.news(now);
        if !news.is_empty() {
            state.outside += 1;
            drop(state);
            // Dropped also if the `Drop` of what nobody is told panics.
            let outside = Outside(self.clone());
            for end in news {
                end.tell();
            }
            drop(outside);
            state = self.lock();
        }
        self.0.changed.notify_all();
        state
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.lock().now
    }

    /// Lets time pass, as if the caller had been busy for so long. What is due then is run by its
    /// loop when that comes to it; see [`SimEventLoop::advance`](crate::SimEventLoop::advance).
    pub fn elapse(&self, time: Duration) {
        self.change(|state| state.pass(state.now + time));
    }

    /// Lets time pass until then, if that is not past.
    pub(crate) fn elapse_until(&self, when: Instant) {
        self.change(|state| state.pass(when));
    }

    /// Says that somebody whom the simulation cannot see, such as a thread without a loop, may
    /// still send something: time stands still, and loops wait in earnest, until it is dropped.
    #[must_use]
    pub fn outside(&self) -> Outside {
        self.lock().outside += 1;
        Outside(self.clone())
    }

    /// Makes loops of this simulation find the program `name`, which does what `script` says. The
    /// arguments do not matter.
    pub fn program(&self, name: impl AsRef<[u8]>, script: Script) {
        self.lock().processes.install(name.as_ref().to_vec(), script);
    }

    /// Starts a child that does what `script` says.
    ///
    /// # Errors
    ///
    /// [`OsError`] if all numbers of processes have been used.
    pub fn start(&self, script: Script) -> Result<Pid, OsError> {
        let mut state = self.lock();
        let now = state.now;
        state.processes.start(script, now)
    }

    pub(crate) fn exec(&self, program: &Command) -> Result<Pid, OsError> {
        let mut state = self.lock();
        let now = state.now;
        state.processes.exec(program, now)
    }

    /// What a child is doing; `None` if there is none of that number, or it has been collected.
    #[must_use]
    pub fn state(&self, pid: Pid) -> Option<ProcessState> {
        self.lock().processes.state(pid)
    }

    /// Has a child carry out the end of its script now, or as soon as it is continued. False if it
    /// has ended, or is no child.
    pub fn finish(&self, pid: Pid) -> bool {
        self.change(|state| state.processes.finish(pid, state.now))
    }

    /// Sends a child a signal, by Linux's number: SIGSTOP stops it, SIGCONT continues it, and what is not ignored by
    /// default ends it. False if it has ended, or is no child.
    pub fn send_signal(&self, pid: Pid, signal: i32) -> bool {
        self.change(|state| state.processes.send_signal(pid, signal, state.now))
    }

    /// Stops a child, as SIGSTOP does. False if it has ended, or is no child.
    pub fn suspend(&self, pid: Pid) -> bool {
        self.change(|state| state.processes.set_stopped(pid, true))
    }

    /// Continues a child, as SIGCONT does. False if it has ended, or is no child.
    pub fn resume(&self, pid: Pid) -> bool {
        self.change(|state| state.processes.set_stopped(pid, false))
    }

    /// Collects a child that has ended, behind the back of whoever watches it. `None` if it has
    /// not ended, or has been collected.
    #[must_use = "the status is gone afterwards"]
    pub fn collect(&self, pid: Pid) -> Option<ExitStatus> {
        self.change(|state| state.processes.collect(pid))
    }

    /// Has this process receive a signal, by Linux's number, and says whether any loop listens for it. If none does,
    /// nothing happens: a simulated process lives on.
    ///
    /// ```
    /// use anyloop_sim::SimEventLoop;
    ///
    /// let lp = SimEventLoop::new();
    /// let it = lp.clone();
    /// lp.add_signal_handler(15, move |_| it.stop())?;
    /// lp.simulation().raise(15);
    /// lp.run_forever()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn raise(&self, signal: i32) -> bool {
        let mut state = self.lock();
        state.ears.raise(signal);
        let woken: Vec<u64> = state.ears.listening(signal).collect();
        state.loops.extend(woken.iter().map(|number| (*number, Waiting::Woken)));
        self.0.changed.notify_all();
        !woken.is_empty()
    }

    /// Whether any loop listens for that signal.
    #[must_use]
    pub fn listens(&self, signal: i32) -> bool {
        self.with_ears(|ears| ears.listening(signal).next().is_some())
    }

    /// Two simulated sockets that are connected with one another.
    #[must_use]
    pub fn socketpair(&self) -> (SimSocket, SimSocket) {
        SimSocket::pair(self)
    }

    /// Works on the sockets, after which the loops that watch any look at theirs.
    pub(crate) fn with_sockets<R>(&self, work: impl FnOnce(&mut Sockets) -> R) -> R {
        let mut state = self.lock();
        let result = work(&mut state.sockets);
        let woken: Vec<u64> = state.watching.iter().copied().collect();
        state.loops.extend(woken.into_iter().map(|number| (number, Waiting::Woken)));
        self.0.changed.notify_all();
        result
    }

    /// For what a socket is ready.
    pub(crate) fn look_at(&self, source: RawSource) -> Option<Interest> {
        self.lock().sockets.look(source)
    }

    /// Tells that loop when a socket changes, from now on.
    pub(crate) fn tell_of_sockets(&self, number: u64) {
        self.lock().watching.insert(number);
    }

    /// Works on what the loops hear. None of the users' code runs under this lock.
    pub(crate) fn with_ears<R>(&self, work: impl FnOnce(&mut Ears) -> R) -> R {
        work(&mut self.lock().ears)
    }

    /// Registers a watch, and gives the one whose place it takes.
    pub(crate) fn watch(&self, pid: Pid, watcher: u64, watch: Watch) -> Option<Watch> {
        self.change(|state| state.processes.watch(pid, watcher, watch))
    }

    pub(crate) fn unwatch(&self, pid: Pid, watcher: u64) -> Option<Watch> {
        self.lock().processes.unwatch(pid, watcher)
    }

    /// When the next child ends whose end somebody waits for.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.lock().processes.next_end()
    }

    /// A number for a loop or a watcher.
    pub(crate) fn number(&self) -> u64 {
        let mut state = self.lock();
        state.last += 1;
        state.last
    }

    /// Says that a loop is being run, until the result is dropped.
    pub(crate) fn run(&self) -> Run<'_> {
        self.lock().running += 1;
        Run(self)
    }

    /// Waits until the clock has come so far, or for a wake.
    pub(crate) fn park(&self, number: u64, until: Option<Instant>) -> Result<(), RunError> {
        let mut state = self.lock();
        let waiting = state.loops.entry(number).or_insert(Waiting::Until(until));
        if *waiting != Waiting::Woken {
            *waiting = Waiting::Until(until);
        }
        loop {
            match state.loops.get(&number) {
                Some(Waiting::Until(_)) => {}
                ended => {
                    let stalled = ended == Some(&Waiting::Stalled);
                    state.loops.remove(&number);
                    return if stalled { Err(RunError::Stalled) } else { Ok(()) };
                }
            }
            state = if state.is_idle() {
                state.go_on();
                self.tell(state)
            } else {
                self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Ends the current wait of a loop, or its next one.
    pub(crate) fn wake(&self, number: u64) {
        self.lock().loops.insert(number, Waiting::Woken);
        self.0.changed.notify_all();
    }

    /// Forgets a loop, which is closed.
    pub(crate) fn forget(&self, number: u64) {
        let mut state = self.lock();
        state.loops.remove(&number);
        state.ears.forget(number);
        state.watching.remove(&number);
    }
}

impl State {
    /// Moves the clock to `when`, if that is not past.
    fn pass(&mut self, when: Instant) {
        self.now = self.now.max(when);
        let now = self.now;
        for waiting in self.loops.values_mut() {
            if matches!(waiting, Waiting::Until(Some(until)) if *until <= now) {
                *waiting = Waiting::Woken;
            }
        }
    }

    /// The loops that wait.
    fn waiting(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.loops.values_mut().filter(|waiting| matches!(waiting, Waiting::Until(_)))
    }

    /// Whether nothing can happen before time passes.
    fn is_idle(&mut self) -> bool {
        self.outside == 0 && self.waiting().count() == self.running
    }

    /// Lets time pass until something can happen. If nothing ever will, every wait is in vain.
    fn go_on(&mut self) {
        let end = self.processes.next_end();
        let deadlines = self.waiting().filter_map(|waiting| match waiting {
            Waiting::Until(until) => *until,
            _ => None,
        });
        match deadlines.chain(end).filter(|when| *when < HORIZON).min() {
            Some(when) => self.pass(when),
            None => self.waiting().for_each(|waiting| *waiting = Waiting::Stalled),
        }
    }
}

/// Somebody outside is at work: time stands still. See [`Simulation::outside`].
///
/// ```
/// use anyloop_sim::SimEventLoop;
///
/// let lp = SimEventLoop::new();
/// let (remote, outside) = (lp.remote(), lp.simulation().outside());
/// let thread = std::thread::spawn(move || {
///     let _outside = outside;
///     remote.stop();
/// });
/// lp.run_forever()?; // waits for the thread, and does not stall
/// # thread.join().unwrap();
/// # Ok::<(), anyloop::RunError>(())
/// ```
#[derive(Debug)]
pub struct Outside(Simulation);

impl Drop for Outside {
    fn drop(&mut self) {
        self.0.lock().outside -= 1;
        self.0.0.changed.notify_all();
    }
}

/// A loop is being run.
pub(crate) struct Run<'a>(&'a Simulation);

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use anyloop::{ChildToken, Watcher};

    use super::*;
    use crate::{SimChildWatcher, SimEventLoop};

    #[test]
    fn a_wake_that_comes_before_the_wait_ends_it() {
        let simulation = Simulation::new();
        let _run = simulation.run();
        simulation.wake(7);
        assert_eq!(simulation.park(7, None), Ok(()));
        assert_eq!(simulation.park(7, None), Err(RunError::Stalled), "it was used up");
    }

    #[test]
    fn no_time_passes_while_a_loop_is_being_told_of_an_end() {
        struct Dropped(Simulation, Arc<Mutex<Vec<usize>>>);

        impl Drop for Dropped {
            fn drop(&mut self) {
                self.1.lock().unwrap().push(self.0.lock().outside);
            }
        }

        let simulation = Simulation::new();
        let lp = SimEventLoop::with(&simulation);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let dropped = Dropped(simulation.clone(), seen.clone());
        let pid = simulation.start(Script::exit(0).after(Duration::from_secs(1))).unwrap();
        let watcher = Watcher::new(SimChildWatcher::new(&simulation));
        let tell = move |_, _| drop(dropped);
        watcher.watch_on(&lp, ChildToken::from(pid), tell).unwrap();
        lp.close().unwrap();
        simulation.elapse(Duration::from_secs(1));
        assert_eq!(*seen.lock().unwrap(), [1], "dropped outside of the lock, while time stood still");
        assert_eq!(simulation.lock().outside, 0);
    }
}
