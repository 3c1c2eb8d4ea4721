//! The bare limits: the same work without a loop's generality.
//!
//! | file | answers |
//! | --- | --- |
//! | `inline.rs` | how cheap is a callback that is stored and called? |
//! | `slab.rs` | how cheap is it if it can be cancelled? |
//! | `wheel.rs` | how cheap are many timers? |
//! | `eventfd.rs` | how cheap is a wake? |
//! | `stack.rs` | how cheap is work from another thread? |

pub(crate) mod eventfd;
pub(crate) mod inline;
pub(crate) mod slab;
pub(crate) mod stack;
pub(crate) mod wheel;
