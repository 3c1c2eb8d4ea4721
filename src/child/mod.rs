//! Who notices that a child process ended: watchers, and what they tell.
//!
//! | file | answers |
//! | --- | --- |
//! | `status.rs` | how did a child end? |
//! | `token.rs` | which child is meant? |
//! | `watcher.rs` | what does a watcher promise? |
//! | `reaper.rs` | what does a watcher offer that collects every child of the process? |
//! | `process.rs` | how does a task start a program and await its end? |

mod process;
mod reaper;
mod status;
mod token;
mod watcher;

pub use process::{Child, Exec, SpawnRejected, StdioMode, Wait};
pub use reaper::{Reaper, SpawnGuard, StrangerHandler};
pub use status::{ExitStatus, Pid};
pub use token::{ChildToken, RawChild};
pub use watcher::{ChildWatcher, ExitCallback, Watcher};
