//! What do watchers do beside code that waits for children in its own way: `std::process`, `system()`, and a thread
//! that collects whatever there is?
//!
//! Nobody hangs, a stolen child is told with its true status or as unknown, and only a watcher that takes everybody's
//! children takes a neighbour's. Each watcher has a process of its own: this program once more.
#![cfg(target_os = "linux")]

use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use anyloop::{ChildToken, ExitStatus, Loop, Pid, Watcher};
use anyloop_os::{
    FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher, ThreadedChildWatcher,
};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// So many children of each kind.
const CHILDREN: usize = 40;

/// Makes a watcher, and says whether it takes everybody's children.
type Make = fn() -> (Watcher, bool);

const WATCHERS: &[(&str, Make)] = &[
    ("threaded", || (Watcher::new(ThreadedChildWatcher::new()), false)),
    ("pidfd", || (Watcher::new(PidfdChildWatcher::new()), false)),
    ("multi", || (Watcher::new(MultiLoopChildWatcher::new()), false)),
    ("safe", || (Watcher::new(SafeChildWatcher::new()), false)),
    ("fast", || (Watcher::new(FastChildWatcher::new()), true)),
];

type Case = fn(&Watcher, bool);

const CASES: &[(&str, Case)] = &[("neighbours", neighbours), ("thief", thief)];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, case, watcher] = arguments.as_slice()
        && flag == "--play"
    {
        let case = CASES.iter().find(|(name, _)| name == case).expect("a case");
        let (watcher, takes_all) = WATCHERS.iter().find(|(name, _)| name == watcher).expect("a watcher").1();
        case.1(&watcher, takes_all);
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for (case, _) in CASES {
        for (watcher, _) in WATCHERS {
            let itself = std::env::current_exe().expect("a program");
            let status = Command::new(itself).args(["--play", case, watcher]).status().expect("a process");
            println!("test {case}::{watcher} ... {}", if status.success() { "ok" } else { "FAILED" });
            failed += usize::from(!status.success());
        }
    }
    println!("\ntest result: {}. {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    ExitCode::from(u8::from(failed > 0))
}

/// A child that exits with that code when its input ends.
fn child(code: usize) -> Child {
    let command = format!("read _; exit {code}");
    Command::new("/bin/sh").args(["-c", &command]).stdin(Stdio::piped()).spawn().expect("a child")
}

fn code(number: usize) -> usize {
    number % 200 + 1
}

fn pid(child: &Child) -> Pid {
    i32::try_from(child.id()).ok().and_then(Pid::new).expect("a pid")
}

/// Registers `children` with callbacks that stop the loop after the last one.
fn watch(watcher: &Watcher, lp: &Loop, children: &[Child]) -> Arc<Mutex<Vec<Option<ExitStatus>>>> {
    let told = Arc::new(Mutex::new(vec![None; children.len()]));
    for (number, child) in children.iter().enumerate() {
        let (told, stops) = (told.clone(), lp.remote());
        let registered = watcher.watch_on(lp, ChildToken::from(pid(child)), move |_, status| {
            let mut told = told.lock().expect("no panic");
            assert_eq!(told[number].replace(status), None, "child {number} was told of twice");
            if told.iter().all(Option::is_some) {
                stops.stop();
            }
        });
        assert!(matches!(registered, Ok(None)), "child {number} was not registered");
    }
    told
}

/// Others have children too, and wait for each of theirs.
fn neighbours(watcher: &Watcher, takes_all: bool) {
    let lp = anyloop::new_event_loop().expect("a loop");
    watcher.attach_loop(Some(&lp)).expect("it listens");
    let mut ours: Vec<Child> = (0..CHILDREN).map(|number| child(code(number))).collect();
    let told = watch(watcher, &lp, &ours);
    let others = [
        thread::spawn(move || {
            for number in 0..CHILDREN {
                let status = child(code(number)).wait();
                match status {
                    Ok(status) => assert_eq!(status.code(), i32::try_from(code(number)).ok()),
                    Err(error) => {
                        assert!(takes_all, "std's child {number} was taken: {error}");
                        assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
                    }
                }
            }
        }),
        thread::spawn(move || {
            for number in 0..CHILDREN {
                let command = format!("exit {}\0", code(number));
                // SAFETY: the command ends with a NUL.
                let status = unsafe { libc::system(command.as_ptr().cast()) };
                let truth = i32::try_from(code(number) << 8).expect("a small number");
                assert!(status == truth || (takes_all && status == -1), "system() gave {status:#x}");
            }
        }),
    ];
    ours.iter_mut().for_each(|child| drop(child.stdin.take()));
    lp.run_forever().expect("it runs");
    for (number, status) in told.lock().expect("no panic").iter().enumerate() {
        let truth = ExitStatus::Exited(i32::try_from(code(number)).expect("a small number"));
        assert_eq!(*status, Some(truth), "child {number}");
    }
    for other in others {
        other.join().expect("a neighbour who is well");
    }
    lp.close().expect("it does not run");
}

/// Another thread collects whoever ends, ours before all.
fn thief(watcher: &Watcher, _: bool) {
    let lp = anyloop::new_event_loop().expect("a loop");
    watcher.attach_loop(Some(&lp)).expect("it listens");
    let mut ours: Vec<Child> = (0..CHILDREN).map(|number| child(code(number))).collect();
    let told = watch(watcher, &lp, &ours);
    let over = Arc::new(AtomicBool::new(false));
    let until = over.clone();
    let thief = thread::spawn(move || {
        let mut stolen = 0;
        while !until.load(Ordering::Relaxed) {
            match waitid(WaitId::All, WaitIdOptions::EXITED) {
                Ok(status) => stolen += usize::from(status.is_some()),
                Err(Errno::CHILD) => thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
        stolen
    });
    ours.iter_mut().for_each(|child| drop(child.stdin.take()));
    lp.run_forever().expect("it runs");
    over.store(true, Ordering::Relaxed);
    let stolen = thief.join().expect("a thief who is well");
    let told = told.lock().expect("no panic");
    let mut unknown = 0;
    for (number, status) in told.iter().enumerate() {
        let truth = ExitStatus::Exited(i32::try_from(code(number)).expect("a small number"));
        match status {
            Some(ExitStatus::Unknown) => unknown += 1,
            status => assert_eq!(*status, Some(truth), "child {number}"),
        }
    }
    println!("of {CHILDREN} children {stolen} were stolen, {unknown} ended as unknown");
    assert!(unknown <= stolen, "a child that nobody else had is unknown");
    lp.close().expect("it does not run");
}
