//! A loop with virtual time, simulated children and simulated signals, for testing code that uses a loop.
//!
//! Time passes only when nothing else can happen, and then at once: a day takes a millisecond.
//! Children are numbers with a script, which says how and when they end.
//!
//! ```
//! use std::time::Duration;
//!
//! use anyloop::{Command, ExitStatus, Policy, PolicyGuard, sleep};
//! use anyloop_sim::{Script, SimEventLoopPolicy};
//!
//! /// What is to be tested. It knows nothing of the simulation.
//! async fn nightly_backup() -> Result<ExitStatus, Box<dyn std::error::Error>> {
//!     sleep(Duration::from_secs(24 * 60 * 60)).await?;
//!     let lp = anyloop::get_running_loop()?;
//!     let mut backup = lp.subprocess_exec(&Command::new("backup").arg("--all"))?;
//!     Ok(backup.wait().await)
//! }
//!
//! let policy = SimEventLoopPolicy::new();
//! let simulation = policy.simulation().clone();
//! simulation.program("backup", Script::exit(3).after(Duration::from_secs(600)));
//!
//! let _guard = PolicyGuard::new(Policy::new(policy));
//! assert_eq!(anyloop::run(nightly_backup())??, ExitStatus::Exited(3));
//! assert_eq!(simulation.now().as_nanos(), (24 * 60 + 10) * 60 * 1_000_000_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whose time
//!
//! A [`Simulation`] is a clock and the children that live by it. All loops of one policy share one.
//! Its clock moves when every loop of it that is being run, on whatever thread, waits: to the next
//! deadline or the next end of a child that is watched. If there is none, nothing can ever happen
//! any more, and the runs end with [`RunError::Stalled`](anyloop::RunError::Stalled): a test that
//! would hang says so instead.
//!
//! A thread without a loop of its own cannot be seen. If it is to be waited for, give it an
//! [`Outside`]: as long as that is there, time stands still, and the loops wait in earnest for what
//! the thread sends. Work through a [`Remote`](anyloop::Remote) is accepted with or without.
//!
//! # Driven by hand
//!
//! ```
//! use std::time::Duration;
//!
//! use anyloop_sim::SimEventLoop;
//!
//! let lp = SimEventLoop::new();
//! lp.call_later(Duration::from_secs(60), || println!("a minute has passed"))?;
//! lp.advance(Duration::from_secs(59))?; // nothing yet
//! lp.advance(Duration::from_secs(1))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is the same each time
//!
//! With one thread, everything: the same program does the same things at the same times. Numbers of
//! processes begin anew in each simulation. Only [`Handle`](anyloop::Handle)s differ, which no two
//! loops may share.
//!
//! | file | answers |
//! | --- | --- |
//! | `simulation.rs` | when does time pass? |
//! | `processes.rs` | which children are there, and how do they end? |
//! | `event_loop.rs` | what is the loop? |
//! | `sockets.rs` | what are simulated sockets? |
//! | `sources.rs` | what does a loop watch? |
//! | `watcher.rs` | who notices that a child ended? |
//! | `signals.rs` | what does a loop hear of the signals that a test raises? |
//! | `policy.rs` | which loop runs here? |

mod event_loop;
mod policy;
mod processes;
mod signals;
mod simulation;
mod sockets;
mod sources;
mod watcher;

pub use event_loop::SimEventLoop;
pub use policy::SimEventLoopPolicy;
pub use processes::{ProcessState, Script};
pub use simulation::{Outside, Simulation};
pub use sockets::SimSocket;
pub use watcher::SimChildWatcher;
