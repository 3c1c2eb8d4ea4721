//! Are programs started, talked with and ended as was asked for?

use anyloop::rules::process as rules;

use super::{Entry, Treatment::Unjudged};

const LATER: &str = "the kit does not start programs yet: `impls/os/tests/programs.rs` does";

/// The rules of this family.
pub static TABLE: &[Entry] = &[
    (&rules::FIRST, Unjudged(LATER)),
    (&rules::NOTHING, Unjudged(LATER)),
    (&rules::STATUS, Unjudged(LATER)),
    (&rules::WAITERS, Unjudged(LATER)),
    (&rules::CANCEL, Unjudged(LATER)),
    (&rules::ALONE, Unjudged(LATER)),
    (&rules::BYTES, Unjudged(LATER)),
    (&rules::INPUT, Unjudged(LATER)),
    (&rules::COMMUNICATE, Unjudged(LATER)),
    (&rules::DEAF, Unjudged(LATER)),
    (&rules::SIGNALLED, Unjudged(LATER)),
    (&rules::OVER, Unjudged(LATER)),
    (&rules::KEPT, Unjudged(LATER)),
    (&rules::KILLED, Unjudged(LATER)),
    (&rules::DETACHED, Unjudged(LATER)),
    (&rules::CLOSED, Unjudged(LATER)),
    (&rules::STREAMS, Unjudged(LATER)),
];
