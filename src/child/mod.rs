//! Who notices that a child process ended: watchers, and what they tell.
//!
//! | file | answers |
//! | --- | --- |
//! | `status.rs` | how did a child end? |
//! | `token.rs` | which child is meant? |
//! | `watcher.rs` | what does a watcher promise? |
//! | `reaper.rs` | what does a watcher offer that collects every child of the process? |
//! | `command.rs` | what is to be started, and how? |
//! | `process.rs` | how does a task start a program? |
//! | `failure.rs` | and why was it not? |
//! | `ending.rs` | how does it learn of its end? |
//! | `pipe.rs` | how does it talk with it? |
//! | `communicate.rs` | and without either waiting for the other? |

mod command;
mod communicate;
mod ending;
mod failure;
mod pipe;
mod process;
mod reaper;
mod status;
mod token;
mod watcher;

pub use command::{Command, Given, ResourceLimit, Setting, Stdio};
pub use communicate::{CommunicateError, Output};
pub use ending::Wait;
pub use failure::{SpawnFailure, SpawnStep};
pub use pipe::{PipeReader, PipeWriter, ReadPipe, WritePipe};
pub use process::{Child, Spawned, create_subprocess_exec, create_subprocess_shell};
pub use reaper::{Reaper, SpawnGuard, StrangerHandler};
pub use status::{ExitStatus, Pid};
pub use token::{ChildHandle, ChildToken, RawChild};
pub use watcher::{ChildWatcher, ExitCallback, Watcher};
