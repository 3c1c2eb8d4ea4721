#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod callback;
mod capability;
mod child;
mod context;
mod error;
mod event_loop;
mod fixed;
mod fork;
mod handle;
mod local;
mod platform;
mod policy;
mod remote;
pub mod rules;
mod signal;
mod source;
mod task;
mod time;
#[doc = include_str!("why.md")]
pub mod why {}

pub use callback::{Callback, SendCallback};
pub use capability::{
    Blocking, Capabilities, Completed, Completion, Exception, ExceptionHandler, Interest, Observe, Operation,
    Processes, RawSource, Readiness, Signals, Step, Trigger,
};
pub use child::{
    Child, ChildHandle, ChildToken, ChildWatcher, Command, CommunicateError, ExitCallback, ExitStatus, Given,
    Output, Pid, PipeReader, PipeWriter, RawChild, ReadPipe, Reaper, ResourceLimit, Setting, SpawnFailure,
    SpawnGuard, SpawnStep, Spawned, Stdio, StrangerHandler, Wait, Watcher, WritePipe, create_subprocess_exec,
    create_subprocess_shell,
};
pub use context::{
    Context, ContextId, ContextSlot, NoContext, PerContext, RegisterContextError, get_running_loop,
    register_context,
};
pub use error::{
    CloseError, JoinError, NoRunningLoop, OsError, PolicyError, RejectReason, Rejected, RunError,
    SignalError, SignalHandlerError, SleepError, SourceError, SpawnError, TimeoutError, WatchError,
};
pub use event_loop::{EventLoop, LoopState};
pub use fork::{ProcessStamp, after_fork_in_child};
pub use handle::{CancelOnDrop, Handle, Handles};
pub use local::Loop;
pub use policy::{
    Base, DefaultPolicy, EventLoopPolicy, Policy, PolicyGuard, PolicyLayer, get_child_watcher,
    get_event_loop, get_event_loop_policy, new_event_loop, register_default_policy, run, set_child_watcher,
    set_event_loop, set_event_loop_policy,
};
pub use remote::{Remote, RemoteLoop};
pub use signal::{SignalHandlers, SignalStream};
pub use source::{AnySource, AsSource, Source};
pub use task::{Link, Runnable, Sleep, Task, TaskSet, Timeout, sleep, timeout};
pub use time::Instant;
