//! What the kit and a player at the other end of a pipe say to each other.
//!
//! The kit generates and judges; a *driver* plays. It may be this very program, started once more so
//! that a crash of the subject is a verdict and not the end of the run, or a program in any language,
//! or a board at the end of a serial line. Both sides say lines of UTF-8.
//!
//! | the kit says | and the driver answers |
//! | --- | --- |
//! | nothing: it listens first | `anyloop 1 NAME`, any number of `lacks WHAT WHY` and at most one `patience MILLISECONDS`, then `ready` |
//! | `play PROGRAM` | the [history](crate::history#as-text), an event a line, then `end` |
//! | `trace PROGRAM` | the same, but each event is said as soon as it happens, if the driver can do that |
//! | `patience MILLISECONDS` | nothing; a play that comes after waits no longer than that, if the driver can do that |
//! | nothing more: the end of the pipe | nothing: it ends |
//!
//! A [program](crate::program) stands in one line, as [`{:#}`](crate::Program) prints it. `WHAT` is
//! a family of rules or the id of one, as in [`Lack`](crate::Lack), and `WHY` the rest of the line. A driver
//! that notices that its subject does not come back says the events so far and `hung` in the place of
//! `end`, and ends. One that dies in the middle of a play has said enough: the kit tells whether it
//! was a signal or an exit. Lines that begin with `//` are for people.
//!
//! ```text
//! driver  anyloop 1 mine
//! driver  lacks child this machine has no processes
//! driver  ready
//! kit     play soon #1 { stop }; run
//! driver  0 0 saw state=idle current=none
//! driver  …
//! driver  end
//! ```
//!
//! | file | answers |
//! | --- | --- |
//! | `drive.rs` | how does a driver that is written in Rust answer? Needs no standard library |
//! | `driver.rs` | how does the kit speak to a driver, and what if that dies or hangs? |
//! | `listen.rs` | what does the kit make of what a driver says, and what if that is nonsense? |
//! | `isolated.rs` | how does this program become a driver of its own subjects? |

mod drive;

pub use drive::{Wire, drive};

cfg_if::cfg_if! {
    if #[cfg(feature = "std")] {
        mod driver;
        mod isolated;
        mod listen;

        pub use driver::Driver;
        pub use isolated::{isolated, serve};
        pub use listen::{Fault, Greeting, overheard};
        pub(crate) use isolated::{SUBJECT, DRIVE, serve_if_asked};
    }
}

/// The version of what both sides say. It changes when a driver of the former one would be
/// misunderstood.
pub const VERSION: u32 = 1;

/// The words that begin a line, or are one.
mod word {
    pub(super) const GREETING: &str = "anyloop";
    pub(super) const LACKS: &str = "lacks";
    pub(super) const PATIENCE: &str = "patience";
    pub(super) const READY: &str = "ready";
    pub(super) const PLAY: &str = "play";
    pub(super) const TRACE: &str = "trace";
    pub(super) const END: &str = "end";
    pub(super) const COMMENT: &str = "//";
}

/// What is said in the place of the end if there is none.
#[cfg_attr(not(feature = "std"), expect(dead_code, reason = "for a play that is noticed to hang"))]
pub(crate) const HUNG: &str = "hung";
