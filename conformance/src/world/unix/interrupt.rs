//! How is a thread interrupted? By a signal that is sent to it alone, and whose handler does nothing
//! but count, installed so that no system call is restarted by the kernel.
//!
//! The signal is SIGURG: unless somebody asked for it, it is ignored, and so is a stray one.

use std::boxed::Box;
use std::cell::RefCell;
use std::mem;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::world::{Interrupter, threads};

/// A thread, for as long as it has not ended.
#[derive(Default)]
struct Target(Mutex<Option<libc::pthread_t>>);

impl Target {
    fn with<R>(&self, section: impl FnOnce(&mut Option<libc::pthread_t>) -> R) -> R {
        section(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn interrupt(&self) {
        self.with(|thread| {
            if let Some(thread) = *thread {
                // SAFETY: the thread has not ended, since `Here` takes it out of the lock, which is
                // held here, before it does.
                unsafe { libc::pthread_kill(thread, libc::SIGURG) };
            }
        });
    }
}

/// A thread's own mark, which takes the thread out of its target when it ends.
struct Here(Arc<Target>);

impl Drop for Here {
    fn drop(&mut self) {
        self.0.with(|thread| *thread = None);
    }
}

std::thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

extern "C" fn count(_: libc::c_int) {
    threads::interrupted();
}

/// Installs the handler; false if the system refuses.
fn install() -> bool {
    // SAFETY: all of a `sigaction` may be zero: no flags, SA_RESTART above all, and an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the pointers are valid, and `count` does one atomic addition, which a signal handler
    // may do.
    unsafe { libc::sigaction(libc::SIGURG, &raw const action, ptr::null_mut()) == 0 }
}

/// What interrupts the calling thread.
pub(super) fn this_thread() -> Option<Interrupter> {
    if !install() {
        return None;
    }
    let target = HERE.with_borrow_mut(|here| here.get_or_insert_with(|| Here(Arc::default())).0.clone());
    // SAFETY: it has no precondition.
    let this = unsafe { libc::pthread_self() };
    target.with(|thread| *thread = Some(this));
    Some(Box::new(move || target.interrupt()))
}
