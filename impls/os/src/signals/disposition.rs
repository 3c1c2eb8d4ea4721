//! Whose is the handler of a signal, and what was there before?
//!
//! While somebody listens, the handler is ours; it calls the one that was there before, as if that
//! had been called by the system. When nobody listens any more, that one is put back, unless
//! somebody has replaced ours meanwhile.

use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyloop::{OsError, ProcessStamp};
use rustix::io::Errno;

use super::bell;
use crate::os_error;
use crate::sys::errno_location;

/// One more than the highest signal.
const SIGNALS: usize = 65;

/// After these there is no going on: the program is where it was, and faults again. The kernel refuses the others that
/// nobody can listen for.
const FAULTS: [i32; 4] = [libc::SIGILL, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV];

/// What handled a signal before, as far as the handler has to know.
struct Former {
    /// A function, or `SIG_DFL` or `SIG_IGN`.
    handler: AtomicUsize,
    /// Whether the function wants all three arguments.
    wants_info: AtomicBool,
}

static FORMER: [Former; SIGNALS] =
    [const { Former { handler: AtomicUsize::new(libc::SIG_DFL), wants_info: AtomicBool::new(false) } };
        SIGNALS];

/// Who listens to one signal.
struct Listeners {
    /// Of this process: a forked child has none, but its parent's handler.
    process: ProcessStamp,
    count: usize,
    former: libc::sigaction,
}

static LISTENERS: Mutex<[Option<Listeners>; SIGNALS]> = Mutex::new([const { None }; SIGNALS]);

extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // Whatever was interrupted finds its own.
    let error = read_errno();
    bell::ring(signal);
    let known = usize::try_from(signal).ok().and_then(|index| FORMER.get(index));
    if let Some(former) = known {
        let handler = former.handler.load(Ordering::Acquire);
        if handler != libc::SIG_DFL && handler != libc::SIG_IGN {
            // SAFETY: whoever installed it gave the system a function of this kind, and the system
            // would call it with these arguments.
            unsafe {
                if former.wants_info.load(Ordering::Acquire) {
                    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                        mem::transmute(handler);
                    handler(signal, info, context);
                } else {
                    let handler: extern "C" fn(libc::c_int) = mem::transmute(handler);
                    handler(signal);
                }
            }
        }
    }
    write_errno(error);
}

fn read_errno() -> i32 {
    // SAFETY: the place of this thread's errno is valid for as long as the thread runs.
    unsafe { *errno_location() }
}

fn write_errno(error: i32) {
    // SAFETY: as above.
    unsafe { *errno_location() = error }
}

/// Asks for the action of a signal, after installing `new` if there is one.
fn sigaction(signal: i32, new: Option<&libc::sigaction>) -> Result<libc::sigaction, OsError> {
    // SAFETY: all of a `sigaction` may be zero.
    let mut former: libc::sigaction = unsafe { mem::zeroed() };
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: both pointers are valid, or null. A new action is one that the system gave, or our
    // handler, which may run at any time.
    match unsafe { libc::sigaction(signal, new, &raw mut former) } {
        0 => Ok(former),
        _ => Err(os_error(Errno::from_raw_os_error(read_errno()))),
    }
}

/// The action in force, if it is ours.
fn our_action(signal: i32) -> Option<libc::sigaction> {
    sigaction(signal, None).ok().filter(|current| current.sa_sigaction == our_handler())
}

/// The handler, as the system knows it.
fn our_handler() -> usize {
    handle as extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) as usize
}

fn install(signal: i32, former: &Former) -> Result<libc::sigaction, OsError> {
    let before = sigaction(signal, None)?;
    // Known before our handler may run.
    former.wants_info.store(before.sa_flags & libc::SA_SIGINFO != 0, Ordering::Release);
    former.handler.store(before.sa_sigaction, Ordering::Release);
    let mut ours = before;
    ours.sa_sigaction = our_handler();
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    if matches!(before.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) {
        // Nobody but us wants to know, and child watchers do not of children that stop.
        ours.sa_flags |= libc::SA_NOCLDSTOP;
    }
    sigaction(signal, Some(&ours))
}

/// Says that somebody listens, until it is dropped.
pub(crate) struct Listening(i32);

impl Listening {
    pub(crate) fn to(signal: i32) -> Result<Self, OsError> {
        if FAULTS.contains(&signal) {
            return Err(os_error(Errno::INVAL));
        }
        let index = usize::try_from(signal).unwrap_or(SIGNALS);
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(place), Some(former)) = (listeners.get_mut(index), FORMER.get(index)) else {
            return Err(os_error(Errno::INVAL));
        };
        match place {
            Some(known) if known.process.is_current() => known.count += 1,
            Some(known) => (known.process, known.count) = (ProcessStamp::current(), 1),
            None => {
                let former = install(signal, former)?;
                *place = Some(Listeners { process: ProcessStamp::current(), count: 1, former });
            }
        }
        Ok(Self(signal))
    }

    /// If it is SIGCHLD: also when a child is stopped or continued, as long as anybody listens.
    pub(crate) fn with_changes(self) -> Self {
        // Under the lock, so that nobody puts another action in its place meanwhile.
        let _listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut ours) = our_action(self.0).filter(|ours| ours.sa_flags & libc::SA_NOCLDSTOP != 0) {
            ours.sa_flags &= !libc::SA_NOCLDSTOP;
            // It was accepted with more flags.
            let _ = sigaction(self.0, Some(&ours));
        }
        self
    }

    /// The signal.
    pub(crate) const fn signal(&self) -> i32 {
        self.0
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(self.0).ok().and_then(|index| listeners.get_mut(index));
        let Some((place, known)) = place.and_then(|place| {
            let known = place.as_mut()?;
            known.count -= 1;
            let (count, former) = (known.count, known.former);
            Some((place, (count, former)))
        }) else {
            return;
        };
        let (0, former) = known else { return };
        *place = None;
        if our_action(self.0).is_some() {
            // It was in force before, so it can be again.
            let _ = sigaction(self.0, Some(&former));
        }
    }
}
