//! How a signal reaches the loops that listen for it.
//!
//! A signal is the process's: one handler, which does next to nothing, serves every listener, of any signal and
//! on any thread. It rings their bells, and calls whatever handled the signal before. A loop hears its bell as it hears any
//! other descriptor, so nothing is lost when signals come faster than it looks, and nothing of the
//! users runs in the handler.
//!
//! | file | answers |
//! | --- | --- |
//! | `hearing.rs` | how does a loop hear signals on behalf of its users? |
//! | `bell.rs` | what does the handler ring? |
//! | `disposition.rs` | whose is the handler, and what was there before? |
//! | `mask.rs` | who receives a signal? |
//! | `../sigchld/ear.rs` | how does a child watcher listen? |

mod bell;
mod disposition;
mod hearing;
mod mask;

pub(crate) use bell::{Bell, leave_to_parent};
pub(crate) use disposition::Listening;
pub(crate) use hearing::Hearing;
pub(crate) use mask::hear_here;
