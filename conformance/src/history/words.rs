//! What do the fields of events say?

use alloc::string::{String, ToString};
use core::fmt;

use anyloop::{OsError, RunError};

/// How a callback was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `call_soon`.
    Soon,
    /// `call_at`, with a deadline in nanoseconds since the start of the play.
    At(u64),
    /// `call_at`, with a deadline that is never reached.
    Never,
    /// `call_soon` of the remote half.
    Post,
    /// Registration of a child with a watcher.
    Watch,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// `run_forever` returned.
    Returned,
    /// `run_until_complete` gave this output.
    Output(u32),
    /// It was refused, or ended without what it was for.
    Error(RunError),
    /// It failed in a way that no rule is about, in words.
    Failed(String),
    /// It panicked.
    Panicked(String),
}

impl From<RunError> for Ran {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Policy(error) => Self::Failed(error.to_string()),
            error => Self::Error(error),
        }
    }
}

/// What `get_running_loop` said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current {
    /// No loop is running.
    None,
    /// The loop that is judged.
    This,
    /// Some other loop.
    Other,
}

/// What a policy answered when it was asked for a loop.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A loop; 0 is the one that is judged, others are numbered as they come.
    Loop(u32),
    /// There is no current loop here.
    NoLoop,
    /// It does not do that.
    Unsupported,
    /// Another error, in words.
    Failed(String),
}

/// The capabilities of a loop, as `Offered` numbers them.
pub const OFFERS: [&str; 8] =
    ["readiness", "completion", "signals", "processes", "blocking", "step", "observe", "ext"];

/// What is asked of a capability of a closed loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// To take a step.
    Step,
    /// To watch a source.
    Source,
    /// To start a program.
    Program,
    /// To set the exception handler, and to take it back.
    Handler,
    /// When the next timer is due.
    Deadline,
    /// To stop watching a source.
    Removal,
}

/// What a policy answered in a forked child, when it was asked for the current loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heritage {
    /// A loop of the parent.
    Inherited,
    /// Another loop.
    Fresh,
    /// There is none.
    None,
    /// An error.
    Failed,
}

/// How an inherited loop answered in a forked child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It did what it was asked to, or said so.
    Done,
    /// It refused, since it belongs to another process.
    WrongProcess,
    /// It refused for another reason.
    Refused,
    /// It refused a callback, and did not give it back.
    Kept,
    /// It panicked.
    Panicked,
}

/// What came of the attempt to start a program.
#[derive(Clone, Debug, PartialEq)]
pub enum Launch {
    /// It was started.
    Done,
    /// It was refused, since the watcher is not active.
    Inactive,
    /// The system refused.
    Os(OsError),
    /// It was refused for another reason, in words.
    Failed(String),
}

/// What came of a signal that was to be sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Sending {
    /// It was sent.
    Done,
    /// It was refused, since the child's end has been reported.
    Over,
    /// It failed for another reason, in words.
    Failed(String),
}

/// Which of a program's streams is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loop(number) => write!(f, "loop {number}"),
            Self::NoLoop => f.write_str("no loop"),
            Self::Unsupported => f.write_str("\"unsupported\""),
            Self::Failed(words) => write!(f, "the error \"{words}\""),
        }
    }
}

/// For what a source is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// For whether it can be read.
    Read,
    /// For whether it can be written.
    Write,
}
