//! Who is judged: a policy, and how much of the specification it leaves out.

use alloc::borrow::Cow;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::time::Duration;

use anyloop::rules::{Rule, fork, policy, reaper};
use anyloop::{Loop, Policy};

use crate::world::World;

/// An implementation that is to be judged.
///
/// All but the policy is given. What an implementation leaves out it says with the reason, in
/// [`lacks`](Self::lacks); forgetting to say it fails loudly.
pub trait Subject {
    /// A new policy, which has made no loop and stored none. It is called for every program.
    fn policy(&self) -> Policy;

    /// What the implementation lacks, and why: whole families, or single rules.
    ///
    /// ```
    /// use anyloop_conformance::Lack;
    ///
    /// fn lacks() -> Vec<Lack> {
    ///     vec![
    ///         Lack::family("child", "it starts no programs"),
    ///         Lack::family("fork", "it does not notice forks"),
    ///         Lack::rule(&anyloop::rules::timer::TIE, "its heap keeps no order of equal deadlines"),
    ///     ]
    /// }
    /// # assert!(lacks()[0].covers(&anyloop::rules::child::ONCE));
    /// ```
    fn lacks(&self) -> Vec<Lack> {
        Vec::new()
    }

    /// How long "in the end" may take: ten seconds, if nothing else is said. A run that conforms never
    /// waits that long. Each hang halves it for those that follow, down to a second. `ANYLOOP_PATIENCE_MS` has
    /// precedence.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// How a callback keeps the loop busy for a while. Loops with a virtual clock advance it.
    fn burn(&self) -> fn(&Loop, Duration) {
        burn
    }

    /// The threads and children that go with the implementation: `None` stands for those of this
    /// host. For loops that do not live in the real world, such as simulations.
    fn world(&self) -> Option<Rc<dyn World>> {
        None
    }
}

/// Waits busily until the loop's clock has advanced. A clock that stands still is given up.
fn burn(lp: &Loop, time: Duration) {
    let start = lp.time();
    let mut idle = 0_u32;
    let mut last = start;
    while lp.time() - start < time && idle < 1 << 20 {
        idle = if lp.time() == last { idle + 1 } else { 0 };
        last = lp.time();
        core::hint::spin_loop();
    }
}

/// What other families promise about child watchers, where there are any.
static ABOUT_WATCHERS: [&Rule; 12] = [
    &policy::REWATCH,
    &policy::UNWATCH,
    &policy::LOOSE,
    &policy::ATTACH,
    &policy::ALOOF,
    &policy::BOTH,
    &fork::CHILD,
    &fork::WATCHER,
    &fork::REPORTS,
    &reaper::TOLD,
    &reaper::KEPT,
    &reaper::LATE,
];

/// Something that an implementation lacks: its rules are not judged, and the reason is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// A family of rules, such as `child`, or the id of one rule.
    pub what: Cow<'static, str>,
    /// Why it is lacking.
    pub why: Cow<'static, str>,
}

impl Lack {
    /// Lacks all that `family` is about.
    #[must_use]
    pub const fn family(family: &'static str, why: &'static str) -> Self {
        Self { what: Cow::Borrowed(family), why: Cow::Borrowed(why) }
    }

    /// Does not keep one rule.
    #[must_use]
    pub const fn rule(rule: &'static Rule, why: &'static str) -> Self {
        Self { what: Cow::Borrowed(rule.id), why: Cow::Borrowed(why) }
    }

    /// Whether programs that need that family are not worth playing: without children there is none to be
    /// collected or started.
    #[cfg_attr(not(feature = "std"), expect(dead_code, reason = "for those who generate programs"))]
    pub(crate) fn rules_out(&self, needs: &str) -> bool {
        self.what == needs || self.what == "child" && ["process", "reaper"].contains(&needs)
    }

    /// Whether that rule is meant. Who has no children has no policy that watches them.
    #[must_use]
    pub fn covers(&self, rule: &Rule) -> bool {
        let about_ends = ABOUT_WATCHERS.contains(&rule) || rule.family() == "process";
        let follows = self.what == "child" && about_ends;
        self.what == rule.id || self.what == rule.family() || follows
    }
}
