//! What do watchers do to SIGCHLD and to each other, and what do others to them?
#![cfg(target_os = "linux")]

use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyloop::{ChildToken, ExitStatus, Loop, Pid, Reaper, StrangerHandler, WatchError, Watcher};
use anyloop_os::{
    FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher, ThreadedChildWatcher,
};
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// A child that exits with 7 when its input ends.
fn child() -> Child {
    Command::new("/bin/sh")
        .arg("-c")
        .arg("read _; exit 7")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap()
}

fn pid(child: &Child) -> Pid {
    Pid::new(i32::try_from(child.id()).unwrap()).unwrap()
}

/// Lets it end, and waits until it has, without collecting it: a loop on another thread may have, which looks at all.
fn end(child: &mut Child) {
    drop(child.stdin.take());
    let pid = rustix::process::Pid::from_child(child);
    let ended = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).map(drop);
    assert!(matches!(ended, Ok(()) | Err(rustix::io::Errno::CHILD)), "{ended:?}");
}

fn new_loop() -> Loop {
    anyloop::new_event_loop().unwrap()
}

/// What a callback is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Option<ExitStatus>>>);

impl Told {
    fn get(&self) -> Option<ExitStatus> {
        *self.0.lock().unwrap()
    }
}

/// Registers the child with a callback that stops the loop.
fn watch(watcher: &Watcher, lp: &Loop, child: &Child) -> Told {
    let (told, stops) = (Told::default(), lp.remote());
    let tell = told.clone();
    let registered = watcher.watch_on(lp, ChildToken::from(pid(child)), move |_, status| {
        assert_eq!(tell.0.lock().unwrap().replace(status), None, "told twice");
        stops.stop();
    });
    assert!(registered.unwrap().is_none());
    told
}

/// What handles SIGCHLD, after `new` was installed, if there is one.
fn handler(new: Option<usize>) -> usize {
    // SAFETY: all of a `sigaction` may be zero, and the handler that is given is a function that only
    // counts, or one that the system gave.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGCHLD, std::ptr::null(), &raw mut action);
        if let Some(new) = new {
            let mut ours: libc::sigaction = std::mem::zeroed();
            ours.sa_sigaction = new;
            libc::sigaction(libc::SIGCHLD, &raw const ours, std::ptr::null_mut());
        }
        action.sa_sigaction
    }
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: i32) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

fn counter() -> usize {
    count as extern "C" fn(i32) as usize
}

/// The handler that was there before is called meanwhile, and is back afterwards.
fn what_was_there_before_is_called_and_comes_back() {
    handler(Some(counter()));
    for watcher in [Watcher::new(SafeChildWatcher::new()), Watcher::new(MultiLoopChildWatcher::new())] {
        let lp = new_loop();
        watcher.attach_loop(Some(&lp)).unwrap();
        let before = CALLS.load(Ordering::Relaxed);
        let mut kid = child();
        let told = watch(&watcher, &lp, &kid);
        assert_ne!(handler(None), counter(), "the watcher listens");
        end(&mut kid);
        lp.run_forever().unwrap();
        assert_eq!(told.get(), Some(ExitStatus::Exited(7)));
        assert!(CALLS.load(Ordering::Relaxed) > before, "{watcher:?} does not call the former handler");
        watcher.close();
        lp.close().unwrap();
        assert_eq!(handler(None), counter(), "{watcher:?} does not put the former handler back");
    }
}

/// Who replaces ours keeps its own.
fn what_somebody_else_installed_stays() {
    handler(Some(libc::SIG_DFL));
    let (lp, watcher) = (new_loop(), Watcher::new(SafeChildWatcher::new()));
    watcher.attach_loop(Some(&lp)).unwrap();
    handler(Some(counter()));
    watcher.close();
    lp.close().unwrap();
    assert_eq!(handler(Some(libc::SIG_DFL)), counter());
}

/// SIGCHLD that is ignored would have the system forget how children end.
fn ignored_at_start_it_is_heard_all_the_same() {
    handler(Some(libc::SIG_IGN));
    let (lp, watcher) = (new_loop(), Watcher::new(SafeChildWatcher::new()));
    watcher.attach_loop(Some(&lp)).unwrap();
    let mut kid = child();
    let told = watch(&watcher, &lp, &kid);
    end(&mut kid);
    lp.run_forever().unwrap();
    assert_eq!(told.get(), Some(ExitStatus::Exited(7)));
    lp.close().unwrap();
    assert_eq!(handler(Some(libc::SIG_DFL)), libc::SIG_IGN);
}

/// Two loops on two threads have children of their own.
fn loops_on_two_threads_are_both_told() {
    let watcher = Watcher::new(MultiLoopChildWatcher::new());
    let threads = [(); 2].map(|()| {
        let watcher = watcher.clone();
        thread::spawn(move || {
            let lp = new_loop();
            let mut kid = child();
            let told = watch(&watcher, &lp, &kid);
            end(&mut kid);
            lp.run_forever().unwrap();
            lp.close().unwrap();
            told.get()
        })
    });
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Some(ExitStatus::Exited(7)));
    }
}

/// Nobody is forgotten when the watcher is detached, or attached elsewhere.
fn detached_it_tells_all_the_same() {
    for greedy in [false, true] {
        let watcher = if greedy {
            Watcher::new(FastChildWatcher::new())
        } else {
            Watcher::new(SafeChildWatcher::new())
        };
        let (lp, other) = (new_loop(), new_loop());
        watcher.attach_loop(Some(&other)).unwrap();
        watcher.attach_loop(Some(&lp)).unwrap();
        let mut kids = [child(), child()];
        let told = [watch(&watcher, &lp, &kids[0]), watch(&watcher, &lp, &kids[1])];
        end(&mut kids[0]);
        lp.run_forever().unwrap();
        watcher.attach_loop(None).unwrap();
        assert!(!watcher.is_active());
        end(&mut kids[1]);
        lp.run_forever().unwrap();
        assert_eq!(told.map(|told| told.get()), [Some(ExitStatus::Exited(7)); 2]);
        for lp in [lp, other] {
            lp.close().unwrap();
        }
    }
}

/// A registration that another loop takes over is told there, and not by the first loop, though both are
/// on one thread.
fn told_by_the_loop_that_took_over() {
    let all = [
        Watcher::new(ThreadedChildWatcher::new()),
        Watcher::new(PidfdChildWatcher::new()),
        Watcher::new(MultiLoopChildWatcher::new()),
        Watcher::new(SafeChildWatcher::new()),
        Watcher::new(FastChildWatcher::new()),
    ];
    for watcher in all {
        let [first, second] = [new_loop(), new_loop()];
        watcher.attach_loop(Some(&first)).unwrap();
        let mut kid = child();
        let never = watch(&watcher, &first, &kid);
        let (told, running) = (Told::default(), Arc::new(Mutex::new(Vec::new())));
        let (tell, stops, seen) = (told.clone(), second.remote(), running.clone());
        let replaced = watcher.watch_on(&second, ChildToken::from(pid(&kid)), move |_, status| {
            let here = anyloop::get_running_loop().map(|lp| lp.remote().is_same(&stops));
            seen.lock().unwrap().push(here);
            *tell.0.lock().unwrap() = Some(status);
            stops.stop();
        });
        assert!(replaced.unwrap().is_some(), "{watcher:?} hands the former callback back");
        end(&mut kid);
        // The first loop has a look at what it waits for, if it does.
        first
            .call_later(Duration::from_millis(5), {
                let first = first.clone();
                move || first.stop()
            })
            .unwrap();
        first.run_forever().unwrap();
        assert_eq!(told.get(), None, "{watcher:?} tells while another loop runs");
        second.run_forever().unwrap();
        assert_eq!((told.get(), never.get()), (Some(ExitStatus::Exited(7)), None));
        assert_eq!(*running.lock().unwrap(), [Ok(true)]);
        for lp in [first, second] {
            lp.close().unwrap();
        }
    }
}

/// The one that takes all does not work beside others, and says beside whom.
fn one_that_takes_all_works_alone() {
    let lp = new_loop();
    let (safe, fast) = (Watcher::new(SafeChildWatcher::new()), Watcher::new(FastChildWatcher::new()));
    safe.attach_loop(Some(&lp)).unwrap();
    assert_eq!(fast.attach_loop(Some(&lp)), Err(WatchError::Conflict("SafeChildWatcher")));
    assert!(safe.is_active() && !fast.is_active());
    safe.attach_loop(None).unwrap();
    fast.attach_loop(Some(&lp)).unwrap();
    assert_eq!(safe.attach_loop(Some(&lp)), Err(WatchError::Conflict("FastChildWatcher")));
    lp.close().unwrap();
    assert!(!fast.is_active());
}

/// What it takes of strangers, it gives to whoever asks, and to a registration that comes late.
fn strangers_are_not_lost() {
    let fast = FastChildWatcher::new();
    let (lp, watcher) = (new_loop(), Watcher::new(fast.clone()));
    watcher.attach_loop(Some(&lp)).unwrap();
    let mut kids = [child(), child(), child()];
    let told = watch(&watcher, &lp, &kids[0]);
    kids.iter_mut().for_each(end);
    lp.run_forever().unwrap();
    assert_eq!(told.get(), Some(ExitStatus::Exited(7)));
    assert_eq!(fast.take_status(pid(&kids[1])), Some(ExitStatus::Exited(7)));
    assert_eq!(fast.take_status(pid(&kids[1])), None, "once");
    let late = watch(&watcher, &lp, &kids[2]);
    lp.run_forever().unwrap();
    assert_eq!(late.get(), Some(ExitStatus::Exited(7)));
    lp.close().unwrap();
}

/// A program that adopts orphans is told of them.
#[expect(clippy::zombie_processes, reason = "the watcher collects it")]
fn orphans_are_handed_to_whoever_wants_them() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let fast = FastChildWatcher::new();
    let (lp, watcher) = (new_loop(), Watcher::new(fast.clone()));
    watcher.attach_loop(Some(&lp)).unwrap();
    let (orphan, stops) = (Arc::new(Mutex::new(None)), lp.remote());
    let told = orphan.clone();
    fast.set_stranger_handler(Some(StrangerHandler::new(move |pid, status| {
        *told.lock().unwrap() = Some((pid, status));
        stops.stop();
    })));
    // The child is waited for; the grandchild outlives it, and ends in its own way.
    let parent = Command::new("/bin/sh")
        // What a shell starts in the background reads nothing, unless it is told to.
        .args(["-c", "exec 3<&0; (read _ <&3; exit 9) & exit 7"])
        .stdin(std::process::Stdio::piped())
        .spawn();
    let mut parent = parent.unwrap();
    let reported = watch(&watcher, &lp, &parent);
    lp.run_forever().unwrap();
    assert_eq!(reported.get(), Some(ExitStatus::Exited(7)));
    assert_eq!(*orphan.lock().unwrap(), None);
    drop(parent.stdin.take());
    lp.run_forever().unwrap();
    let (orphan, status) = orphan.lock().unwrap().take().expect("an orphan");
    assert_eq!(status, ExitStatus::Exited(9));
    assert_ne!(orphan, pid(&parent));
    assert_eq!(fast.take_status(orphan), None, "it was handed over");
    lp.close().unwrap();
    rustix::process::set_child_subreaper(None).unwrap();
}

/// A status that somebody else took is unknown, and is said to be.
fn what_was_stolen_is_unknown() {
    let watchers = [
        Watcher::new(SafeChildWatcher::new()),
        Watcher::new(FastChildWatcher::new()),
        Watcher::new(MultiLoopChildWatcher::new()),
    ];
    for watcher in watchers {
        let lp = new_loop();
        watcher.attach_loop(Some(&lp)).unwrap();
        let (mut kid, mut other) = (child(), child());
        let told = watch(&watcher, &lp, &kid);
        let rest = watch(&watcher, &lp, &other);
        end(&mut kid);
        kid.wait().unwrap();
        lp.run_forever().unwrap();
        assert_eq!(told.get(), Some(ExitStatus::Unknown), "{watcher:?}");
        end(&mut other);
        lp.run_forever().unwrap();
        assert_eq!(rest.get(), Some(ExitStatus::Exited(7)), "{watcher:?}");
        lp.close().unwrap();
    }
}

/// A theft that makes no news of its own is found by and by, also if the loop that meant to look was closed.
#[expect(clippy::zombie_processes, reason = "what is left to a closed loop is collected by a thread")]
fn what_was_stolen_beside_a_report_is_found() {
    let watcher = Watcher::new(FastChildWatcher::new());
    for _ in 0..2 {
        let lp = new_loop();
        watcher.attach_loop(Some(&lp)).unwrap();
        let [mut stolen, mut reported, mut late] = [child(), child(), child()];
        let unknown = watch(&watcher, &lp, &stolen);
        let told = watch(&watcher, &lp, &reported);
        let last = watch(&watcher, &lp, &late);
        // Both come to the loop as one signal, and one of them has a status.
        end(&mut stolen);
        stolen.wait().unwrap();
        end(&mut reported);
        lp.run_forever().unwrap();
        assert_eq!((told.get(), unknown.get()), (Some(ExitStatus::Exited(7)), None));
        lp.run_forever().unwrap();
        assert_eq!(unknown.get(), Some(ExitStatus::Unknown));
        // The report has the loop look later, and it is closed first.
        let waits = child();
        let never = watch(&watcher, &lp, &waits);
        end(&mut late);
        lp.run_forever().unwrap();
        assert_eq!((last.get(), never.get()), (Some(ExitStatus::Exited(7)), None));
        lp.close().unwrap();
    }
}

/// A handler of the users hears of the child, too, whoever came first, and goes without the watcher.
fn a_handler_listens_beside_the_watcher() {
    for handler_first in [false, true] {
        let (lp, watcher) = (new_loop(), Watcher::new(SafeChildWatcher::new()));
        let calls = Arc::new(AtomicUsize::new(0));
        let counts = calls.clone();
        let count = move |_| _ = counts.fetch_add(1, Ordering::SeqCst);
        if handler_first {
            lp.add_signal_handler(libc::SIGCHLD, count).unwrap();
            watcher.attach_loop(Some(&lp)).unwrap();
        } else {
            watcher.attach_loop(Some(&lp)).unwrap();
            lp.add_signal_handler(libc::SIGCHLD, count).unwrap();
        }
        let mut kid = child();
        let told = watch(&watcher, &lp, &kid);
        end(&mut kid);
        lp.run_forever().unwrap();
        // The handler's turn may be the next one.
        lp.run_until_complete(anyloop::sleep(Duration::ZERO)).unwrap().unwrap();
        assert_eq!((told.get(), calls.load(Ordering::SeqCst)), (Some(ExitStatus::Exited(7)), 1));
        watcher.attach_loop(None).unwrap();
        // The loop listens for the watcher until it comes to it.
        lp.run_until_complete(async {}).unwrap();
        assert_ne!(handler(None), libc::SIG_DFL);
        assert!(lp.remove_signal_handler(libc::SIGCHLD));
        assert_eq!(handler(None), libc::SIG_DFL);
        lp.close().unwrap();
    }
}

/// One test: SIGCHLD is the process's, and so are its children.
#[test]
fn watchers_share_the_signal_and_the_children() {
    what_was_there_before_is_called_and_comes_back();
    what_somebody_else_installed_stays();
    ignored_at_start_it_is_heard_all_the_same();
    a_handler_listens_beside_the_watcher();
    loops_on_two_threads_are_both_told();
    detached_it_tells_all_the_same();
    told_by_the_loop_that_took_over();
    one_that_takes_all_works_alone();
    strangers_are_not_lost();
    orphans_are_handed_to_whoever_wants_them();
    what_was_stolen_is_unknown();
    what_was_stolen_beside_a_report_is_found();
}
