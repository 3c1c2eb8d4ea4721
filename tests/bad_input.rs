//! Bad input gets a clear error, and changes nothing.

use std::cell::Cell;
use std::rc::Rc;

use anyloop::{
    ChildToken, CloseError, EventLoopPolicy, ExitStatus, Loop, Pid, Policy, PolicyError, RejectReason,
    RunError, new_event_loop,
};
use anyloop_os as _;

#[test]
fn a_closed_loop_does_not_run_and_hands_callbacks_back() {
    let lp = new_event_loop().unwrap();
    let remote = lp.remote();
    lp.close().unwrap();
    lp.close().unwrap();
    assert_eq!(lp.run_forever(), Err(RunError::Closed));
    assert_eq!(lp.run_until_complete(async {}), Err(RunError::Closed));

    let called = Rc::new(Cell::new(0));
    let count = || {
        let called = called.clone();
        move || called.set(called.get() + 1)
    };
    let soon = lp.call_soon(count()).unwrap_err();
    let later = lp.call_later(core::time::Duration::ZERO, count()).unwrap_err();
    for rejected in [soon, later] {
        assert_eq!(rejected.reason, RejectReason::Closed);
        rejected.item.call();
    }
    assert_eq!(called.get(), 2, "the callbacks came back whole");
    assert_eq!(remote.call_soon(|| ()).unwrap_err().reason, RejectReason::Closed);
    assert_eq!(lp.spawn_local(async {}).unwrap_err().reason, RejectReason::Closed);
}

#[test]
fn a_running_loop_is_neither_run_nor_closed_nor_left() {
    let lp = new_event_loop().unwrap();
    let other = new_event_loop().unwrap();
    let output = lp.run_until_complete(async {
        assert_eq!(lp.run_forever(), Err(RunError::AlreadyRunning));
        assert_eq!(lp.run_until_complete(async {}), Err(RunError::AlreadyRunning));
        assert_eq!(other.run_forever(), Err(RunError::Nested));
        assert_eq!(anyloop::run(async {}), Err(RunError::Nested));
        assert_eq!(lp.close(), Err(CloseError::Running));
        assert!(lp.is_running() && !lp.is_closed() && !other.is_running());
        assert_eq!(anyloop::get_running_loop().unwrap(), lp);
        anyloop::sleep(core::time::Duration::from_micros(1)).await.unwrap();
        "went on"
    });
    assert_eq!(output, Ok("went on"));
    assert_eq!(other.run_until_complete(async { 1 }), Ok(1));
    other.close().unwrap();
    lp.close().unwrap();
}

#[test]
fn a_thread_without_loop_is_named_and_told_what_to_call() {
    let thread = std::thread::Builder::new().name("worker".into());
    let error = thread.spawn(|| anyloop::get_event_loop().unwrap_err()).unwrap().join().unwrap();
    let text = error.to_string();
    for part in ["'worker'", "anyloop::run", "set_event_loop"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_pid_that_is_no_child_ends_unknown() {
    let lp = new_event_loop().unwrap();
    let watcher = anyloop::get_child_watcher().unwrap();
    let ended = Rc::new(Cell::new(None));
    lp.run_until_complete(async {
        let init = anyloop::Child::adopt(&lp, &watcher, ChildToken::from(Pid::new(1).unwrap())).unwrap();
        ended.set(Some(init.wait().await));
    })
    .unwrap();
    assert_eq!(ended.get(), Some(ExitStatus::Unknown));
    lp.close().unwrap();
}

/// Has loops, somehow, and no watcher.
struct Watcherless;

impl EventLoopPolicy for Watcherless {
    fn get_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Err(PolicyError::no_current_loop())
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, _: Option<Loop>) -> Result<(), PolicyError> {
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Err(PolicyError::Unsupported("new loops"))
    }
}

#[test]
fn a_policy_without_watcher_says_so() {
    let policy = Policy::new(Watcherless);
    assert_eq!(policy.get_child_watcher().unwrap_err(), PolicyError::Unsupported("child watchers"));
    assert_eq!(policy.set_child_watcher(None).unwrap_err(), PolicyError::Unsupported("child watchers"));
}
