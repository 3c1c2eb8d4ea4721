//! How a child ended, told apart where asyncio's single number cannot.

use core::fmt;
use core::num::NonZeroI32;

/// The number of a process: positive, so that "any child" and "a group" cannot be meant.
///
/// ```
/// use anyloop::Pid;
/// assert_eq!(Pid::new(0), None);
/// assert_eq!(Pid::new(-1), None);
/// assert_eq!(Pid::new(42).unwrap().get(), 42);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroI32);

impl Pid {
    /// The process with that number; `None` if it is not positive.
    #[must_use]
    pub const fn new(number: i32) -> Option<Self> {
        match NonZeroI32::new(number) {
            Some(number) if number.get() > 0 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({})", self.0)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a child ended.
///
/// ```
/// use anyloop::ExitStatus;
/// assert!(ExitStatus::Exited(0).success());
/// assert_eq!(ExitStatus::Signaled { signal: 9, core: false }.returncode(), -9);
/// assert_ne!(ExitStatus::Unknown, ExitStatus::Exited(255));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitStatus {
    /// It exited by itself, with this code: 0 to 255 on Unix, 32 bits on Windows.
    Exited(i32),
    /// A signal ended it.
    Signaled {
        /// The number of the signal.
        signal: i32,
        /// Whether it left a core dump.
        core: bool,
    },
    /// It is over, or never was a child of ours, and how it ended cannot be known: somebody else
    /// collected the status.
    Unknown,
}

impl ExitStatus {
    /// Whether it exited with code 0.
    #[must_use]
    pub const fn success(self) -> bool {
        matches!(self, Self::Exited(0))
    }

    /// asyncio's number: the exit code, the negated signal, or 255 if it cannot be known.
    #[must_use]
    pub const fn returncode(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Signaled { signal, .. } => -signal,
            Self::Unknown => 255,
        }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with code {code}"),
            Self::Signaled { signal, core: false } => write!(f, "ended by signal {signal}"),
            Self::Signaled { signal, core: true } => write!(f, "ended by signal {signal}, core dumped"),
            Self::Unknown => f.write_str("ended in an unknown way"),
        }
    }
}
