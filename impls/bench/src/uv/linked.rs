//! What does `c/uv.c` offer? Nothing here outlives the process that measures, so nothing is freed.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

unsafe extern "C" {
    fn uv_version_string() -> *const c_char;
    fn bench_uv_call_soon(batch: u64, length: u64) -> u64;
    fn bench_uv_timers_new(length: u64) -> *mut c_void;
    fn bench_uv_timers_insert(timers: *mut c_void, delays: *const u64);
    fn bench_uv_timers_cancel(timers: *mut c_void);
    fn bench_uv_timers_run(timers: *mut c_void) -> u64;
    fn bench_uv_lateness(length: u64, delays: *const u64, late: *mut i64);
    fn bench_uv_pair_new(rounds: u64) -> *mut c_void;
    fn bench_uv_pair_run(pair: *mut c_void, side: c_int);
    fn bench_uv_consumer_new(posts: u64) -> *mut c_void;
    fn bench_uv_post(consumer: *mut c_void, value: u64);
    fn bench_uv_consume(consumer: *mut c_void);
    fn bench_uv_once();
    fn bench_uv_watch_once(descriptor: c_int);
    fn bench_uv_watched_new() -> *mut c_void;
    fn bench_uv_idle(watched: *mut c_void, descriptor: c_int);
    fn bench_uv_play(watched: *mut c_void, ends: *const c_int, length: u64) -> u64;
    fn bench_uv_children_new() -> *mut c_void;
    fn bench_uv_spawn(children: *mut c_void, program: *const c_char, input: c_int) -> c_int;
    fn bench_uv_next_end(children: *mut c_void) -> c_int;
}

/// Which libuv this is.
pub(crate) fn version() -> Option<String> {
    // SAFETY: it gives a string constant.
    Some(unsafe { CStr::from_ptr(uv_version_string()) }.to_string_lossy().into_owned())
}

/// Runs `length` callbacks in batches, once in a process, and says how many ran.
pub(crate) fn call_soon(batch: u64, length: u64) -> u64 {
    // SAFETY: this thread is the only one that runs libuv's callbacks.
    unsafe { bench_uv_call_soon(batch, length) }
}

/// Timers with delays in nanoseconds, which libuv cuts down to milliseconds.
pub(crate) struct Timers<'a> {
    raw: *mut c_void,
    delays: &'a [u64],
}

impl<'a> Timers<'a> {
    pub(crate) fn new(delays: &'a [u64]) -> Self {
        // SAFETY: it only allocates.
        Self { raw: unsafe { bench_uv_timers_new(delays.len() as u64) }, delays }
    }

    pub(crate) fn insert(&self) {
        // SAFETY: there are as many delays as the timers were made for.
        unsafe { bench_uv_timers_insert(self.raw, self.delays.as_ptr()) };
    }

    pub(crate) fn cancel(&self) {
        // SAFETY: `raw` is never freed.
        unsafe { bench_uv_timers_cancel(self.raw) };
    }

    /// Runs until all have fired, and says how many that were.
    pub(crate) fn run(&self) -> u64 {
        // SAFETY: `raw` is never freed, and not Sync: this thread is the only one in the loop.
        unsafe { bench_uv_timers_run(self.raw) }
    }
}

/// How late timers were, in nanoseconds.
pub(crate) fn lateness(delays: &[u64]) -> Vec<i64> {
    let mut late = vec![0; delays.len()];
    // SAFETY: both have the length that is given.
    unsafe { bench_uv_lateness(delays.len() as u64, delays.as_ptr(), late.as_mut_ptr()) };
    late
}

/// Two loops that wake one another.
#[derive(Clone, Copy)]
pub(crate) struct Pair(*mut c_void);

// SAFETY: each side is run by one thread, and what they share is libuv's thread-safe `uv_async_t`.
unsafe impl Send for Pair {}

impl Pair {
    pub(crate) fn new(rounds: u64) -> Self {
        // SAFETY: it only makes two loops.
        Self(unsafe { bench_uv_pair_new(rounds) })
    }

    pub(crate) fn run(self, side: c_int) {
        // SAFETY: the pair is never freed, and the caller's thread is the only one of that side.
        unsafe { bench_uv_pair_run(self.0, side) };
    }
}

/// A loop with a queue behind a mutex.
#[derive(Clone, Copy)]
pub(crate) struct Consumer(*mut c_void);

// SAFETY: `post` uses libuv's mutex and its thread-safe `uv_async_t`; one thread calls `run`.
unsafe impl Send for Consumer {}

impl Consumer {
    pub(crate) fn new(posts: u64) -> Self {
        // SAFETY: it only makes a loop.
        Self(unsafe { bench_uv_consumer_new(posts) })
    }

    pub(crate) fn post(self, value: u64) {
        // SAFETY: the consumer is never freed.
        unsafe { bench_uv_post(self.0, value) };
    }

    pub(crate) fn run(self) {
        // SAFETY: as above, and this thread is the only one in the loop.
        unsafe { bench_uv_consume(self.0) };
    }
}

/// Makes a loop, runs one callback, closes the loop.
pub(crate) fn once() {
    // SAFETY: it uses nothing from outside.
    unsafe { bench_uv_once() };
}

/// The same, and the callback is for a descriptor that is readable.
pub(crate) fn watch_once(source: &OwnedFd) {
    // SAFETY: the descriptor is open for as long as this call takes.
    unsafe { bench_uv_watch_once(source.as_raw_fd()) };
}

/// A loop that watches descriptors.
pub(crate) struct Watched {
    raw: *mut c_void,
    idle: Vec<OwnedFd>,
}

impl Watched {
    pub(crate) fn new() -> Self {
        // SAFETY: it only makes a loop.
        Self { raw: unsafe { bench_uv_watched_new() }, idle: Vec::new() }
    }

    /// Watches what never becomes ready.
    pub(crate) fn idle(&mut self, source: OwnedFd) {
        // SAFETY: `raw` is never freed, and runs only in `play`, while the source is still open.
        unsafe { bench_uv_idle(self.raw, source.as_raw_fd()) };
        self.idle.push(source);
    }

    /// Has a byte go to and fro between two ends so often, and says how often it did.
    pub(crate) fn play(&mut self, ends: &[impl AsFd; 2], length: u64) -> u64 {
        let ends = ends.each_ref().map(|end| end.as_fd().as_raw_fd());
        // SAFETY: `raw` is never freed, and what is open is so for as long as this call takes.
        unsafe { bench_uv_play(self.raw, ends.as_ptr(), length) }
    }
}

/// A loop that watches over children.
pub(crate) struct Children(*mut c_void);

impl Children {
    pub(crate) fn new() -> Self {
        // SAFETY: it only makes a loop.
        Self(unsafe { bench_uv_children_new() })
    }

    /// Starts and watches a child with that input.
    pub(crate) fn spawn(&self, program: &str, input: impl AsFd) {
        let program = CString::new(program).expect("a path");
        // SAFETY: it copies what it is given, and `self` is never freed and stays on its thread.
        let error = unsafe { bench_uv_spawn(self.0, program.as_ptr(), input.as_fd().as_raw_fd()) };
        assert_eq!(error, 0, "libuv's error");
    }

    /// The code of the next that ends.
    pub(crate) fn next(&self) -> c_int {
        // SAFETY: as above.
        unsafe { bench_uv_next_end(self.0) }
    }
}
