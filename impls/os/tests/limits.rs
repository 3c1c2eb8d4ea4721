//! What do watchers do where the system refuses what they need? An error, with the child as it was, or
//! something else that does: never a hang, never a lost child.
//!
//! Each case is about the whole process, so it has one of its own: this program once more, with the name of
//! the case.
#![cfg(target_os = "linux")]

mod cases;
mod seccomp;

use std::fs::File;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};

use anyloop::{ChildToken, ExitStatus, Loop, OsError, Pid, SpawnStep, WatchError, Watcher};
use anyloop_os::{
    FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher, ThreadedChildWatcher,
    WatcherKind,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seccomp::refuse;

const CASES: &[cases::Case] = &[
    ("no descriptors", no_descriptors),
    ("no memory for threads", no_memory),
    ("no processes", no_processes),
    ("no pidfds", no_pidfds),
    ("the signal blocked", blocked),
    ("the signal ignored", ignored),
];

fn main() -> ExitCode {
    cases::main(CASES)
}

/// A child that exits with 7 when its input ends.
fn child() -> Child {
    Command::new("/bin/sh").args(["-c", "read _; exit 7"]).stdin(Stdio::piped()).spawn().expect("a child")
}

fn token(child: &Child) -> ChildToken {
    Pid::new(i32::try_from(child.id()).expect("a number")).map(ChildToken::from).expect("a pid")
}

/// Registers the child, lets it end, and gives what the watcher tells.
fn told(watcher: &Watcher, lp: &Loop, mut child: Child) -> ExitStatus {
    let told = Arc::new(Mutex::new(None));
    let (tell, stops) = (told.clone(), lp.remote());
    let registered = watcher.watch_on(lp, token(&child), move |_, status| {
        *tell.lock().expect("no panic") = Some(status);
        stops.stop();
    });
    let registered = registered.map_err(|rejected| rejected.reason);
    assert!(matches!(registered, Ok(None)), "{watcher:?}: {:?}", registered.err());
    drop(child.stdin.take());
    lp.run_forever().expect("it runs");
    let status = told.lock().expect("no panic").take();
    status.expect("it was told")
}

/// Tries to register the child in vain, and collects it.
fn refused(watcher: &Watcher, lp: &Loop, mut child: Child) -> WatchError {
    let registered = watcher.watch_on(lp, token(&child), |_, _| unreachable!("it was refused"));
    let rejected = registered.err().unwrap_or_else(|| panic!("{watcher:?} did not refuse"));
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it is still there").code(), Some(7));
    rejected.reason
}

/// Lowers a limit of this process.
fn limit(what: Resource, most: u64) {
    let maximum = getrlimit(what).maximum;
    setrlimit(what, Rlimit { current: Some(most), maximum }).expect("a lower limit");
}

/// Without descriptors to be had, who needs one refuses, and a thread does without.
fn no_descriptors() {
    let lp = anyloop::new_event_loop().expect("a loop");
    // What the loop itself needs is there.
    let stop = lp.clone();
    lp.remote().call_soon(|| ()).expect("it is open");
    lp.call_soon(move || stop.stop()).expect("it is open");
    lp.run_forever().expect("it runs");
    let threaded = Watcher::new(ThreadedChildWatcher::new());
    assert_eq!(told(&threaded, &lp, child()), ExitStatus::Exited(7));
    let kids = [(); 4].map(|()| child());
    let safe = Watcher::new(SafeChildWatcher::new());
    limit(Resource::Nofile, 256);
    let mut files = Vec::new();
    // Each child that is gone leaves a place.
    let mut fill = || files.extend(std::iter::from_fn(|| File::open("/dev/null").ok()));
    let full = |error: WatchError| assert_eq!(error, WatchError::Os(OsError::from_raw(libc::EMFILE)));
    let [first, second, third, fourth] = kids;
    fill();
    full(refused(&Watcher::new(PidfdChildWatcher::new()), &lp, first));
    fill();
    full(refused(&Watcher::new(MultiLoopChildWatcher::new()), &lp, second));
    fill();
    full(safe.attach_loop(Some(&lp)).expect_err("there is no descriptor for it"));
    assert!(!safe.is_active());
    assert_eq!(refused(&safe, &lp, third), WatchError::NotAttached);
    assert_eq!(told(&threaded, &lp, fourth), ExitStatus::Exited(7));
    drop(files);
    safe.attach_loop(Some(&lp)).expect("there are descriptors again");
    assert_eq!(told(&safe, &lp, child()), ExitStatus::Exited(7));
}

/// Without memory for a stack, no thread is started, and the child is as it was.
fn no_memory() {
    let lp = anyloop::new_event_loop().expect("a loop");
    let threaded = Watcher::new(ThreadedChildWatcher::new());
    let kid = child();
    let before = getrlimit(Resource::As);
    // Less than there is already: what is mapped stays, and nothing more is.
    limit(Resource::As, 1 << 20);
    let error = refused(&threaded, &lp, kid);
    setrlimit(Resource::As, before).expect("the former limit");
    assert!(matches!(error, WatchError::Os(_)), "{error}");
    assert_eq!(told(&threaded, &lp, child()), ExitStatus::Exited(7));
}

/// Who may have no more processes has no threads either: what is there already is told of, and nothing is started.
fn no_processes() {
    let lp = anyloop::new_event_loop().expect("a loop");
    let threaded = (Watcher::new(ThreadedChildWatcher::new()), child());
    let others = [
        (Watcher::new(PidfdChildWatcher::new()), child()),
        (Watcher::new(SafeChildWatcher::new()), child()),
        (Watcher::new(MultiLoopChildWatcher::new()), child()),
    ];
    // The limit is not for the superuser, and counts all that a user has: so be somebody who has next to nothing.
    if rustix::process::geteuid().is_root() {
        const NOBODY: u32 = 65_534;
        // SAFETY: there are no other threads whose user would have to change as well.
        assert_eq!(unsafe { libc::setuid(NOBODY) }, 0, "{}", std::io::Error::last_os_error());
    }
    limit(Resource::Nproc, 1);
    let again = OsError::from_raw(libc::EAGAIN);
    assert_eq!(refused(&threaded.0, &lp, threaded.1), WatchError::Os(again));
    for (watcher, kid) in others {
        watcher.attach_loop(Some(&lp)).expect("it listens");
        assert_eq!(told(&watcher, &lp, kid), ExitStatus::Exited(7));
    }
    let processes = lp.capabilities().processes.expect("a loop that starts programs");
    let failure = processes.spawn(&anyloop::Command::new("/bin/true")).expect_err("no process is to be had");
    assert_eq!((failure.step(), failure.error()), (SpawnStep::Process, again));
}

/// Where the kernel refuses pidfds, a thread waits, and programs are started all the same.
fn no_pidfds() {
    refuse(libc::SYS_pidfd_open, libc::EPERM);
    assert_eq!(PidfdChildWatcher::probe(), Err(OsError::from_raw(libc::EPERM)));
    assert_eq!(WatcherKind::Pidfd.in_use(), Ok(WatcherKind::Threaded));
    let lp = anyloop::new_event_loop().expect("a loop");
    let pidfd = Watcher::new(PidfdChildWatcher::new());
    assert_eq!(refused(&pidfd, &lp, child()), WatchError::Os(OsError::from_raw(libc::EPERM)));
    let lp = lp.clone();
    let it = lp.clone();
    let status = lp.run_until_complete(async move {
        let program = anyloop::Command::shell("exit 7").stdin(anyloop::Stdio::Null);
        let child = it.subprocess_exec(&program).expect("a child");
        child.wait().await
    });
    assert_eq!(status, Ok(ExitStatus::Exited(7)));
}

/// A signal that every thread blocks is unblocked on the loop's.
fn blocked() {
    // SAFETY: all of a signal set may be zero, and the calls only write to it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()), 0);
    }
    for fast in [false, true] {
        let lp = anyloop::new_event_loop().expect("a loop");
        let watcher =
            if fast { Watcher::new(FastChildWatcher::new()) } else { Watcher::new(SafeChildWatcher::new()) };
        watcher.attach_loop(Some(&lp)).expect("it listens");
        assert_eq!(told(&watcher, &lp, child()), ExitStatus::Exited(7));
        lp.close().expect("it does not run");
    }
}

/// A signal that is ignored has the system collect the children: who listens for it hears it nevertheless, and who
/// does not is not kept waiting, and told what is known.
fn ignored() {
    // SAFETY: no function of this program is named as a handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let lp = anyloop::new_event_loop().expect("a loop");
    let pidfd = told(&Watcher::new(PidfdChildWatcher::new()), &lp, child());
    assert!(matches!(pidfd, ExitStatus::Exited(7) | ExitStatus::Unknown), "{pidfd}");
    assert_eq!(told(&Watcher::new(ThreadedChildWatcher::new()), &lp, child()), ExitStatus::Unknown);
    let listening = [
        Watcher::new(MultiLoopChildWatcher::new()),
        Watcher::new(SafeChildWatcher::new()),
        Watcher::new(FastChildWatcher::new()),
    ];
    for watcher in listening {
        let lp = anyloop::new_event_loop().expect("a loop");
        watcher.attach_loop(Some(&lp)).expect("it listens");
        assert_eq!(told(&watcher, &lp, child()), ExitStatus::Exited(7), "{watcher:?}");
        lp.close().expect("it does not run");
    }
}
