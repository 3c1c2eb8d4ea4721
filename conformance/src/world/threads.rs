//! How a thread runs a job: std's threads, counted while they are alive.

use std::boxed::Box;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::{Children, Thread, World};

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// How many threads of programs have not ended yet.
///
/// A loop with a virtual clock has to know: while there is one, somebody may still wake it.
#[must_use]
pub fn alive() -> usize {
    ALIVE.load(Ordering::Acquire)
}

/// Counts a thread for as long as it is alive, a panic included.
#[derive(Debug)]
pub struct Alive(());

impl Alive {
    /// One more.
    #[must_use]
    pub fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Default for Alive {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::AcqRel);
    }
}

struct Running(JoinHandle<()>);

impl Thread for Running {
    fn join(self: Box<Self>) {
        // What a panic means, the history says.
        let _ = self.0.join();
    }
}

/// Runs `job` on a new thread.
///
/// # Panics
///
/// If the system has no thread left.
pub fn start(job: Box<dyn FnOnce() + Send>) -> Box<dyn Thread> {
    let alive = Alive::new();
    Box::new(Running(std::thread::spawn(move || {
        let _alive = alive;
        job();
    })))
}

/// A world with threads and no children.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl World for Threads {
    fn thread(&self, job: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        Some(start(job))
    }

    fn children(&self) -> Option<&dyn Children> {
        None
    }
}

/// The world of this host.
#[must_use]
pub fn real() -> Rc<dyn World> {
    Rc::new(Threads)
}

/// Here no process is started for the sake of a program.
pub fn enter_if_child() {}

/// Here no process forks.
pub fn notice_forks() {}
