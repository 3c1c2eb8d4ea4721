//! Which loop does a watcher listen on that is attached to one?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyloop::{Loop, Remote, WatchError};

use super::claims::Claim;
use super::ear::{Ear, Listener};

/// The loop, if there is one.
#[derive(Default)]
pub(crate) struct Attached {
    place: Mutex<Option<Place>>,
    last: AtomicU64,
}

/// What is known of it.
struct Place {
    number: u64,
    ear: Ear,
    claim: Claim,
}

impl Attached {
    fn place(&self) -> MutexGuard<'_, Option<Place>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a loop listens.
    pub(crate) fn is_some(&self) -> bool {
        self.place().is_some()
    }

    /// Whether that loop listens.
    pub(crate) fn is_to(&self, lp: &Loop) -> bool {
        self.place().as_ref().is_some_and(|place| place.ear.remote.is_same(&lp.remote()))
    }

    /// The loop that listens.
    pub(crate) fn remote(&self) -> Option<Remote> {
        self.place().as_ref().map(|place| place.ear.remote.clone())
    }

    /// Has that loop listen in the place of the former one, which goes on if this fails. False if it
    /// is the same. `make` makes what listens, and is told its number.
    pub(crate) fn attach<L: Listener + 'static>(
        &self,
        lp: &Loop,
        claim: impl FnOnce() -> Result<Claim, WatchError>,
        make: impl FnOnce(u64) -> L,
    ) -> Result<bool, WatchError> {
        let remote = lp.remote();
        let former = self.place().as_ref().map(|place| place.ear.remote.is_same(&remote));
        let claim = match former {
            Some(true) => return Ok(false),
            Some(false) => None,
            None => Some(claim()?),
        };
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let ear = Ear::listen(lp, &[libc::SIGCHLD], make(number))?;
        let former = {
            let mut place = self.place();
            let former = place.take();
            let (former, claimed) = former.map_or((None, None), |it| (Some(it.ear), Some(it.claim)));
            if let Some(claim) = claim.or(claimed) {
                *place = Some(Place { number, ear, claim });
            }
            former
        };
        if let Some(former) = former {
            former.cover();
        }
        Ok(true)
    }

    /// Has nobody listen; false if nobody did.
    pub(crate) fn detach(&self) -> bool {
        let former = self.place().take();
        former.map(|place| place.ear.cover()).is_some()
    }

    /// Notes that the listener of that number is gone; false if that is known.
    pub(crate) fn lose(&self, number: u64) -> bool {
        let lost = self.place().take_if(|place| place.number == number);
        lost.is_some()
    }
}
