//! How is a source taken out of the loop that runs here?

use anyloop::{Handle, get_running_loop};

/// Takes a source out of the running loop, if it is among that one's.
pub(crate) fn remove_here(source: Handle) -> bool {
    let running = get_running_loop();
    let readiness = running.as_ref().ok().and_then(|lp| lp.capabilities().readiness);
    readiness.is_some_and(|readiness| readiness.remove(source))
}
