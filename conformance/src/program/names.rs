//! How do steps name what they are about?

use anyloop::Instant;

/// Names a callback, a task or a thread: `#3`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub u32);

/// Mentions a callback, a task or a thread that another step introduces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref(pub Label);

impl Ref {
    /// Unlabelled mentions from here on are relative to the place where they stand.
    pub(super) const NEAR: u32 = 1 << 16;
    /// How far back the nearest of them reaches.
    pub(super) const BACK: u32 = 3;

    /// Mentions, once the program is [labelled](super::Body::labelled), one of the few labels that are
    /// introduced just before or after this place: programs whose steps have to do with one
    /// another are the interesting ones.
    #[must_use]
    pub const fn near(number: u8) -> Self {
        Self(Label(Self::NEAR + number as u32 % (Self::BACK + 2)))
    }
}

/// Names a child: `%1`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(pub u32);

/// Mentions a child that another step introduces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KidRef(pub Kid);

/// Names a pair of connected sockets, of which the loop watches one: `~1`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wire(pub u32);

/// Mentions a pair of sockets that another step introduces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireRef(pub Wire);

/// A length of time, in units of 100 µs on the loop's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Units(pub u32);

impl Units {
    /// One unit in nanoseconds.
    pub const NANOS: u64 = 100_000;

    /// So many units as a duration.
    #[must_use]
    pub const fn duration(self) -> core::time::Duration {
        core::time::Duration::from_nanos(self.0 as u64 * Self::NANOS)
    }

    /// So many units after `epoch`.
    #[must_use]
    pub fn after(self, epoch: Instant) -> Instant {
        epoch + self.duration()
    }
}

/// One of the two loops that steps about policies store and make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoopName {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

/// One of the two policies that steps about the process put in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyName {
    /// The first: the one that `store`, `clear`, `ask` and `new` are about.
    #[default]
    P,
    /// The second.
    Q,
}
