//! The engine that anyloop's reference loops share: what happens in one turn, and nothing else.
//!
//! ```text
//!            call_soon                call_at             Remote (any thread, interrupts)
//!                │                       │                          │
//!         ┌──────▼──────┐  due    ┌──────▼──────┐            ┌──────▼──────┐
//!         │    ready    │◄────────│   timers    │            │    inbox    │
//!         │   (FIFO)    │◄────┐   │ (deadline,  │            │ (intrusive, │
//!         └──────┬──────┘     │   │  sequence)  │            │  lock-free) │
//!                │ one batch  │   └─────────────┘            └──────┬──────┘
//!                ▼            │      ready callbacks                │ drained
//!            callbacks        └───────── Backend::park ◄── wake ────┘
//! ```
//!
//! A turn drains the inbox, parks in the [`Backend`] until something can happen, moves the timers
//! that are due behind what is ready, and runs exactly the callbacks that are ready then. What these
//! schedule belongs to the next turn. If something is ready, the turn does not wait, and looks for
//! events only if 64 callbacks have run since it last did.
//!
//! # For authors of loops
//!
//! Implement [`Backend`] and wrap an [`Engine`] in a [`Loop`](anyloop::Loop). The engine does not
//! know threads, sockets or clocks, uses no std, and does the same thing each time for the same
//! answers of the backend.
//!
//! | file | answers |
//! | --- | --- |
//! | `backend.rs` | what must a backend do? |
//! | `engine.rs` | what is one turn, and what is the life of a loop? |
//! | `queues.rs` | which callbacks run, in which order? |
//! | `ring.rs` | what is ready? |
//! | `chains.rs` | where does work from other contexts stand among it? |
//! | `timers/` | which timer is next? |
//! | `slots.rs` | where is the callback of a timer? |
//! | `place.rs` | how does a callback get there? |
//! | `inbox.rs` | how does work come in from other contexts? |
//! | `storage.rs` | what are the queues made of? |
//! | `sync.rs` | what differs between targets? |

//! Why it is as it is, and what was tried in vain, stands in [`why`].

#![no_std]

extern crate alloc;

mod backend;
mod chains;
mod engine;
mod inbox;
mod place;
mod queues;
mod ring;
mod slots;
mod storage;
mod sync;
mod timers;

#[doc = include_str!("why.md")]
pub mod why {}

pub use backend::{Backend, Park, Sink, Wake};
pub use engine::Engine;
pub use storage::{Fixed, Growing, Storage};
