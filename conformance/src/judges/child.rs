//! Was each child that ended reported once, with the truth, and was every other left alone?
//!
//! | file | answers |
//! | --- | --- |
//! | `story.rs` | what became of each child and each registration? |
//! | `telling.rs` | was each child that ended reported once, with the truth? |
//! | `registering.rs` | does a watcher keep its books? |
//! | `conduct.rs` | does a watcher behave? |
//! | `disturbed.rs` | is nothing lost when threads, loops and signals come in between? |
//! | `handled.rs` | does it respect what others have arranged for the signal? |
//! | `taken.rs` | is a child that another loop took over reported there? |
//! | `forked.rs` | is it disturbed by a forked child? |

mod conduct;
mod disturbed;
pub(super) mod forked;
mod handled;
mod registering;
mod story;
mod taken;
mod telling;

use std::format;
use std::string::String;

use anyloop::rules::child as rules;

use self::conduct::{caller, closed, descriptors, final_, later, owner, panic, reaped, stranger};
use self::disturbed::{attached, interrupted, race};
use self::handled::{blocked, chained, ignored, restored, unseen};
use self::registering::{active, close, gone, refused, remove, replace, unchanged};
pub(super) use self::story::{Child, Story};
use self::taken::takeover;
use self::telling::{before, busy, code, once, pid, signal, stopped, unknown};
use super::{Entry, Evidence, Treatment::Judged};
use crate::history::What;
use crate::program::Kid;

/// The rules of this family.
pub static TABLE: &[Entry] = &[
    (&rules::ONCE, Judged(once)),
    (&rules::BUSY, Judged(busy)),
    (&rules::CODE, Judged(code)),
    (&rules::SIGNAL, Judged(signal)),
    (&rules::BEFORE, Judged(before)),
    (&rules::STOPPED, Judged(stopped)),
    (&rules::STRANGER, Judged(stranger)),
    (&rules::UNKNOWN, Judged(unknown)),
    (&rules::REPLACE, Judged(replace)),
    (&rules::REMOVE, Judged(remove)),
    (&rules::CALLER, Judged(caller)),
    (&rules::LATER, Judged(later)),
    (&rules::OWNER, Judged(owner)),
    (&rules::REAPED, Judged(reaped)),
    (&rules::DESCRIPTORS, Judged(descriptors)),
    (&rules::CLOSED, Judged(closed)),
    (&rules::REFUSED, Judged(refused)),
    (&rules::ACTIVE, Judged(active)),
    (&rules::CLOSE, Judged(close)),
    (&rules::PID, Judged(pid)),
    (&rules::GONE, Judged(gone)),
    (&rules::PANIC, Judged(panic)),
    (&rules::FINAL, Judged(final_)),
    (&rules::ATTACHED, Judged(attached)),
    (&rules::TAKEOVER, Judged(takeover)),
    (&rules::RACE, Judged(race)),
    (&rules::INTERRUPTED, Judged(interrupted)),
    (&rules::RESTORED, Judged(restored)),
    (&rules::CHAINED, Judged(chained)),
    (&rules::IGNORED, Judged(ignored)),
    (&rules::BLOCKED, Judged(blocked)),
    (&rules::UNSEEN, Judged(unseen)),
    (&rules::UNCHANGED, Judged(unchanged)),
];

/// A child, or the process that is none, in words.
fn name(kid: Option<Kid>) -> String {
    kid.map_or_else(|| String::from("a process that is no child"), |kid| format!("{kid}"))
}

/// The next event of the loop's context after `at`.
fn next<'h>(evidence: &Evidence<'h>, at: usize) -> Option<&'h What> {
    let events = evidence.events.get(at + 1..)?;
    events.iter().find(|event| event.context == 0).map(|event| &event.what)
}
