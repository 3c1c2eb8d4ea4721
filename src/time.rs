//! What time is on a loop: a concrete instant on a monotonic clock.
//!
//! asyncio measures `loop.time()` in floating-point seconds. Integers compare exactly, so
//! "never early" and "(deadline, sequence) order" can be promised without a tolerance, and NaN
//! cannot be scheduled.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A point on a loop's monotonic clock: nanoseconds since an epoch that is not specified.
///
/// Instants of loops made by one policy may be compared. Arithmetic saturates: far deadlines
/// never wrap around into the past.
///
/// ```
/// use anyloop::Instant;
/// use core::time::Duration;
///
/// let start = Instant::from_nanos(1_000);
/// assert_eq!((start + Duration::from_micros(2)).as_nanos(), 3_000);
/// assert_eq!(start - Instant::from_nanos(5_000), Duration::ZERO);
/// assert_eq!(start + Duration::MAX, Instant::NEVER);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The epoch of the clock.
    pub const EPOCH: Self = Self(0);

    /// A deadline that never comes: 584 years after the epoch.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero if `earlier` is the later one.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at [`Instant::NEVER`].
    fn add(self, delay: Duration) -> Self {
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Saturates at zero.
    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({:?})", Duration::from_nanos(self.0))
    }
}
