//! What is said to programs, and by them.

use std::future::poll_fn;
use std::io::{Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use anyloop::{Command, CommunicateError, ExitStatus, SpawnError, SpawnStep, Stdio};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{everywhere, talking, text};

#[test]
fn two_hundred_talk_at_once_and_mix_nothing() {
    const BYTES: usize = 4 << 20;
    everywhere(|here| async move {
        let first = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: first.maximum, ..first }).unwrap();
        // Standard error fills while both other streams are full.
        let line = r#"head -c 200000 /dev/zero >&2 & exec cat"#;
        let input: Rc<Vec<u8>> = Rc::new((0..BYTES).map(|at| ((at * 31) >> 7) as u8).collect());
        let tasks: Vec<_> = (0..200_usize)
            .map(|number| {
                let (here, input) = (here.clone(), input.clone());
                // The first ones get all of it, for the memory of this machine.
                let length = if number < 8 { BYTES } else { 100_000 + number };
                let lp = here.0.clone();
                lp.spawn_local(async move {
                    let mut child = here.start(&talking(line));
                    let output = child.communicate(&input[..length]).await.unwrap();
                    assert_eq!(output.status, ExitStatus::Exited(0));
                    assert!(output.stdout == input[..length], "{number} got other bytes");
                    assert_eq!(output.stderr.len(), 200_000);
                })
                .unwrap()
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        setrlimit(Resource::Nofile, first).unwrap();
    });
}

#[test]
fn streams_go_where_they_were_sent() {
    everywhere(|here| async move {
        let (mut reader, writer) = pipe().unwrap();
        let (input, mut sender) = pipe().unwrap();
        sender.write_all(b"in").unwrap();
        drop(sender);
        let given = Command::shell("cat; echo out; echo err >&2")
            .stdin(OwnedFd::from(input))
            .stdout(OwnedFd::from(writer))
            .stderr(Stdio::Merged);
        assert_eq!(here.start(&given).wait().await, ExitStatus::Exited(0));
        drop(given);
        let mut said = String::new();
        reader.read_to_string(&mut said).unwrap();
        assert_eq!(said, "inout\nerr\n");

        let merged = Command::shell("echo out; echo err >&2").stdout(Stdio::Pipe).stderr(Stdio::Merged);
        let mut child = here.start(&merged);
        assert!(child.stdin.is_none() && child.stderr.is_none());
        assert_eq!(text(child.communicate(b"").await.unwrap().stdout), "out\nerr\n");

        let nothing = Command::shell("cat; echo lost").stdin(Stdio::Null).stdout(Stdio::Null);
        assert_eq!(here.start(&nothing).wait().await, ExitStatus::Exited(0));
        let backwards = here.try_start(&Command::new("/bin/true").stdout(Stdio::Merged));
        assert!(matches!(backwards, Err(SpawnError::Os(failure)) if failure.step() == SpawnStep::Command));
    });
}

#[test]
fn lines_come_one_by_one_and_a_read_that_was_given_up_loses_nothing() {
    everywhere(|here| async move {
        let mut child = here.start(&talking("while read line; do echo \"<$line>\"; done; printf rest"));
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut line = Vec::new();
        // Nothing has come yet: given up at once.
        {
            let mut reading = pin!(stdout.read_line(&mut line));
            assert!(poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx).is_pending())).await);
        }
        stdin.write_all(b"one\ntwo\n").await.unwrap();
        assert_eq!(stdout.read_line(&mut line).await, Ok(6));
        drop(stdin);
        assert_eq!(stdout.read_line(&mut line).await, Ok(6));
        assert_eq!(stdout.read_to_end(&mut line).await, Ok(4));
        assert_eq!((text(line), stdout.read(&mut Vec::new()).await), ("<one>\n<two>\nrest".into(), Ok(0)));
        assert_eq!(child.wait().await, ExitStatus::Exited(0));
    });
}

#[test]
fn too_much_is_said_to_be_too_much() {
    everywhere(|here| async move {
        let mut child = here.start(&talking("exec cat /dev/zero").kill_on_drop());
        let told = child.communicate_within(b"", 100_000).await;
        let Err(CommunicateError::TooLong { stdout, .. }) = told else { panic!("{told:?}") };
        assert!(stdout.len() > 100_000 && stdout.len() < 1 << 20);
        // It finds that nobody listens.
        assert_eq!(child.wait().await, ExitStatus::Signaled { signal: libc::SIGPIPE, core: false });
        let mut deaf = here.start(&talking("exec true"));
        assert_eq!(deaf.communicate(&[0; 1 << 20]).await.unwrap().status, ExitStatus::Exited(0));
    });
}

#[test]
fn who_reads_no_more_costs_nobody_his_life() {
    everywhere(|here| async move {
        // As in a program that is not Rust's: the signal ends it.
        // SAFETY: both are dispositions that the system knows, and nobody else is at work.
        let former = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let mut deaf = here.start(&talking("exec true"));
        let output = deaf.communicate(&[0; 1 << 20]).await;
        // SAFETY: it was in force before.
        unsafe { libc::signal(libc::SIGPIPE, former) };
        assert_eq!(output.unwrap().status, ExitStatus::Exited(0));
    });
}
