//! A forked child leaves its parent's loops alone: what the kit cannot see from a child that never
//! returns into the run.
#![cfg(target_os = "linux")]

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyloop::{
    CloseError, ContextId, JoinError, PerContext, Policy, ProcessStamp, RejectReason, RunError,
    get_running_loop,
};
use anyloop_os::{DefaultEventLoopPolicy, ImplicitLoop, SelectorEventLoop};

/// One at a time: a test that holds a lock of the library when another forks would be unlucky.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forks: gives the pid of the child, and in the child an error.
fn fork() -> Result<libc::pid_t, ()> {
    // SAFETY: the children of these tests do what they are about, allocate, which glibc makes safe
    // after a fork, and end with `end`.
    match unsafe { libc::fork() } {
        0 => Err(()),
        pid => Ok(pid),
    }
}

/// Ends a child.
fn end(well: bool) -> ! {
    // SAFETY: it ends the process without running anything else of it.
    unsafe { libc::_exit(if well { 0 } else { 1 }) }
}

/// Whether a child ended well.
fn collect(pid: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: the pid is that of an uncollected child, and the pointer is valid.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

/// Forks; `child` runs in the child and says whether all was well there.
fn fork_and(child: impl FnOnce() -> bool) -> bool {
    match fork() {
        Err(()) => end(child()),
        Ok(pid) => collect(pid),
    }
}

/// Counts what is dropped, in this process.
struct Dropped(Arc<AtomicU32>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_a_child_removes_stays_with_the_parent() {
    use anyloop::{Interest, RawSource, Trigger};
    use std::io::Write;
    use std::os::fd::AsRawFd;

    let _alone = alone();
    let lp = SelectorEventLoop::new();
    let readiness = lp.capabilities().readiness.unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let it = lp.clone();
    let stop = Rc::new(move |_| it.stop());
    // SAFETY: `reader` lives longer than the registration.
    let source = unsafe {
        readiness.add(RawSource(reader.as_raw_fd() as isize), Interest::READABLE, Trigger::Level, stop)
    }
    .unwrap();
    assert!(fork_and(|| readiness.remove(source)));
    writer.write_all(b"x").unwrap();
    // It would wait for ever if the child had taken the pipe out of the epoll that both share.
    lp.run_forever().unwrap();
    assert!(readiness.remove(source));
    lp.close().unwrap();
}

#[test]
fn an_inherited_loop_refuses_and_the_parent_goes_on() {
    let _alone = alone();
    let lp = SelectorEventLoop::new();
    lp.run_until_complete(async {}).unwrap();
    let it = lp.clone();
    assert!(fork_and(move || {
        it.remote().stop();
        let refused = it.run_forever() == Err(RunError::WrongProcess)
            && it.run_until_complete(async {}) == Err(RunError::WrongProcess)
            && it.close() == Err(CloseError::WrongProcess)
            && it.call_soon(|| {}).is_err_and(|rejected| rejected.reason == RejectReason::WrongProcess);
        // A loop of its own works.
        refused && SelectorEventLoop::new().run_until_complete(async { 7 }) == Ok(7)
    }));
    // The stop in the child was the child's alone.
    assert_eq!(lp.run_until_complete(async { 8 }), Ok(8));
    lp.close().unwrap();
}

#[test]
fn a_child_that_returns_from_the_callback_finds_the_run_over() {
    let _alone = alone();
    let lp = SelectorEventLoop::new();
    let ran = Rc::new(Cell::new(0));
    let child = Rc::new(Cell::new(None));
    let count = || {
        let ran = ran.clone();
        move || ran.set(ran.get() + 1)
    };
    let (forks, it) = (child.clone(), lp.clone());
    lp.call_soon(move || forks.set(Some(fork()))).unwrap();
    // Whatever else a batch is made of: what is ready, what came from elsewhere, and what is due.
    lp.call_soon(count()).unwrap();
    lp.remote().call_soon(|| {}).unwrap();
    lp.call_soon(count()).unwrap();
    lp.call_later(std::time::Duration::ZERO, count()).unwrap();
    lp.call_later(std::time::Duration::ZERO, move || it.stop()).unwrap();
    let result = lp.run_forever();
    match child.get() {
        Some(Err(())) => {
            let over = result == Err(RunError::WrongProcess) && ran.get() == 0;
            end(over && get_running_loop().is_err() && !lp.is_running());
        }
        Some(Ok(pid)) => assert!(collect(pid)),
        None => panic!("the callback did not run"),
    }
    assert_eq!((result, ran.get()), (Ok(()), 3));
    lp.close().unwrap();
}

#[test]
fn dropping_an_inherited_loop_drops_nothing_that_was_given_to_it() {
    let _alone = alone();
    let dropped = Arc::new(AtomicU32::new(0));
    let lp = SelectorEventLoop::new();
    let capture = || Dropped(dropped.clone());
    let [soon, timer, post, task] = [capture(), capture(), capture(), capture()];
    lp.call_soon(move || drop(soon)).unwrap();
    lp.call_later(std::time::Duration::from_secs(1000), move || drop(timer)).unwrap();
    lp.remote().call_soon(move || drop(post)).unwrap();
    drop(lp.spawn_local(async move { drop(task) }).unwrap());
    let here = match fork() {
        Err(()) => {
            drop(lp);
            end(dropped.load(Ordering::Relaxed) == 0)
        }
        Ok(pid) => pid,
    };
    assert!(collect(here));
    lp.close().unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 4);
}

#[test]
fn tasks_of_the_parent_can_be_cancelled_in_the_child_and_are_not_dropped_there() {
    let _alone = alone();
    let dropped = Arc::new(AtomicU32::new(0));
    let lp = SelectorEventLoop::new();
    let capture = Dropped(dropped.clone());
    let task = lp
        .spawn_local(async move {
            let _capture = capture;
            std::future::pending::<()>().await;
        })
        .unwrap();
    lp.run_until_complete(async {}).unwrap();
    let counted = dropped.clone();
    let mut task = Some(task);
    assert!(fork_and(|| {
        task.take().unwrap().cancel();
        counted.load(Ordering::Relaxed) == 0
    }));
    let task = task.unwrap();
    lp.close().unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    let other = SelectorEventLoop::new();
    assert_eq!(other.run_until_complete(task), Ok(Err(JoinError::Cancelled)));
}

#[test]
fn a_child_is_another_context_in_another_process_with_nothing_stored() {
    static PLACE: PerContext<u32> = PerContext::new();

    let _alone = alone();
    let policy = Policy::new(DefaultEventLoopPolicy::new().implicit_loop(ImplicitLoop::Never));
    let lp = policy.new_event_loop().unwrap();
    policy.set_event_loop(Some(lp.clone())).unwrap();
    let watcher = policy.get_child_watcher().unwrap();
    PLACE.replace(Some(Rc::new(5))).unwrap();
    let (stamp, context) = (ProcessStamp::current(), ContextId::current());
    assert!(fork_and(|| {
        let is_other = !stamp.is_current() && ContextId::current() != context && !lp.remote().is_owner();
        let is_empty = PLACE.get() == Ok(None) && policy.get_event_loop().is_err();
        let fresh = policy.get_child_watcher().unwrap();
        let watches = fresh.is_active() && !fresh.is_same(&watcher) && !watcher.is_active();
        is_other && is_empty && watches && PLACE.replace(Some(Rc::new(6))) == Ok(None) && PLACE.get().is_ok()
    }));
    assert!(stamp.is_current() && ContextId::current() == context && watcher.is_active());
    assert_eq!(PLACE.replace(None).unwrap().as_deref(), Some(&5));
    assert!(policy.get_event_loop().unwrap().is_same(&lp));
    lp.close().unwrap();
}

/// Servers fork and then run a loop: one that starts children of its own, too.
#[test]
fn a_child_is_told_of_its_own_children() {
    use anyloop::{Command, ExitStatus, PolicyGuard};

    let _alone = alone();
    let lp = SelectorEventLoop::new();
    lp.run_until_complete(async {}).unwrap();
    let policy = Policy::new(DefaultEventLoopPolicy::new());
    let watcher = policy.get_child_watcher().unwrap();
    assert!(fork_and(|| {
        let _guard = PolicyGuard::new(policy.clone());
        let status = anyloop::run(async {
            let lp = get_running_loop().ok()?;
            let child = lp.subprocess_exec(&Command::shell("exit 3")).ok()?;
            Some(child.wait().await)
        });
        matches!(status, Ok(Some(ExitStatus::Exited(3))))
    }));
    assert!(watcher.is_active());
    lp.close().unwrap();
}
