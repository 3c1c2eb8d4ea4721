//! Which children are there, and how do they end?
//!
//! A child that was collected is not in the table any more: its number means nothing, and is never
//! given again.

use std::collections::BTreeMap;
use std::time::Duration;

use anyloop::{Command, ExitCallback, ExitStatus, Instant, OsError, Pid, Remote};

/// The first number that a child gets.
const FIRST_PID: i32 = 1000;

/// "No such file", by the same number on Unix and Windows.
const NOT_FOUND: OsError = OsError::from_raw(2);

/// What a simulated program does: it ends, at some time, in some way.
///
/// ```
/// use anyloop_sim::Script;
/// use std::time::Duration;
///
/// let crash = Script::signal(11).after(Duration::from_secs(3));
/// let server = Script::exit(0).when_told();
/// assert_ne!(crash, server);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script {
    end: ExitStatus,
    after: Option<Duration>,
}

impl Script {
    /// Exits with that code, at once.
    #[must_use]
    pub const fn exit(code: i32) -> Self {
        Self { end: ExitStatus::Exited(code), after: Some(Duration::ZERO) }
    }

    /// Dies of that signal, at once, without a core dump.
    #[must_use]
    pub const fn signal(signal: i32) -> Self {
        Self { end: ExitStatus::Signaled { signal, core: false }, after: Some(Duration::ZERO) }
    }

    /// Does so when it has run for so long.
    #[must_use]
    pub const fn after(mut self, time: Duration) -> Self {
        self.after = Some(time);
        self
    }

    /// Does so when [`finish`](crate::Simulation::finish) tells it to, and not before.
    #[must_use]
    pub const fn when_told(mut self) -> Self {
        self.after = None;
        self
    }
}

/// What a child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessState {
    /// It runs.
    Running,
    /// It was stopped, and does not end until it is continued.
    Stopped,
    /// It has ended, and nobody has collected it yet.
    Zombie,
}

struct Process {
    end: ExitStatus,
    /// When it ends, if it is not stopped then.
    at: Option<Instant>,
    stopped: bool,
    /// Since when it is a zombie.
    over: Option<Instant>,
}

/// Who is to be told of an end.
pub(crate) struct Watch {
    pub(crate) remote: Remote,
    pub(crate) callback: ExitCallback,
}

/// An end that is to be told, when no lock is held.
pub(crate) struct News {
    pid: Pid,
    status: ExitStatus,
    watch: Watch,
}

impl News {
    /// Has the loop call back. If it is closed there is nobody to tell.
    pub(crate) fn tell(self) {
        let Self { pid, status, watch: Watch { remote, callback } } = self;
        drop(remote.call_soon(move || callback.call(pid, status)));
    }
}

/// The children of a simulation, and who watches them.
pub(crate) struct Processes {
    programs: BTreeMap<Vec<u8>, Script>,
    children: BTreeMap<Pid, Process>,
    last: i32,
    /// By child, and by the number of the watcher.
    watches: BTreeMap<(Pid, u64), Watch>,
}

impl Processes {
    pub(crate) const fn new() -> Self {
        Self {
            programs: BTreeMap::new(),
            children: BTreeMap::new(),
            last: FIRST_PID - 1,
            watches: BTreeMap::new(),
        }
    }

    pub(crate) fn install(&mut self, name: Vec<u8>, script: Script) {
        self.programs.insert(name, script);
    }

    pub(crate) fn exec(&mut self, program: &Command, now: Instant) -> Result<Pid, OsError> {
        let script = *self.programs.get(program.get_program()).ok_or(NOT_FOUND)?;
        self.start(script, now)
    }

    pub(crate) fn start(&mut self, script: Script, now: Instant) -> Result<Pid, OsError> {
        // Out of numbers is out of processes: EAGAIN.
        let number = self.last.checked_add(1).ok_or(OsError::from_raw(11))?;
        let pid = Pid::new(number).ok_or(NOT_FOUND)?;
        self.last = number;
        let at = script.after.map(|after| now + after);
        self.children.insert(pid, Process { end: script.end, at, stopped: false, over: None });
        self.settle(now);
        Ok(pid)
    }

    pub(crate) fn state(&self, pid: Pid) -> Option<ProcessState> {
        let process = self.children.get(&pid)?;
        Some(match process {
            Process { over: Some(_), .. } => ProcessState::Zombie,
            Process { stopped: true, .. } => ProcessState::Stopped,
            _ => ProcessState::Running,
        })
    }

    /// Changes a child that has not ended; says whether there is one.
    fn change(&mut self, pid: Pid, change: impl FnOnce(&mut Process)) -> bool {
        let alive = self.children.get_mut(&pid).filter(|process| process.over.is_none());
        alive.map(change).is_some()
    }

    pub(crate) fn finish(&mut self, pid: Pid, now: Instant) -> bool {
        self.change(pid, |process| process.at = Some(now))
    }

    pub(crate) fn send_signal(&mut self, pid: Pid, signal: i32, now: Instant) -> bool {
        self.change(pid, |process| match signal {
            // What is ignored by default: nothing at all, SIGCHLD, SIGURG and SIGWINCH.
            0 | 17 | 23 | 28 => {}
            18 => process.stopped = false,
            19 => process.stopped = true,
            _ => {
                process.end = ExitStatus::Signaled { signal, core: false };
                process.at = Some(now);
                // Even one that is stopped is killed.
                process.stopped &= signal != 9;
            }
        })
    }

    pub(crate) fn set_stopped(&mut self, pid: Pid, stopped: bool) -> bool {
        self.change(pid, |process| process.stopped = stopped)
    }

    /// Takes a zombie out of the table.
    pub(crate) fn collect(&mut self, pid: Pid) -> Option<ExitStatus> {
        self.children.get(&pid)?.over?;
        self.children.remove(&pid).map(|process| process.end)
    }

    /// Registers a watch, and gives the one whose place it takes.
    pub(crate) fn watch(&mut self, pid: Pid, watcher: u64, watch: Watch) -> Option<Watch> {
        self.watches.insert((pid, watcher), watch)
    }

    pub(crate) fn unwatch(&mut self, pid: Pid, watcher: u64) -> Option<Watch> {
        self.watches.remove(&(pid, watcher))
    }

    /// When the next child ends whose end somebody waits for.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        let watched = self.watches.keys().filter_map(|(pid, _)| self.children.get(pid));
        watched.filter(|process| !process.stopped).filter_map(|process| process.at).min()
    }

    /// Ends whoever has to end by `now`.
    fn settle(&mut self, now: Instant) {
        for process in self.children.values_mut() {
            if let Some(at) = process.at.filter(|at| *at <= now && !process.stopped) {
                process.over.get_or_insert(at);
            }
        }
    }

    /// Ends whoever has to end by `now`, and collects those that are watched: the first who
    /// registered learns how it ended. In the order of the ends.
    pub(crate) fn news(&mut self, now: Instant) -> Vec<News> {
        self.settle(now);
        let over = |pid: &Pid| match self.children.get(pid) {
            // No child of ours, or not any more.
            None => Some(now),
            Some(process) => process.over,
        };
        let mut due: Vec<_> =
            self.watches.keys().filter_map(|key| Some((over(&key.0)?, key.0, key.1))).collect();
        due.sort_unstable();
        let tell = |(_, pid, watcher)| {
            let watch = self.watches.remove(&(pid, watcher))?;
            let status = self.collect(pid).unwrap_or(ExitStatus::Unknown);
            Some(News { pid, status, watch })
        };
        due.into_iter().filter_map(tell).collect()
    }
}
