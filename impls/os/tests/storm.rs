//! Ten thousand children through each watcher, two hundred at a time, in a storm of signals: is each
//! reported once, with the truth?
//!
//! It takes a minute, so CI runs it by name: `.ci/run storm`. `ANYLOOP_CHILDREN` says how many children.
#![cfg(target_os = "linux")]

use std::collections::VecDeque;
use std::io::{PipeWriter, Write};
use std::mem;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use anyloop::{ChildToken, ExitStatus, Loop, Pid, Watcher};
use anyloop_os::{
    FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher, ThreadedChildWatcher,
};
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};

const CHILDREN: usize = 10_000;
const ALIVE: usize = 200;
/// So many are ordered to end at once, so that signals come together.
const BURST: usize = 40;

/// A child that waits for orders.
struct Kid {
    number: usize,
    pid: rustix::process::Pid,
    orders: PipeWriter,
}

/// How that child is to end.
fn plan(number: usize) -> ExitStatus {
    match number % 5 {
        3 => ExitStatus::Signaled { signal: 9, core: false },
        4 => ExitStatus::Signaled { signal: 15, core: false },
        _ => ExitStatus::Exited((number % 256) as i32),
    }
}

impl Kid {
    /// Forks: an exec would take ten times as long as all that is tested.
    fn start(number: usize) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        // SAFETY: the child reads and exits, both of which are allowed after a fork.
        match unsafe { libc::fork() } {
            0 => {
                let mut code = 0_u8;
                // SAFETY: the buffer is one byte, and `_exit` does not return.
                unsafe {
                    libc::read(reader.as_raw_fd(), (&raw mut code).cast(), 1);
                    libc::_exit(code.into())
                }
            }
            pid => {
                let pid = rustix::process::Pid::from_raw(pid).expect("a fork that succeeds");
                Self { number, pid, orders: writer }
            }
        }
    }

    fn token(&self) -> ChildToken {
        Pid::new(self.pid.as_raw_pid()).map(ChildToken::from).unwrap()
    }

    /// Orders it to end; one in three is stopped and continued before.
    fn order(mut self) {
        if self.number.is_multiple_of(3) {
            kill_process(self.pid, Signal::STOP).unwrap();
            kill_process(self.pid, Signal::CONT).unwrap();
        }
        match plan(self.number) {
            ExitStatus::Exited(code) => self.orders.write_all(&[code as u8]).unwrap(),
            ExitStatus::Signaled { signal: 9, .. } => kill_process(self.pid, Signal::KILL).unwrap(),
            _ => kill_process(self.pid, Signal::TERM).unwrap(),
        }
    }
}

/// Sends SIGCHLD to this process for as long as it is there: signals that mean nothing.
struct Storm(Arc<AtomicBool>, Option<thread::JoinHandle<()>>);

impl Storm {
    fn begin() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let it = over.clone();
        let thread = thread::spawn(move || {
            while !it.load(Ordering::Relaxed) {
                kill_process(rustix::process::getpid(), Signal::CHILD).unwrap();
                thread::yield_now();
            }
        });
        Self(over, Some(thread))
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.take().map(thread::JoinHandle::join);
    }
}

/// Has all children live and end, and gives what was told of each.
fn play(lp: &Loop, watcher: &Watcher, children: usize) -> Vec<Vec<ExitStatus>> {
    let told = Arc::new(Mutex::new(vec![Vec::new(); children]));
    let (mut alive, mut started, mut ordered) = (VecDeque::new(), 0, 0);
    let count = |told: &Mutex<Vec<Vec<ExitStatus>>>| told.lock().unwrap().iter().map(Vec::len).sum::<usize>();
    while count(&told) < children {
        while started < children && alive.len() < ALIVE {
            let kid = Kid::start(started);
            let (told, stops, number) = (told.clone(), lp.remote(), started);
            let tell = move |_, status| {
                told.lock().unwrap()[number].push(status);
                stops.stop();
            };
            assert!(watcher.watch_on(lp, kid.token(), tell).unwrap().is_none());
            alive.push_back(kid);
            started += 1;
        }
        let burst = alive.len().min(BURST);
        alive.drain(..burst).for_each(Kid::order);
        ordered += burst;
        while count(&told) < ordered {
            lp.run_forever().unwrap();
        }
    }
    mem::take(&mut *told.lock().unwrap())
}

fn number_of(what: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{what}")).expect("a mounted /proc").count()
}

fn has_children() -> bool {
    let any = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
    !matches!(any, Err(Errno::CHILD))
}

/// One test, so that no other one has children or descriptors meanwhile.
#[test]
#[ignore = "takes a minute: .ci/run storm"]
fn each_child_in_a_storm_is_reported_once_with_the_truth() {
    let children = std::env::var("ANYLOOP_CHILDREN").map_or(CHILDREN, |number| number.parse().unwrap());
    let watchers = [
        ("threaded", Watcher::new(ThreadedChildWatcher::new())),
        ("pidfd", Watcher::new(PidfdChildWatcher::new())),
        ("multi", Watcher::new(MultiLoopChildWatcher::new())),
        ("safe", Watcher::new(SafeChildWatcher::new())),
        ("fast", Watcher::new(FastChildWatcher::new())),
    ];
    for (name, watcher) in watchers {
        let (descriptors, threads) = (number_of("fd"), number_of("task"));
        let lp = anyloop::new_event_loop().unwrap();
        watcher.attach_loop(Some(&lp)).unwrap();
        let start = std::time::Instant::now();
        let storm = Storm::begin();
        let told = play(&lp, &watcher, children);
        drop(storm);
        println!("{name}: {children} children in {:.1?}", start.elapsed());
        for (number, told) in told.iter().enumerate() {
            assert_eq!(told.as_slice(), [plan(number)], "child {number}");
        }
        watcher.close();
        lp.close().unwrap();
        assert!(!has_children(), "{name} left somebody uncollected");
        assert_eq!(number_of("fd"), descriptors, "{name} left a descriptor open");
        // A thread that has told is on its way out.
        while number_of("task") > threads {
            thread::yield_now();
        }
    }
}
