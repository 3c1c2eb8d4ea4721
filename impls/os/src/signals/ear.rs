//! How does a loop listen for signals? With a bell among its sources.

use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;

use anyloop::{Handle, Interest, Loop, RawSource, Remote, WatchError};
use rustix::io::Errno;

use super::bell::Bell;
use super::disposition::Listening;
use crate::here::remove_here;
use crate::os_error;

/// What a loop does that hears signals. It is dropped when it listens no more, also because the
/// loop is closed.
pub(crate) trait Listener {
    /// The signal came, at least once since this was called for it last. On the loop's context.
    fn hear(&self, signal: i32);
}

/// A loop that listens, for whoever wants to end that on whatever thread.
#[derive(Clone)]
pub(crate) struct Ear {
    pub(crate) remote: Remote,
    source: Handle,
}

/// What the loop holds. In this order: nobody listens any more when the bell goes.
struct Held<L> {
    listener: L,
    _listening: Vec<Listening>,
    bell: Bell,
}

impl Ear {
    /// Has `lp` listen. Whatever comes after this returned is heard.
    pub(crate) fn listen(
        lp: &Loop,
        signals: &[i32],
        listener: impl Listener + 'static,
    ) -> Result<Self, WatchError> {
        let readiness = lp.capabilities().readiness.ok_or(WatchError::Unsupported("readiness"))?;
        let bell = Bell::new().map_err(os_error)?;
        let raw = RawSource(bell.as_fd().as_raw_fd() as isize);
        let listening = signals.iter().map(|signal| Listening::to(*signal)).collect::<Result<_, _>>()?;
        let held = Rc::new(Held { listener, _listening: listening, bell });
        hear_here(signals)?;
        let heard = held.clone();
        let ring: Rc<dyn Fn(Interest)> = Rc::new(move |_| {
            heard.bell.quieten();
            heard.bell.take().for_each(|signal| heard.listener.hear(signal));
        });
        // SAFETY: the bell is open for as long as the callback is there.
        let source = unsafe { readiness.add(raw, Interest::READABLE, Bell::TRIGGER, ring) }?;
        held.bell.ring_for(signals);
        Ok(Self { remote: lp.remote(), source })
    }

    /// Has the loop listen no more, now or as soon as it comes to it.
    pub(crate) fn cover(self) {
        let Self { remote, source } = self;
        if remote.is_owner() && remove_here(source) {
            return;
        }
        // If it is closed, it does not listen any more.
        drop(remote.call_soon(move || _ = remove_here(source)));
    }
}

/// Lets this thread receive the signals: one that every thread blocks reaches nobody.
fn hear_here(signals: &[i32]) -> Result<(), WatchError> {
    // SAFETY: all of a signal set may be zero, and the calls below only write to it.
    let failed = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        signals.iter().any(|signal| libc::sigaddset(&raw mut set, *signal) != 0)
            || libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()) != 0
    };
    if failed { Err(os_error(Errno::INVAL).into()) } else { Ok(()) }
}
