//! What can be wrong with a loop that a host drives turn by turn?

use anyloop::rules::{capability, step};

use super::Disease;
use super::loop_::Bug;
use super::surroundings::of_loop;

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[
    of_loop(
        "steps twice",
        "runs in a step what the step's own callbacks scheduled",
        &step::TURN,
        Bug::StepsTwice,
    ),
    of_loop("steps silently", "says of every step that nothing ran", &step::SAYS, Bug::StepsSilently),
    of_loop("steps on", "waits in a step until something happens", &step::BOUND, Bug::StepsOn),
    // Ours did, after a wake for work that had been found before.
    of_loop("steps at once", "comes back from a step that has nothing to do", &step::WAITS, Bug::StepsAtOnce),
    of_loop(
        "does not look outside",
        "forgets remote callbacks when it is asked for its next deadline",
        &step::DEADLINE,
        Bug::DeadlineForgetsRemote,
    ),
    of_loop(
        "remembers the deadline",
        "takes the deadline of a timer that was cancelled for the next one",
        &step::DEADLINE,
        Bug::RemembersDeadline,
    ),
    of_loop(
        "steps and stops again",
        "leaves the stop of a step to the next run",
        &step::STOP,
        Bug::StepKeepsStop,
    ),
    of_loop(
        "mistakes closed for running",
        "refuses a step when it is closed as if it were running",
        &capability::REFUSED,
        Bug::MistakesClosed,
    ),
];
