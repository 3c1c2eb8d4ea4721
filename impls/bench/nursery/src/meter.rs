//! What did it cost, the spawning excluded?
//!
//! The time of all threads counts, until all is over; what is taken from it is the time that the
//! calling thread spent spawning. So the clock of the process, which takes the longer to read the
//! more threads there are, is read twice, and work that another thread does late is not lost.

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

fn nanos(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// CPU time, and time on the wall.
pub(crate) struct Meter {
    start: [u64; 2],
    spawning: [u64; 2],
}

fn all() -> [u64; 2] {
    [ClockId::ProcessCPUTime, ClockId::Monotonic].map(nanos)
}

fn own() -> [u64; 2] {
    [ClockId::ThreadCPUTime, ClockId::Monotonic].map(nanos)
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { spawning: [0; 2], start: all() }
    }

    /// Does something that does not count.
    pub(crate) fn without<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let before = own();
        let result = work();
        let after = own();
        for (sum, (after, before)) in self.spawning.iter_mut().zip(after.iter().zip(before)) {
            *sum += after - before;
        }
        result
    }

    /// Nanoseconds for each of `operations`.
    pub(crate) fn each(&self, operations: u64) -> [f64; 2] {
        let now = all();
        [0, 1].map(|of| (now[of] - self.start[of] - self.spawning[of]) as f64 / operations as f64)
    }
}

/// What `/proc/self/FILE` says of `what`, as a number.
fn proc(file: &str, what: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).expect("a Linux process has it");
    let line = text.lines().find_map(|line| line.strip_prefix(what)).expect("it says so");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The anonymous resident memory of this process, in bytes.
pub(crate) fn memory() -> f64 {
    // Unlike `status`, it is exact.
    proc("smaps_rollup", "Anonymous:") * 1024.0
}

/// How many threads this process has.
pub(crate) fn threads() -> f64 {
    proc("status", "Threads:")
}

/// Allows as many descriptors as one may have.
pub(crate) fn raise_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Who needs more than there are says so.
    let _ = setrlimit(Resource::Nofile, limit);
}
