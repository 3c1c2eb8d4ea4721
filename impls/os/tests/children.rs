//! A thousand real children through each watcher: each reported once, with the truth, and nothing
//! left behind.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyloop::{Command, ExitStatus, Loop, Pid, Stdio, Watcher, get_running_loop};
use anyloop_os::{
    FastChildWatcher, MultiLoopChildWatcher, PidfdChildWatcher, SafeChildWatcher, ThreadedChildWatcher,
};
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

const CHILDREN: usize = 1000;

/// Alternates between a program that exits and one that is killed.
fn program(number: usize) -> (Command, ExitStatus) {
    if number.is_multiple_of(2) {
        (Command::new("/bin/true"), ExitStatus::Exited(0))
    } else {
        (Command::shell("kill -KILL $$"), ExitStatus::Signaled { signal: 9, core: false })
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("a mounted /proc").count()
}

fn has_children() -> bool {
    let any = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
    !matches!(any, Err(Errno::CHILD))
}

/// Starts them one after the other and counts what the watcher's callback is told.
fn through_callbacks(lp: &Loop, watcher: &Watcher) {
    let told = Arc::new(Mutex::new(HashMap::<Pid, Vec<ExitStatus>>::new()));
    let mut expected = HashMap::new();
    for number in 0..CHILDREN {
        let (program, status) = program(number);
        let program = program.stdin(Stdio::Null);
        let token =
            lp.capabilities().processes.expect("this loop starts programs").spawn(&program).unwrap().token;
        assert_eq!(expected.insert(token.pid(), status), None, "an uncollected pid was given again");
        let (told, remote) = (told.clone(), lp.remote());
        let tell = move |pid, status| {
            let mut told = told.lock().unwrap();
            told.entry(pid).or_default().push(status);
            if told.len() == CHILDREN {
                remote.stop();
            }
        };
        assert!(watcher.watch_on(lp, token, tell).unwrap().is_none());
    }
    lp.run_forever().unwrap();
    // A second report of the same child would come now, if ever.
    lp.call_later(Duration::from_millis(20), {
        let lp = lp.clone();
        move || lp.stop()
    })
    .unwrap();
    lp.run_forever().unwrap();
    for (pid, statuses) in told.lock().unwrap().iter() {
        assert_eq!(statuses.as_slice(), [expected[pid]], "{pid}");
    }
}

/// Starts them as tasks, which await their ends.
async fn through_tasks() {
    let lp = get_running_loop().unwrap();
    let tasks: Vec<_> = (0..CHILDREN)
        .map(|number| {
            let it = lp.clone();
            lp.spawn_local(async move {
                let (program, status) = program(number);
                let child = it.subprocess_exec(&program).unwrap();
                assert_eq!(child.wait().await, status);
                assert_eq!(child.wait().await, status, "asking again gives the same answer");
            })
            .unwrap()
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// One test, so that no other one has children or descriptors meanwhile.
#[test]
fn a_thousand_children_are_reported_once_with_the_truth_and_leave_nothing_behind() {
    let before = descriptors();
    let watchers = [
        Watcher::new(ThreadedChildWatcher::new()),
        Watcher::new(PidfdChildWatcher::new()),
        Watcher::new(MultiLoopChildWatcher::new()),
        Watcher::new(SafeChildWatcher::new()),
        Watcher::new(FastChildWatcher::new()),
    ];
    for watcher in watchers {
        let lp = anyloop::new_event_loop().unwrap();
        watcher.attach_loop(Some(&lp)).unwrap();
        through_callbacks(&lp, &watcher);
        anyloop::set_child_watcher(Some(watcher)).unwrap();
        lp.run_until_complete(through_tasks()).unwrap();
        lp.close().unwrap();
        assert!(!has_children(), "somebody was not collected");
        assert_eq!(descriptors(), before, "a descriptor is still open");
    }
}
