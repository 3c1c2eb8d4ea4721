//! A forked child finds its parent's loop refusing, and cannot disturb it.
#![cfg(target_os = "linux")]

use anyloop::{CloseError, RunError};
use anyloop_os::SelectorEventLoop;

/// Forks; `child` runs in the child and says whether all was well there.
fn fork_and(child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls `child`, which allocates at most, and ends at once. glibc makes
    // allocating safe after a fork.
    match unsafe { libc::fork() } {
        0 => {
            let code = if child() { 0 } else { 1 };
            // SAFETY: it ends the process without running anything else of it.
            unsafe { libc::_exit(code) }
        }
        pid => {
            let mut status = 0;
            // SAFETY: the pid is that of an uncollected child, and the pointer is valid.
            unsafe { libc::waitpid(pid, &raw mut status, 0) };
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
        }
    }
}

#[test]
fn what_a_child_removes_stays_with_the_parent() {
    use anyloop::{Interest, RawSource};
    use std::io::Write;
    use std::os::fd::AsRawFd;

    let lp = SelectorEventLoop::new();
    let readiness = lp.capabilities().readiness.unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let it = lp.clone();
    let stop = std::rc::Rc::new(move |_| it.stop());
    // SAFETY: `reader` lives longer than the registration.
    let source =
        unsafe { readiness.add(RawSource(reader.as_raw_fd() as isize), Interest::READABLE, stop) }.unwrap();
    assert!(fork_and(|| readiness.remove(source)));
    writer.write_all(b"x").unwrap();
    // It would wait for ever if the child had taken the pipe out of the epoll that both share.
    lp.run_forever().unwrap();
    assert!(readiness.remove(source));
    lp.close().unwrap();
}

#[test]
fn an_inherited_loop_refuses_and_the_parent_goes_on() {
    let lp = SelectorEventLoop::new();
    lp.run_until_complete(async {}).unwrap();
    let it = lp.clone();
    assert!(fork_and(move || {
        let refused =
            it.run_forever() == Err(RunError::WrongProcess) && it.close() == Err(CloseError::WrongProcess);
        it.remote().stop();
        // A loop of its own works.
        refused && SelectorEventLoop::new().run_until_complete(async { 7 }) == Ok(7)
    }));
    // The stop in the child was the child's alone.
    assert_eq!(lp.run_until_complete(async { 8 }), Ok(8));
    lp.close().unwrap();
}
