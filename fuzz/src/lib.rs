//! What the fuzz targets share: a clock that stands still, subjects and judges, and programs that change a little.
//!
//! | target | asks |
//! | --- | --- |
//! | `text` | is every text a program, or an error with its place? |
//! | `protocol` | is every word of a driver, and of the kit, understood, or a fault? |
//! | `programs` | does any program break a rule on a reference loop? |
//! | `timers` | do both timer queues run what a sorted list would? |
//! | `storage` | do the queues, rings and tables keep every callback? |
//! | `slot` | is the policy in force the one that a stack of scopes would have? |
//!
//! `run.sh` plays them, and says what becomes of what they find.

pub mod clock;
pub mod judge;
pub mod mutate;
#[path = "../../conformance/matrix/src/subjects/sim.rs"]
mod sim;
