//! What handles the signal of a child's end, and how is that found out? By functions that count, and by what an
//! interrupted system call finds.

use std::io::{ErrorKind, Read, Result, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::kid::wait_until;
use super::{Unix, address, handle, handler};
use crate::world::{EndSignal, Handling, Jolt};

/// The function that counts.
pub(super) fn counter() -> libc::sighandler_t {
    count_end as extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) as libc::sighandler_t
}

/// How often the signal of a child's end came while it was counted.
static ENDS: AtomicUsize = AtomicUsize::new(0);

/// Whether handlers are careless with errno, as those of others may be.
static JOLTING: AtomicBool = AtomicBool::new(false);

/// Counts, if it is told what it has asked for.
pub(super) extern "C" fn count_end(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: whoever calls it does so as it was installed, with the news of the signal.
    ENDS.fetch_add(usize::from(unsafe { (*info).si_signo } == signal), Ordering::Relaxed);
    change_errno(signal);
}

/// Changes errno, if that is what the kit is about to look at.
extern "C" fn change_errno(_: libc::c_int) {
    if JOLTING.load(Ordering::Relaxed) {
        // SAFETY: the place of this thread's errno is valid as long as the thread runs.
        unsafe { *errno() = CARELESS };
    }
}

/// Has SIGCHLD handled by what changes errno. For specimens.
pub(crate) fn be_careless() {
    handle(libc::SIGCHLD, address(change_errno), libc::SA_RESTART);
}

extern "C" fn disregard(_: libc::c_int) {}

impl EndSignal for Unix {
    fn handle(&self, how: Handling) {
        ENDS.store(0, Ordering::Relaxed);
        let (handler, flags) = match how {
            Handling::Default => (libc::SIG_DFL, 0),
            Handling::Ignored => (libc::SIG_IGN, 0),
            Handling::Counted => (counter(), libc::SA_SIGINFO),
            Handling::Other => (address(disregard), 0),
        };
        handle(libc::SIGCHLD, handler, flags);
    }

    fn handling(&self) -> Handling {
        match handler(libc::SIGCHLD) {
            libc::SIG_DFL => Handling::Default,
            libc::SIG_IGN => Handling::Ignored,
            other if other == counter() => Handling::Counted,
            _ => Handling::Other,
        }
    }

    fn calls(&self, patience: Duration) -> usize {
        wait_until(patience, || ENDS.load(Ordering::Relaxed) > 0);
        ENDS.load(Ordering::Relaxed)
    }

    fn block(&self, on: bool) {
        block(on);
    }

    fn jolt(&self) -> Option<Jolt> {
        jolt().ok()
    }
}

/// The errno that a careless handler leaves, and the one that it finds.
const CARELESS: libc::c_int = libc::ENOTTY;
const FOUND: libc::c_int = libc::EXDEV;

cfg_if::cfg_if! {
    if #[cfg(any(target_os = "linux", target_os = "emscripten"))] {
        use libc::__errno_location as errno;
    } else if #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))] {
        use libc::__errno as errno;
    } else {
        use libc::__error as errno;
    }
}

/// Has the calling thread block SIGCHLD, or not any more; and says whether it did.
fn block(on: bool) -> bool {
    // SAFETY: all of a signal set may be zero, and the calls only write to it.
    unsafe {
        let [mut set, mut before]: [libc::sigset_t; 2] = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        let how = if on { libc::SIG_BLOCK } else { libc::SIG_UNBLOCK };
        libc::pthread_sigmask(how, &raw const set, &raw mut before);
        libc::sigismember(&raw const before, libc::SIGCHLD) == 1
    }
}

/// Has the calling thread leave SIGCHLD to others.
pub(crate) fn hear_no_ends() {
    block(true);
}

/// Whether the calling thread blocks SIGCHLD. For specimens.
pub(crate) fn hears_no_ends() -> bool {
    let blocked = block(true);
    block(blocked);
    blocked
}

/// See [`EndSignal::jolt`].
fn jolt() -> Result<Jolt> {
    /// So often the signal is sent: some come when the other thread waits, whenever that begins to.
    const SIGNALS: usize = 100;
    JOLTING.store(true, Ordering::Relaxed);
    // SAFETY: they have no precondition; a signal that a thread sends to itself is handled when the call returns.
    let (this, error) = unsafe {
        let this = libc::pthread_self();
        *errno() = FOUND;
        libc::pthread_kill(this, libc::SIGCHLD);
        (this, *errno())
    };
    JOLTING.store(false, Ordering::Relaxed);
    let (mut reader, mut writer) = std::io::pipe()?;
    let interrupts = std::thread::spawn(move || {
        hear_no_ends();
        for _ in 0..SIGNALS {
            // SAFETY: that thread waits for this one to end.
            unsafe { libc::pthread_kill(this, libc::SIGCHLD) };
            std::thread::yield_now();
        }
        writer.write_all(b"!")
    });
    let read = reader.read(&mut [0]);
    let _ = interrupts.join();
    let interrupted = read.is_err_and(|error| error.kind() == ErrorKind::Interrupted);
    Ok(Jolt { interrupted, errno: error != FOUND })
}
