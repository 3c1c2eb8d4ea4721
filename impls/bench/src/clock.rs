//! How time, memory and chance are measured out.

use rustix::time::{ClockId, clock_gettime};

use crate::case::Sample;

fn nanos(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// The monotonic clock, in nanoseconds.
pub(crate) fn now() -> u64 {
    nanos(ClockId::Monotonic)
}

/// The CPU time of this process, in nanoseconds.
pub(crate) fn cpu_time() -> u64 {
    nanos(ClockId::ProcessCPUTime)
}

/// The CPU time of all children that are over, and of theirs, in nanoseconds.
pub(crate) fn cpu_time_of_children() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: it fills in what it is given, which is valid as zeros too.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let nanos = |time: libc::timeval| time.tv_sec as f64 * 1e9 + time.tv_usec as f64 * 1e3;
    nanos(usage.ru_utime) + nanos(usage.ru_stime)
}

/// Starts when it is made.
pub(crate) struct Stopwatch {
    wall: u64,
    cpu: u64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { wall: now(), cpu: cpu_time() }
    }

    /// Nanoseconds on the wall.
    pub(crate) fn wall(&self) -> f64 {
        (now() - self.wall) as f64
    }

    /// CPU nanoseconds for each of `operations`.
    pub(crate) fn cpu_each(&self, operations: u64) -> f64 {
        (cpu_time() - self.cpu) as f64 / operations as f64
    }

    /// Both times for each of `operations`.
    pub(crate) fn each(&self, operations: u64) -> Sample {
        let wall = self.wall() / operations as f64;
        Sample(vec![("cpu", self.cpu_each(operations)), ("wall", wall)])
    }
}

/// Measures `work`, which is `operations` operations.
pub(crate) fn timed(operations: u64, work: impl FnOnce()) -> Sample {
    let watch = Stopwatch::start();
    work();
    watch.each(operations)
}

/// Bytes that were got from the C library's allocator, and not given back.
pub(crate) fn heap_in_use() -> f64 {
    // SAFETY: it only reads the allocator's counters, under its own locks.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64
}

/// Numbers that look random, and are the same in each run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((u128::from(self.0) * u128::from(limit)) >> 64) as u64
    }
}
