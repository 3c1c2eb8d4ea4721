//! Which fields are one of a few words, or one with something behind it?

use core::fmt;

use anyloop::{CloseError, JoinError, LoopState, RejectReason, RunError, SourceError};

use super::text::Value;
use super::{Current, Given, Heritage, How, Launch, Ran, Reply, Sending, Side, Stream, Tried};
use crate::program::{LoopName, Plan};
use crate::world::Handling;

/// Declares how the variants of an enum are written: as a `[word]`, or as a `(word)`, a colon and the
/// value inside.
macro_rules! words {
    ($($kind:ty { $([$word:literal] $($value:ident)::+;)* $(($prefix:literal) $tuple:ident;)* $(else $other:literal;)? })*) => {$(
        impl Value for $kind {
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($($value)::+ => f.write_str($word),)*
                    $(Self::$tuple(value) => {
                        f.write_str(concat!($prefix, ":"))?;
                        value.write(f)
                    })*
                    // What a newer specification may have.
                    $(_ => f.write_str($other),)?
                }
            }

            fn read(word: &str) -> Option<Self> {
                match word {
                    $($word => return Some($($value)::+),)*
                    _ => {}
                }
                $(if let Some(value) = word.strip_prefix(concat!($prefix, ":")) {
                    return Value::read(value).map(Self::$tuple);
                })*
                None
            }
        }
    )*};
}

words! {
    How {
        ["soon"] Self::Soon;
        ["never"] Self::Never;
        ["post"] Self::Post;
        ["watch"] Self::Watch;
        ("at") At;
    }
    Ran {
        ["returned"] Self::Returned;
        ("output") Output;
        ("error") Error;
        ("failed") Failed;
        ("panicked") Panicked;
    }
    Current {
        ["none"] Self::None;
        ["this"] Self::This;
        ["other"] Self::Other;
    }
    Given {
        ["none"] Self::NoLoop;
        ["unsupported"] Self::Unsupported;
        ("loop") Loop;
        ("failed") Failed;
    }
    Plan { ("exit") Exit; ("signal") Signal; }
    LoopName { ["a"] Self::A; ["b"] Self::B; }
    Handling {
        ["default"] Self::Default;
        ["ignored"] Self::Ignored;
        ["counted"] Self::Counted;
        ["other"] Self::Other;
    }
    Tried {
        ["step"] Self::Step;
        ["source"] Self::Source;
        ["program"] Self::Program;
        ["handler"] Self::Handler;
        ["deadline"] Self::Deadline;
        ["removal"] Self::Removal;
    }
    Heritage {
        ["inherited"] Self::Inherited;
        ["fresh"] Self::Fresh;
        ["none"] Self::None;
        ["failed"] Self::Failed;
    }
    Launch {
        ["done"] Self::Done;
        ["inactive"] Self::Inactive;
        ("os") Os;
        ("failed") Failed;
    }
    Sending {
        ["done"] Self::Done;
        ["over"] Self::Over;
        ("failed") Failed;
    }
    Stream { ["stdout"] Self::Out; ["stderr"] Self::Err; }
    Side { ["read"] Self::Read; ["write"] Self::Write; }
    SourceError {
        ["closed"] Self::Closed;
        ["unsupported"] Self::Unsupported;
        ("os") Os;
        else "other";
    }
    Reply {
        ["done"] Self::Done;
        ["wrong-process"] Self::WrongProcess;
        ["refused"] Self::Refused;
        ["kept"] Self::Kept;
        ["panicked"] Self::Panicked;
    }
    RejectReason {
        ["closed"] Self::Closed;
        ["full"] Self::Full;
        ["wrong-context"] Self::WrongContext;
        ["wrong-process"] Self::WrongProcess;
        else "other";
    }
    CloseError {
        ["running"] Self::Running;
        ["wrong-process"] Self::WrongProcess;
        else "other";
    }
    RunError {
        ["closed"] Self::Closed;
        ["already-running"] Self::AlreadyRunning;
        ["nested"] Self::Nested;
        ["stopped"] Self::Stopped;
        ["stalled"] Self::Stalled;
        ["wrong-process"] Self::WrongProcess;
        ["no-context"] Self::NoContext;
        ("os") Os;
        else "other";
    }
    JoinError {
        ["cancelled"] Self::Cancelled;
        ["panicked"] Self::Panicked;
        else "other";
    }
    LoopState {
        ["idle"] Self::Idle;
        ["running"] Self::Running;
        ["closed"] Self::Closed;
        else "other";
    }
}
