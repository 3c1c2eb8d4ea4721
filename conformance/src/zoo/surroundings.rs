//! What can be wrong around the callbacks of a loop: with what it offers, with what it leaves behind,
//! and with what its policy attaches to it?

use anyloop::rules::{Rule, capability, close, policy as policies};

use super::{Bug, Disease, loop_, policy};

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[
    of_policy(
        "attaches what is set",
        "attaches a watcher when it is set",
        &policies::LOOSE,
        policy::Bug::AttachesWhenSet,
    ),
    of_policy(
        "never attaches",
        "stores a loop, and does not tell the watcher",
        &policies::ATTACH,
        policy::Bug::NeverAttaches,
    ),
    of_policy(
        "attaches anywhere",
        "attaches the watcher to what any thread stores",
        &policies::ALOOF,
        policy::Bug::AttachesAnywhere,
    ),
    of_policy(
        "stores first",
        "stores the loop, and fails if the watcher refuses",
        &policies::BOTH,
        policy::Bug::StoresFirst,
    ),
    of_loop(
        "offers less inside",
        "cannot be stepped, it says, while it runs",
        &capability::SAME,
        loop_::Bug::OffersLessInside,
    ),
    of_loop(
        "steps when closed",
        "takes steps when it is closed",
        &capability::REFUSED,
        loop_::Bug::StepsWhenClosed,
    ),
    of_loop(
        "refuses handlers loudly",
        "panics if an exception handler is set when it is closed",
        &capability::HARMLESS,
        loop_::Bug::HandlerPanicsWhenClosed,
    ),
    of_loop(
        "dropped open",
        "does not close itself when it is dropped",
        &close::ABANDONED,
        loop_::Bug::DropsOpen,
    ),
];

pub(super) const fn of_loop(
    name: &'static str,
    what: &'static str,
    rule: &'static Rule,
    bug: loop_::Bug,
) -> Disease {
    Disease { name, what, rule, bug: Bug::Loop(bug) }
}

const fn of_policy(name: &'static str, what: &'static str, rule: &'static Rule, bug: policy::Bug) -> Disease {
    Disease { name, what, rule, bug: Bug::Policy(bug) }
}
