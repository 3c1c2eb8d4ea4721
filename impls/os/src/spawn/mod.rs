//! How does a loop start programs?
//!
//! On Linux by `clone3`, in a process that shares this one's memory and descriptors until it runs the program: nothing
//! is copied, however much memory and however many descriptors there are. Where that is refused, and where a program
//! is to run as somebody else, by std's `Command`.
//!
//! | file | answers |
//! | --- | --- |
//! | `streams.rs` | what are the program's standard streams connected to? |
//! | `plan.rs` | what has to be ready before there is a process? |
//! | `fresh.rs` | how is the process made, and what of it if the program cannot be run? |
//! | `inside.rs` | what does it do before it runs the program? |
//! | `stack.rs` | on which stack? |
//! | `x86_64.rs`, `aarch64.rs`, `elsewhere.rs` | how is that said to the processor? |
//! | `fallback.rs` | how is it done by std's means? |
//! | `held.rs` | what is a child held by? |
//! | `pipe.rs` | how does a loop wait for pipes? |
//! | `quietly.rs` | and how does it write one that nobody may read any more? |

mod fallback;
mod fresh;
mod held;
mod inside;
mod pipe;
mod plan;
mod quietly;
mod stack;
mod streams;

pub(crate) use held::token;

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyloop::{ChildToken, Command, OsError, SpawnFailure, SpawnStep, Spawned};

use crate::selector::sources::Sources;
use streams::Streams;

/// Whether the system has refused the fast way.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Why the fast way did not lead to a child.
enum Failed {
    /// There is no such way here: the kernel is too old, or was told to refuse it.
    Refused(OsError),
    /// The program cannot be started, whichever way.
    Failure(SpawnFailure),
}

/// Starts a program, whose pipes `sources` is to wait for.
pub(crate) fn spawn(command: &Command, sources: &Rc<Sources>) -> Result<Spawned, SpawnFailure> {
    spawn_by(!REFUSED.load(Ordering::Relaxed), command, sources)
}

fn spawn_by(fast: bool, command: &Command, sources: &Rc<Sources>) -> Result<Spawned, SpawnFailure> {
    let streams = Streams::open(command)?;
    let token = start(fast, command, &streams)?;
    let Streams { ends: [stdin, stdout, stderr], .. } = streams;
    let mut spawned = Spawned::from(token);
    spawned.stdin = stdin.map(|end| pipe::writer(end, sources));
    [spawned.stdout, spawned.stderr] = [stdout, stderr].map(|end| end.map(|end| pipe::reader(end, sources)));
    Ok(spawned)
}

fn start(fast: bool, command: &Command, streams: &Streams) -> Result<ChildToken, SpawnFailure> {
    let setting = command.setting();
    let as_another = setting.uid.is_some() || setting.gid.is_some();
    if fast && !as_another {
        match fresh::start(command, streams) {
            Ok(token) => return Ok(token),
            Err(Failed::Failure(failure)) => return Err(failure),
            Err(Failed::Refused(_)) => REFUSED.store(true, Ordering::Relaxed),
        }
    }
    fallback::start(command, streams)
}

/// Whether programs can be started by `clone3`, without copying anything of this process: tried with a program that is
/// none. Where they cannot, std starts them.
///
/// # Errors
///
/// What the kernel answered: `ENOSYS` if it is older than Linux 5.9, `EPERM` and others under confinement; or, at another
/// step, what keeps any program from being started.
pub fn probe_clone3() -> Result<(), OsError> {
    let nothing = Command::new("");
    let streams = Streams::open(&nothing).map_err(|failure| failure.error())?;
    match fresh::start(&nothing, &streams) {
        Err(Failed::Refused(error)) => Err(error),
        Err(Failed::Failure(failure)) if failure.step() != SpawnStep::Program => Err(failure.error()),
        _ => Ok(()),
    }
}
