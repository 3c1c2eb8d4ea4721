//! Judges any implementation of anyloop against every rule, and prints the smallest program that
//! breaks one.
//!
//! # How to judge a loop
//!
//! `tests/conformance.rs` of an implementation, with `harness = false` in its `Cargo.toml`:
//!
//! ```no_run
//! # #[cfg(feature = "std")] mod test {
//! use anyloop_conformance::{Specimen, Subject, trials};
//!
//! #[derive(Default)]
//! struct Mine;
//!
//! impl Subject for Mine {
//!     fn policy(&self) -> anyloop::Policy {
//!         Specimen::default().policy() // your policy here
//!     }
//! }
//!
//! fn main() {
//!     trials::main::<Mine>("my-crate/my-loop")
//! }
//! # }
//! ```
//!
//! `cargo test` then has one test for each rule of [`anyloop::rules`]. A loop from scratch that
//! passes, with its policy and its plug-in, is `conformance/tests/toy.rs` in the repository.
//!
//! # What a verdict means
//!
//! | verdict | meaning |
//! | --- | --- |
//! | holds | in every situation that came up, the rule was kept |
//! | broken | the printed program breaks it |
//! | vacuous | no situation came up in which it says anything: a failure, since nothing was shown |
//! | lacks | the implementation says that it leaves this out, and why |
//! | unjudged | the kit cannot judge it, and says why |
//!
//! A play that hangs is a verdict, too: after the subject's patience the kit stops the loop and
//! judges what happened. [`trials`] and the command `anyloop` play in a process of their own, by the
//! [`protocol`]: if the subject aborts, crashes, or hangs beyond every stop, that breaks a rule
//! with its program as any other would, and the next program is played in a new process. What
//! calls [`check()`](fn@check) or [`play`](fn@play) itself shares its process with the subject; there a hang that nothing
//! ends prints the program and ends the process with status 3.
//!
//! # How it works
//!
//! ```text
//! seed ─► generate ─► Program ─► play(subject) ─► History ─► judges ─► a verdict for each rule
//!                        ▲                                      │
//!                        └────────────── minimise ◄─────────────┘
//! ```
//!
//! The programs of the [`corpus`], which showed a defect once, are played before the random ones.
//! Programs are text ([`Program`] parses and prints), a history is a list of [`Event`]s, judges
//! are pure functions ([`judges`]), and the [`zoo`] keeps a broken specimen for each rule.
//! Without the feature `std` there are programs, text, [`play`](fn@play) and histories: all that
//! a device needs, whose histories are judged elsewhere.
//!
//! | environment variable | meaning |
//! | --- | --- |
//! | `ANYLOOP_PROGRAM` | the one program that trials play |
//! | `ANYLOOP_PATIENCE_MS` | how long "in the end" may take, in place of the subject's own patience |
//! | `ANYLOOP_CHILD` | set by the kit for the children that it starts |
//! | `ANYLOOP_DRIVE` | set by the kit for the processes in which it plays |
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod history;
mod idle;
mod log;
mod platform;
mod play;
pub mod program;
pub mod protocol;
pub mod root;
mod subject;
mod text;
pub mod world;

pub use history::{Event, History, What};
pub use play::{play, play_on};
pub use program::{Body, Label, Program, Step};
pub use subject::{Lack, Subject};
pub use text::{ParseError, quoted};

cfg_if::cfg_if! {
    if #[cfg(feature = "std")] {
        pub mod check;
        pub mod corpus;
        pub mod generate;
        pub mod judges;
        pub mod minimise;
        pub mod report;
        pub mod trials;
        pub mod zoo;

        pub use check::{Cell, Options, Outcome, Report, check};
        pub use zoo::Specimen;
    }
}
