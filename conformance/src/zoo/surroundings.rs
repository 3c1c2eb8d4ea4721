//! What can be wrong around the callbacks of a loop: with what its policy attaches to it?

use anyloop::rules::{Rule, policy as policies};

use super::{Bug, Disease, policy};

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
];

const fn of_policy(name: &'static str, what: &'static str, rule: &'static Rule, bug: policy::Bug) -> Disease {
    Disease { name, what, rule, bug: Bug::Policy(bug) }
}
