//! The child watchers that listen for SIGCHLD.
//!
//! | file | answers |
//! | --- | --- |
//! | `multi.rs` | how do all loops listen that have children? |
//! | `safe.rs` | how does one loop listen for all? |
//! | `fast.rs` | how does one loop collect whoever has ended? |
//! | `sweep.rs` | which children are looked at when the signal comes? |
//! | `news.rs` | how do the loops learn of the ends that were found? |
//! | `bound.rs` | what is common to the two that listen on one loop? |
//! | `attached.rs` | which loop listens for a watcher that is attached to one? |
//! | `ear.rs` | how does a loop listen? |
//! | `anybody.rs` | who has ended, whoever started it? |
//! | `claims.rs` | which watchers may be at work together? |

mod anybody;
mod attached;
mod bound;
mod claims;
mod ear;
pub(crate) mod fast;
pub(crate) mod multi;
mod news;
pub(crate) mod safe;
mod sweep;
#[cfg(test)]
mod tests;
