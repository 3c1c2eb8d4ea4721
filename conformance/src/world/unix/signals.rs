//! How are signals raised, and how does a specimen hear them? It counts what came.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::end_signal::{count_end, counter};
use super::{address, handle, handler};
use crate::program::SignalName;
use crate::world::{Raiser, Signals};

/// The signals of this process.
pub(super) struct Real;

/// What handles the programs' signals unless a loop does.
extern "C" fn disregard(_: libc::c_int) {}

const fn number(signal: SignalName) -> libc::c_int {
    match signal {
        SignalName::Usr1 => libc::SIGUSR1,
        SignalName::Usr2 => libc::SIGUSR2,
        SignalName::Chld => libc::SIGCHLD,
        SignalName::Kill => libc::SIGKILL,
        SignalName::Segv => libc::SIGSEGV,
        SignalName::Zero => 0,
        SignalName::Huge => 1000,
    }
}

impl Signals for Real {
    fn prepare(&self) {
        // A specimen that is sick may have left something.
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).clear();
        for signal in [libc::SIGUSR1, libc::SIGUSR2] {
            handle(signal, address(disregard), 0);
        }
    }

    fn number(&self, signal: SignalName) -> i32 {
        number(signal)
    }

    fn raiser(&self) -> Raiser {
        Box::new(|signal| {
            // SAFETY: it only takes a number; whoever plays has seen to it that somebody handles the signal.
            unsafe { libc::raise(number(signal)) };
        })
    }

    fn is_former(&self, signal: SignalName) -> Option<bool> {
        signal.is_own().then(|| handler(number(signal)) == address(disregard))
    }
}

/// One more than the highest signal.
const SIGNALS: usize = 65;

/// How often each signal came while a specimen listened.
static CAME: [AtomicUsize; SIGNALS] = [const { AtomicUsize::new(0) }; SIGNALS];

extern "C" fn note(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    if let Some(came) = usize::try_from(signal).ok().and_then(|signal| CAME.get(signal)) {
        came.fetch_add(1, Ordering::SeqCst);
    }
    // The kit's own function may have been there before.
    if signal == libc::SIGCHLD {
        count_end(signal, info, context);
    }
}

/// How many specimens listen for each signal, and what handled it before.
static TAKEN: Mutex<BTreeMap<i32, (usize, libc::sighandler_t)>> = Mutex::new(BTreeMap::new());

/// How often that signal came.
pub(crate) fn came(signal: i32) -> usize {
    let came = usize::try_from(signal).ok().and_then(|signal| CAME.get(signal));
    came.map_or(0, |came| came.load(Ordering::SeqCst))
}

/// How often any signal came.
pub(crate) fn all_came() -> usize {
    CAME.iter().map(|came| came.load(Ordering::SeqCst)).sum()
}

/// Has that signal counted; false for what nobody can listen for.
pub(crate) fn take(signal: i32) -> bool {
    if [libc::SIGILL, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV].contains(&signal) {
        return false;
    }
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((count, _)) = taken.get_mut(&signal) {
        *count += 1;
        return true;
    }
    let former = handler(signal);
    let note = note as extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
    let accepted = handle(signal, note as libc::sighandler_t, libc::SA_SIGINFO);
    if accepted {
        taken.insert(signal, (1, former));
    }
    accepted
}

/// Has it counted no more, if nobody else wants it.
pub(crate) fn give_back(signal: i32) {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((count, former)) = taken.get_mut(&signal) else { return };
    *count -= 1;
    if *count == 0 {
        let flags = if *former == counter() { libc::SA_SIGINFO } else { 0 };
        handle(signal, *former, flags);
        taken.remove(&signal);
    }
}
