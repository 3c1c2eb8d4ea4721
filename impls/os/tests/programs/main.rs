//! Programs through the public door: what they are given, what they say, how they end, and that nothing is left of those
//! that were never started. All of it once by `clone3`, and once where the kernel refuses that.
#![cfg(target_os = "linux")]

mod ends;
mod refused;
#[path = "../seccomp/mod.rs"]
mod seccomp;
mod setting;
mod talk;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyloop::{Child, Command, Loop, SpawnError, Stdio, Watcher, sleep};
use anyloop_os::{PidfdChildWatcher, SelectorEventLoop, ThreadedChildWatcher};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// Set where the fast way is to be refused.
const REFUSED: &str = "ANYLOOP_TEST_REFUSED";

fn is_refused() -> bool {
    std::env::var_os(REFUSED).is_some()
}

#[test]
fn all_of_it_where_the_fast_way_is_refused() {
    if is_refused() {
        return;
    }
    // Others set limits, which it would inherit.
    let _alone = alone();
    let this = std::env::current_exe().unwrap();
    let again = std::process::Command::new(this).env(REFUSED, "1").output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
}

/// They count what the process has, and there is only one process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    if is_refused() {
        seccomp::refuse(libc::SYS_clone3, libc::ENOSYS);
    }
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("a mounted /proc").count()
}

fn has_children() -> bool {
    let any = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
    !matches!(any, Err(Errno::CHILD))
}

/// A loop, and how it starts programs.
#[derive(Clone)]
struct Here(Loop, Watcher);

impl Here {
    fn start(&self, command: &Command) -> Child {
        self.try_start(command).unwrap()
    }

    fn try_start(&self, command: &Command) -> Result<Child, SpawnError> {
        self.0.subprocess_exec_with(&self.1, command)
    }

    /// Runs until all of them have ended.
    fn settle(&self) {
        while has_children() {
            self.0.step(None).unwrap().unwrap();
        }
    }
}

/// Runs it with both ways to wait, and looks whether anything is left.
fn everywhere<F: Future<Output = ()>>(scenario: impl Fn(Here) -> F) {
    let _alone = alone();
    for watcher in [Watcher::new(PidfdChildWatcher::new()), Watcher::new(ThreadedChildWatcher::new())] {
        let lp = SelectorEventLoop::new();
        let here = Here(lp.clone(), watcher);
        // What is made once is made now, also for waits.
        let _remote = lp.remote();
        lp.run_until_complete(sleep(Duration::from_millis(1))).unwrap().unwrap();
        lp.run_until_complete(async { here.start(&Command::new("/bin/true")).wait().await }).unwrap();
        let before = descriptors();
        lp.run_until_complete(scenario(here.clone())).unwrap();
        here.settle();
        // A thread that waited may hold what it waited for a moment longer.
        let late = Instant::now() + Duration::from_secs(10);
        while descriptors() != before && Instant::now() < late {
            thread::yield_now();
        }
        assert_eq!(descriptors(), before);
        lp.close().unwrap();
    }
}

fn talking(line: &str) -> Command {
    Command::shell(line).stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
