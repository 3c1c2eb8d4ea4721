//! How does a watcher listen for signals on a loop? With a bell among the loop's sources.

use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;

use anyloop::{Handle, Interest, Loop, RawSource, Remote, WatchError};

use crate::here::remove_here;
use crate::os_error;
use crate::signals::{Bell, Listening, hear_here};

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
        let listen = |signal: &i32| Listening::to(*signal);
        let listening = signals.iter().map(listen).collect::<Result<_, _>>()?;
        let held = Rc::new(Held { listener, _listening: listening, bell });
        hear_here(signals)?;
        let heard = held.clone();
        let ring: Rc<dyn Fn(Interest)> = Rc::new(move |_| {
            heard.bell.quieten();
            heard.bell.take().for_each(|signal| heard.listener.hear(signal));
        });
        // SAFETY: the bell is open for as long as the callback is there.
        let source = unsafe { readiness.add(raw, Interest::READABLE, Bell::TRIGGER, ring) }?;
        signals.iter().for_each(|signal| held.bell.ring_for(*signal));
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
