//! What does it take by hand? One way for each of anyloop's watchers, without a loop, a registry or
//! callbacks, and with the same kernel objects.
//!
//! The pidfd of a child comes from `c/clone.c`, with the child; the other ways know numbers, from std.
//!
//! Those that hear of the signal have a handler, as a library must that leaves the mask of blocked
//! signals to the program.

use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_int, c_void};
use std::io::PipeReader;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{mem, ptr};

use anyloop_bench_nursery::{CHILD, Watch, command};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, wait, waitid, waitpid};

use super::observed;
use crate::case::Subject;
use crate::limits::eventfd::{Bell, wait_for};

unsafe extern "C" {
    fn bench_clone(program: *const c_char, input: c_int) -> c_int;
}

/// A way to watch for the ends of children.
pub(super) trait Way {
    type Child;

    fn new() -> Self;

    fn spawn(&mut self, input: PipeReader) -> Self::Child;

    fn add(&mut self, child: Self::Child);

    /// Waits for news, and adds the codes of those who have ended. There may be none.
    fn wait(&mut self, ended: &mut VecDeque<i32>);
}

/// A way, and what it has found.
pub(super) struct ByHand<W> {
    way: W,
    ended: VecDeque<i32>,
}

impl<W: Way> ByHand<W> {
    pub(super) fn new() -> Self {
        Self { way: W::new(), ended: VecDeque::new() }
    }
}

impl<W: Way> Watch for ByHand<W> {
    type Child = W::Child;

    fn spawn(&mut self, input: PipeReader) -> W::Child {
        self.way.spawn(input)
    }

    fn watch(&mut self, child: W::Child) {
        self.way.add(child);
    }

    fn next(&mut self) -> i32 {
        loop {
            match self.ended.pop_front() {
                Some(code) => return code,
                None => self.way.wait(&mut self.ended),
            }
        }
    }
}

/// A child that is known by its number.
fn numbered(input: PipeReader) -> Pid {
    Pid::from_child(&command(input).spawn().expect("a child"))
}

fn code(status: Option<WaitIdStatus>) -> i32 {
    status.and_then(|status| status.exit_status()).unwrap_or(-1)
}

/// A thread that waits for each child, and a bell that it rings. A bare one: std's ask for a second stack,
/// and one that allocates or frees before it waits has that much more to itself.
struct Threads(&'static Hall);

/// What the threads share.
struct Hall {
    bell: Bell,
    ended: Mutex<VecDeque<i32>>,
}

static HALL: OnceLock<Hall> = OnceLock::new();

extern "C" fn wait_and_ring(child: *mut c_void) -> *mut c_void {
    let child = Pid::from_raw(child.addr() as i32).expect("`add` gave its number");
    let code = code(waitid(WaitId::Pid(child), WaitIdOptions::EXITED).expect("it is a child"));
    if let Some(hall) = HALL.get() {
        hall.ended.lock().unwrap_or_else(PoisonError::into_inner).push_back(code);
        hall.bell.ring();
    }
    ptr::null_mut()
}

impl Way for Threads {
    type Child = Pid;

    fn new() -> Self {
        Self(HALL.get_or_init(|| Hall { bell: Bell::new(), ended: Mutex::default() }))
    }

    fn spawn(&mut self, input: PipeReader) -> Pid {
        numbered(input)
    }

    fn add(&mut self, child: Pid) {
        let child = ptr::without_provenance_mut(child.as_raw_pid() as usize);
        // SAFETY: the attributes are used between their being made and destroyed, and the thread looks at
        // no memory that is not there for ever.
        let error = unsafe {
            let (mut thread, mut attributes) = (mem::zeroed(), mem::zeroed());
            libc::pthread_attr_init(&raw mut attributes);
            libc::pthread_attr_setdetachstate(&raw mut attributes, libc::PTHREAD_CREATE_DETACHED);
            libc::pthread_attr_setstacksize(&raw mut attributes, 64 * 1024);
            let error = libc::pthread_create(&raw mut thread, &raw const attributes, wait_and_ring, child);
            libc::pthread_attr_destroy(&raw mut attributes);
            error
        };
        assert_eq!(error, 0, "there is no thread to be had");
    }

    fn wait(&mut self, ended: &mut VecDeque<i32>) {
        self.0.bell.wait();
        ended.append(&mut self.0.ended.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A pidfd for each child, in an epoll.
pub(super) struct Pidfds {
    epoll: OwnedFd,
    program: CString,
}

impl Way for Pidfds {
    type Child = OwnedFd;

    fn new() -> Self {
        let epoll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
        Self { epoll, program: CString::new(CHILD).expect("a path") }
    }

    fn spawn(&mut self, input: PipeReader) -> OwnedFd {
        // SAFETY: the path ends with a zero, and the input is open; it gives a new descriptor, or none.
        unsafe {
            let pidfd = bench_clone(self.program.as_ptr(), input.as_raw_fd());
            assert!(pidfd >= 0, "a child");
            OwnedFd::from_raw_fd(pidfd)
        }
    }

    fn add(&mut self, child: OwnedFd) {
        let data = EventData::new_u64(child.as_raw_fd() as u64);
        epoll::add(&self.epoll, &child, data, EventFlags::IN).expect("room");
        // It is closed when it is seen to be ready.
        let _ = child.into_raw_fd();
    }

    fn wait(&mut self, ended: &mut VecDeque<i32>) {
        wait_for::<16>(&self.epoll, |key| {
            let raw = key as RawFd;
            // SAFETY: `add` gave it up, and closing it takes it out of the epoll.
            let pidfd = unsafe { OwnedFd::from_raw_fd(raw) };
            let child = WaitId::PidFd(pidfd.as_fd());
            ended.push_back(code(waitid(child, WaitIdOptions::EXITED).expect("it is a child")));
        });
    }
}

/// What the handler rings.
static BELL: OnceLock<Bell> = OnceLock::new();

extern "C" fn handle(_: libc::c_int) {
    if let Some(bell) = BELL.get() {
        bell.ring();
    }
}

/// A bell that SIGCHLD rings.
fn listen() -> &'static Bell {
    let bell = BELL.get_or_init(Bell::new);
    // SAFETY: the handler makes a system call and nothing else, and the rest may be zero.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handle as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART | libc::SA_NOCLDSTOP;
        libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut());
    }
    bell
}

/// The signal, and a question for each child.
struct Each {
    bell: &'static Bell,
    children: Vec<Pid>,
}

impl Way for Each {
    type Child = Pid;

    fn new() -> Self {
        Self { bell: listen(), children: Vec::new() }
    }

    fn spawn(&mut self, input: PipeReader) -> Pid {
        numbered(input)
    }

    fn add(&mut self, child: Pid) {
        self.children.push(child);
    }

    fn wait(&mut self, ended: &mut VecDeque<i32>) {
        if self.bell.wait() == 0 {
            return;
        }
        self.children.retain(|child| {
            let status = waitpid(Some(*child), WaitOptions::NOHANG).expect("it is a child");
            ended.extend(status.map(|(_, status)| status.exit_status().unwrap_or(-1)));
            status.is_none()
        });
    }
}

/// The signal, and whoever has ended.
struct Anybody(&'static Bell);

impl Way for Anybody {
    type Child = Pid;

    fn new() -> Self {
        Self(listen())
    }

    fn spawn(&mut self, input: PipeReader) -> Pid {
        numbered(input)
    }

    fn add(&mut self, _: Pid) {}

    fn wait(&mut self, ended: &mut VecDeque<i32>) {
        if self.0.wait() > 0 {
            // An error says that there is nobody left.
            while let Ok(Some((_, status))) = wait(WaitOptions::NOHANG) {
                ended.push_back(status.exit_status().unwrap_or(-1));
            }
        }
    }
}

pub(super) fn subjects(others: u64) -> Vec<Subject> {
    vec![
        limit::<Threads>(others, "thread, waitid, eventfd", "anyloop threaded"),
        limit::<Pidfds>(others, "pidfd, epoll, waitid", "anyloop pidfd"),
        limit::<Each>(others, "SIGCHLD, waitpid of each", "anyloop safe"),
        limit::<Anybody>(others, "SIGCHLD, waitpid of any", "anyloop fast"),
    ]
}

fn limit<W: Way + 'static>(others: u64, name: &'static str, ours: &'static str) -> Subject {
    Subject::limit(name, observed(others, ByHand::<W>::new)).against(ours)
}
