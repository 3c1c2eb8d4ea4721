//! What is said to programs, and by them.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use anyloop::{
    Command, CommunicateError, ExitStatus, PipeReader, PipeWriter, SpawnError, SpawnStep, Stdio, Task,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{everywhere, talking, text};

/// What is said, over and over: each speaker begins somewhere else. None of them has it all in memory.
struct Pattern(Vec<u8>);

impl Pattern {
    /// A prime, and no part of any buffer's size.
    const PERIOD: usize = 65_521;
    /// No more is looked at in one piece.
    const PIECE: usize = 64 * 1024;

    fn new(byte: impl Fn(usize) -> u8) -> Rc<Self> {
        Rc::new(Self((0..Self::PERIOD + Self::PIECE).map(|at| byte(at % Self::PERIOD)).collect()))
    }

    /// So much of it from a place on, as far as one piece goes.
    fn piece(&self, from: usize, length: usize) -> &[u8] {
        &self.0[from % Self::PERIOD..][..length.min(Self::PIECE)]
    }
}

async fn write_pattern(mut pipe: PipeWriter, pattern: Rc<Pattern>, start: usize, length: usize) {
    let mut written = 0;
    while written < length {
        written += pipe.write(pattern.piece(start + written, length - written)).await.unwrap();
    }
}

/// Reads to the end, and says how much that was.
async fn read_pattern(mut pipe: PipeReader, pattern: Rc<Pattern>, start: usize) -> usize {
    let (mut read, mut got) = (0, Vec::new());
    while pipe.read(&mut got).await.unwrap() > 0 {
        for piece in got.chunks(Pattern::PIECE) {
            assert!(piece == pattern.piece(start + read, piece.len()), "other bytes came after {read}");
            read += piece.len();
        }
        got.clear();
    }
    read
}

/// The resident memory of this process, in kilobytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let words = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    words.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Allows as many descriptors as may be, while it works.
async fn with_many_descriptors(work: impl Future<Output = ()>) {
    let first = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: first.maximum, ..first }).unwrap();
    work.await;
    setrlimit(Resource::Nofile, first).unwrap();
}

async fn all(tasks: Vec<Task<()>>) {
    for task in tasks {
        task.await.unwrap();
    }
}

/// Standard error fills while both other streams are full.
const ECHO: &str = "head -c 200000 /dev/zero >&2 & exec cat";

#[test]
fn two_hundred_talk_at_once_and_mix_nothing() {
    const BYTES: usize = 4 << 20;
    everywhere(|here| {
        with_many_descriptors(async move {
            let (noise, silence) = (Pattern::new(|at| ((at * 31) >> 7) as u8), Pattern::new(|_| 0));
            let (before, most) = (resident(), Rc::new(Cell::new(0)));
            let talk = |number: usize| {
                let (here, lp, most) = (here.clone(), here.0.clone(), most.clone());
                let (noise, silence, start) = (noise.clone(), silence.clone(), number * 317);
                let talk = async move {
                    let mut child = here.start(&talking(ECHO));
                    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
                    let writes = write_pattern(stdin, noise.clone(), start, BYTES);
                    let writing = here.0.spawn_local(writes).unwrap();
                    let hears = read_pattern(child.stderr.take().unwrap(), silence, 0);
                    let hearing = here.0.spawn_local(hears).unwrap();
                    assert_eq!(read_pattern(stdout, noise, start).await, BYTES, "of {number}");
                    most.set(resident().max(most.get()));
                    writing.await.unwrap();
                    assert_eq!(hearing.await, Ok(200_000));
                    assert_eq!(child.wait().await, ExitStatus::Exited(0));
                };
                lp.spawn_local(talk).unwrap()
            };
            all((0..200).map(talk).collect()).await;
            // 800 MiB are said, in each direction; a buffer of 16 KiB or a few for each reader are there at a time.
            let grown = most.get().saturating_sub(before);
            assert!(grown < 64 * 1024, "{grown} kB more were resident");
        })
    });
}

#[test]
fn many_communicate_at_once() {
    everywhere(|here| {
        with_many_descriptors(async move {
            let talk = |number: usize| {
                let (here, lp) = (here.clone(), here.0.clone());
                let talk = async move {
                    let input: Vec<u8> =
                        (0..100_000 * (number % 8 + 1)).map(|at| (at * 31 + number) as u8).collect();
                    let output = here.start(&talking(ECHO)).communicate(&input).await.unwrap();
                    assert_eq!(output.status, ExitStatus::Exited(0));
                    assert!(output.stdout == input, "{number} got other bytes");
                    assert_eq!(output.stderr.len(), 200_000);
                };
                lp.spawn_local(talk).unwrap()
            };
            all((0..50).map(talk).collect()).await;
        })
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
