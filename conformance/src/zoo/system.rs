//! What can be wrong with a loop that shows only where the kit can ask the system?

use anyloop::rules::close;

use super::surroundings::of_loop;
use super::{Disease, loop_};

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[of_loop(
    "keeps its descriptor",
    "closing it leaves open what it has opened, until its last handle is dropped",
    &close::DESCRIPTORS,
    loop_::Bug::KeepsDescriptor,
)];
