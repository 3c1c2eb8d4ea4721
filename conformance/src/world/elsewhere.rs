//! What stands in for processes where the kit cannot steer any: threads, and a driver's bare ends.

use std::boxed::Box;
use std::io::Write;
use std::process::{Child, Command};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::{Children, Thread, World, threads};
use crate::protocol;

/// A world with threads and no children.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Threads;

impl World for Threads {
    fn thread(&self, job: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        Some(threads::start(job))
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

/// Makes this process a driver of the kit, if that is what it was started for. No process is started
/// for the sake of a program.
pub fn enter_if_child() {
    protocol::serve_if_asked();
}

/// Where the standard output leads.
pub(crate) fn take_stdout() -> Box<dyn Write + Send> {
    Box::new(std::io::stdout())
}

/// Without groups of processes, each is ended alone.
pub(crate) fn lead_group(_: &mut Command) {}

/// Ends a process, which may take `grace` to end by itself.
pub(crate) fn end_group(child: &mut Child, grace: Duration) {
    let deadline = Instant::now() + grace;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = child.kill();
}

/// Here no process forks.
pub fn notice_forks() {}

/// Here no signal tells of a child's end.
pub(crate) const fn hear_no_ends() {}
