//! How programs end, and who is told.

use std::future::poll_fn;
use std::io::{Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::task::Poll;

use anyloop::{Command, ExitStatus, OsError, SignalError, SpawnError, Stdio, Watcher};
use anyloop_os::{PidfdChildWatcher, SelectorEventLoop, ThreadedChildWatcher};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::{Here, alone, everywhere, has_children, talking};

const KILLED: ExitStatus = ExitStatus::Signaled { signal: 9, core: false };

#[test]
fn everybody_who_waits_is_told_the_same() {
    everywhere(|here| async move {
        let mut child = here.start(&talking("read _; exit 9"));
        assert_eq!(child.status(), None);
        let given_up = child.wait();
        let mut early = [pin!(child.wait()), pin!(child.wait())];
        assert!(
            poll_fn(|cx| Poll::Ready(early.iter_mut().all(|wait| wait.as_mut().poll(cx).is_pending()))).await
        );
        drop(given_up);
        let elsewhere = here.0.spawn_local(child.wait()).unwrap();
        drop(child.stdin.take());
        for wait in &mut early {
            assert_eq!(wait.as_mut().await, ExitStatus::Exited(9));
        }
        assert_eq!(elsewhere.await, Ok(ExitStatus::Exited(9)));
        assert_eq!(
            (child.wait().await, child.status()),
            (ExitStatus::Exited(9), Some(ExitStatus::Exited(9)))
        );
        assert_eq!(child.kill(), Err(SignalError::Over));
    });
}

#[test]
fn a_grandchild_that_holds_the_pipe_delays_nobody() {
    everywhere(|here| async move {
        let (gate, opened) = pipe().unwrap();
        // The grandchild ends when the gate is closed.
        let mut child = here.start(
            &Command::shell("exec 3<&0; cat <&3 & exit 4").stdin(OwnedFd::from(gate)).stdout(Stdio::Pipe),
        );
        assert_eq!(child.wait().await, ExitStatus::Exited(4));
        let mut stdout = child.stdout.take().unwrap();
        let mut read = Vec::new();
        {
            let mut reading = pin!(stdout.read(&mut read));
            assert!(poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx).is_pending())).await);
        }
        drop(opened);
        assert_eq!(stdout.read_to_end(&mut read).await, Ok(0));
    });
}

#[test]
fn signals_reach_the_child_and_cost_no_status() {
    everywhere(|here| async move {
        let child = here.start(&talking("read _"));
        child.terminate().unwrap();
        assert_eq!(child.wait().await, ExitStatus::Signaled { signal: 15, core: false });
        let bad = here.start(&talking("read _"));
        assert_eq!(bad.send_signal(1000), Err(SignalError::Os(OsError::from_raw(libc::EINVAL))));
        drop(bad);

        // It has ended, and the loop has not turned since.
        let mut child = here.start(&talking("exit 6"));
        drop(child.stdin.take());
        let pid = rustix::process::Pid::from_raw(child.pid().get()).unwrap();
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        child.kill().unwrap();
        assert_eq!(child.wait().await, ExitStatus::Exited(6));
    });
}

#[test]
fn dropped_it_goes_on_or_is_killed() {
    everywhere(|here| async move {
        let (mut said, says) = pipe().unwrap();
        let (hears, mut told) = pipe().unwrap();
        let program =
            Command::shell("read line; echo $line").stdin(OwnedFd::from(hears)).stdout(OwnedFd::from(says));
        drop(here.start(&program));
        drop(program);
        told.write_all(b"still here\n").unwrap();
        let mut answer = String::new();
        said.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "still here\n");

        let mut child = here.start(&Command::shell("read _").stdin(Stdio::Pipe).kill_on_drop());
        let (wait, _stdin) = (child.wait(), child.stdin.take());
        drop(child);
        assert_eq!(wait.await, KILLED);
    });
}

#[test]
fn a_loop_that_is_closed_leaves_nobody_waiting() {
    let _alone = alone();
    for watcher in [Watcher::new(PidfdChildWatcher::new()), Watcher::new(ThreadedChildWatcher::new())] {
        let here = Here(SelectorEventLoop::new(), watcher);
        let mut child = here.start(&talking("read _"));
        let (wait, stdin) = (child.wait(), child.stdin.take());
        here.0.close().unwrap();
        let after = SelectorEventLoop::new();
        drop(stdin);
        // It is told when the child is collected, wherever that is.
        assert_eq!(after.run_until_complete(wait), Ok(ExitStatus::Unknown));
        let refused = here.try_start(&Command::new("/bin/true"));
        assert!(matches!(refused, Err(SpawnError::Os(failure)) if failure.error().raw() == libc::EBADF));
        after.close().unwrap();
        while has_children() {
            std::thread::yield_now();
        }
    }
}
