//! What can be wrong with a loop that shows only where the kit can ask the system: about descriptors,
//! and for signals?

use anyloop::rules::{child, close, run};

use super::surroundings::of_loop;
use super::{Disease, loop_};

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[
    of_loop(
        "keeps its descriptor",
        "closing it leaves open what it has opened, until its last handle is dropped",
        &close::DESCRIPTORS,
        loop_::Bug::KeepsDescriptor,
    ),
    of_loop(
        "hears when idle",
        "looks outside only when it has no callbacks to run",
        &child::BUSY,
        loop_::Bug::HearsWhenIdle,
    ),
    of_loop(
        "fails when interrupted",
        "a signal that comes while it waits ends the run with an error",
        &run::INTERRUPTED,
        loop_::Bug::FailsInterrupted,
    ),
];
