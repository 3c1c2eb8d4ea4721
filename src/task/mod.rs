//! How futures live on a loop: any loop that can `call_soon`, and no other help from it.
//!
//! | file | answers |
//! | --- | --- |
//! | `runnable.rs` | what travels from a waker to the loop? |
//! | `spawn.rs` | how does a future become a task, and who drops it where? |
//! | `root.rs` | how is a borrowed future run to its end? |
//! | `sleep.rs` | how does a task wait for time? |

mod root;
mod runnable;
mod sleep;
mod spawn;

pub(crate) use root::run_until_complete;
pub use runnable::{Link, Runnable};
pub use sleep::{Sleep, Timeout, sleep, timeout};
pub(crate) use spawn::spawn;
pub use spawn::{Task, TaskSet};
