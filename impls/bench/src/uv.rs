//! How is libuv reached? Through `c/uv.c`, which `build.rs` compiles if libuv is there.

#[cfg(libuv)]
mod linked;
#[cfg(not(libuv))]
mod missing;

#[cfg(libuv)]
use linked as part;
#[cfg(not(libuv))]
use missing as part;

pub(crate) use part::{
    Children, Consumer, Pair, Timers, Watched, call_soon, lateness, once, version, watch_once,
};

use crate::case::{Kind, Order, Sample, Subject};

/// The libuv of a case, or why there is none.
pub(crate) fn subject(measure: impl Fn(&Order) -> Sample + 'static) -> Subject {
    if cfg!(libuv) {
        Subject::peer("libuv", measure)
    } else {
        Subject::missing("libuv", Kind::Peer, "not installed: apt-get install libuv1-dev, and build again")
    }
}
