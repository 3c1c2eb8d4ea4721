//! How do the loops learn of the ends that were found? By a post, but for a single end of a child of the
//! very loop that has found it: that one is told on the spot.

use anyloop::get_running_loop;

use crate::children::registry::Ended;

/// Ends that were found, whose registrations are over. Dropped, they are posted.
#[derive(Default)]
pub(super) struct News {
    /// The one, if there is only one so far.
    only: Option<Ended>,
    /// Whether there were any.
    any: bool,
}

impl News {
    pub(super) fn add(&mut self, ended: Ended) {
        // In order: the first is posted as soon as there is a second.
        if let Some(first) = self.only.take() {
            Self::post(first);
            Self::post(ended);
        } else if self.any {
            Self::post(ended);
        } else {
            self.only = Some(ended);
        }
        self.any = true;
    }

    /// Whether there are any.
    pub(super) const fn is_any(&self) -> bool {
        self.any
    }

    /// Tells of them, as the last that a callback of the running loop does: what is told may do anything, also
    /// panic, or fork and return in the child.
    pub(super) fn tell(mut self) {
        let Some(Ended { pid, known, status }) = self.only.take() else { return };
        if get_running_loop().is_ok_and(|lp| lp.remote().is_same(&known.remote)) {
            known.callback.call(pid, status);
        } else {
            Self::post(Ended { pid, known, status });
        }
    }

    /// Has the loop told of an end, if it is not closed.
    pub(super) fn post(ended: Ended) {
        let Ended { pid, known, status } = ended;
        let callback = known.callback;
        drop(known.remote.call_soon(move || callback.call(pid, status)));
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.only.take().into_iter().for_each(Self::post);
    }
}
