//! What happened while a program was played: the only evidence that judges see.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use anyloop::{CloseError, ExitStatus, JoinError, LoopState, RejectReason, RunError};

use crate::program::{Kid, Label, Plan};

/// A play, told in the order in which it was noticed.
///
/// What one context did is in its own order. Across contexts, an event that was recorded before a
/// call precedes whatever the call led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The events.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Nanoseconds on the loop's clock since the start of the play. `None` on other contexts, and
    /// where calling the loop would disturb it.
    pub at: Option<u64>,
    /// Where: 0 is the context of the loop, other contexts are numbered as they come.
    pub context: u32,
    /// What.
    pub what: What,
}

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
    /// It was refused, or failed.
    Error(RunError),
    /// It panicked.
    Panicked(String),
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

/// What happened. Events in *-ing* are recorded before a call, those in *-ed* after it returned.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields say what the variants explain")]
pub enum What {
    // Callbacks.
    /// A callback is about to be scheduled.
    Asking { label: Label, how: How },
    /// It was accepted. Remote halves give no handle.
    Accepted { label: Label, handle: Option<u64> },
    /// It came back.
    Refused { label: Label, reason: RejectReason },
    /// It begins to run.
    Started { label: Label },
    /// It is over, perhaps by a panic.
    Ended { label: Label },
    /// It was dropped without having run.
    Dropped { label: Label },
    /// A callback of `spin` ran once more.
    Spun { label: Label },
    /// What a dropped callback captured begins to call the loop.
    Touching { label: Label },
    /// It has done so, or panicked with these words. `accepted` says whether the loop took a
    /// callback meanwhile, `cancelled` whether the handle of what is dropped cancelled anything,
    /// and `closed` what closing the loop once more gave, if that was tried.
    Touched {
        label: Label,
        panic: Option<String>,
        accepted: bool,
        cancelled: bool,
        closed: Option<Result<(), CloseError>>,
    },
    /// A callback is about to be cancelled.
    Cancelling { label: Label },
    /// The loop answered.
    Cancelled { label: Label, answer: bool },
    /// A handle of this loop was cancelled on another, and one of the other's on this. `lost`
    /// callbacks of the other loop were dropped by it.
    Foreign { label: Label, answers: [bool; 2], lost: u32 },
    /// Another loop of the same policy gave this handle.
    OtherAccepted { handle: u64 },
    /// A callback is about to panic.
    Panicking { label: Label },
    /// The exception handler of that number was told of that.
    Reported { label: Label, handler: u32 },
    /// An exception handler was set; it panics itself if it is `broken`.
    HandlerSet { handler: u32, broken: bool },
    /// What is cancelled next is cancelled by a guard that is dropped.
    Scoping { label: Label },

    // Runs.
    /// The loop is about to run, for the sake of that future if there is one.
    Enter { until: Option<Label> },
    /// The run is over.
    Exit { result: Ran },
    /// Nothing happened for as long as the kit's patience lasts; the run was given up.
    Stalled,
    /// A nested run is about to be attempted: of another loop, or of the same.
    Attempting { other: bool },
    /// The attempt is over; `ran` callbacks of the other loop have run by it.
    Attempted { other: bool, result: Ran, ran: u32 },
    /// `stop` is about to be called: on the loop, or on its remote half if elsewhere.
    Stop,
    /// `close` is about to be called.
    Closing,
    /// It has returned.
    Closed { result: Result<(), CloseError> },
    /// `stop`, `time` and `cancel` were called on a closed loop.
    Poked { panic: Option<String>, cancelled: bool },
    /// What the loop says of itself, and what the context says.
    Saw { state: LoopState, current: Current },
    /// A method of the loop panicked outside of every callback.
    Failed { panic: String },

    /// What the remote half says, here: is this the loop's context, and is the loop closed?
    RemoteSaw { owner: bool, closed: bool },
    /// The loop is about to be kept busy.
    Burning,
    /// It was, for so many nanoseconds on its own clock.
    Burned { time: u64 },

    // Tasks.
    /// A task is about to be spawned.
    Spawning { label: Label },
    /// It was.
    Spawned { label: Label },
    /// It was not.
    TaskRefused { label: Label },
    /// A future is polled.
    Polled { label: Label },
    /// The poll is over.
    PollEnded { label: Label },
    /// A future was woken, and was there to be.
    Woken { label: Label },
    /// A future has taken all its steps; its output is the number of its label.
    Finished { label: Label },
    /// A future is dropped, finished or not.
    FutureDropped { label: Label },
    /// The handle of a task says whether it is finished, and is dropped next.
    Detaching { label: Label, finished: bool },
    /// A task is about to be cancelled.
    Aborting { label: Label },
    /// The task `label` begins to await the task `of`.
    Joining { label: Label, of: Label },
    /// It has the result.
    Joined { label: Label, of: Label, result: Result<u32, JoinError> },
    /// A task begins to sleep.
    Sleeping { label: Label, due: u64 },
    /// It goes on.
    Slept { label: Label, due: u64, failed: bool },

    // Contexts.
    /// A number, never used before, was put into a place of the context, and this was there.
    Kept { number: u32, former: Option<u32> },

    // Policies. Policy 0 is `p`, 1 is `q`, others are numbered as they come.
    /// Which policy is in force; `None` is an error.
    Found { policy: Option<u32> },
    /// The policy was set, and `former` was given back.
    PolicySet { policy: Option<u32>, former: Option<u32> },
    /// A guard put a policy in force.
    GuardOn { guard: u32, policy: u32 },
    /// It was dropped.
    GuardOff { guard: u32 },
    /// A policy is about to be asked for the loop of this context: `p`, or the one in force.
    AskingLoop { ambient: bool },
    /// The answer.
    GaveLoop { ambient: bool, given: Given },
    /// The factory of `p` was called: by the kit, or by a policy below.
    Factory,
    /// The setter of `p` was called.
    Setter,
    /// `p` is about to be told to store a loop.
    Storing { which: Option<u32> },
    /// It has done so, or failed.
    Stored { which: Option<u32>, failed: Option<String> },
    /// `p` was asked for a new loop. `state` is the loop's, `seen` the loop that it already was.
    Made { given: Given, state: Option<LoopState>, seen: Option<u32> },
    /// A loop that was made is in this state, after the policy was set.
    LoopSaw { which: u32, state: LoopState },
    /// A loop is in this state, after something was stored.
    StoreSaw { which: u32, state: LoopState },
    /// Whether the factory of `p` fails from now on.
    Failing { on: bool },
    /// Another context begins to take steps; does it say that a loop is running there?
    ElsewhereSaw { running: bool },
    /// `p` was asked for its watcher. Watchers 0 and 1 are the kit's own.
    WatcherGave { given: Given },
    /// A watcher was set in `p`.
    WatcherSet { watcher: Option<u32>, failed: Option<String> },
    /// What a watcher says of itself.
    WatcherSaw { watcher: u32, active: bool },

    // Children.
    /// A child was started, and waits for orders.
    ChildStarted { kid: Kid, plan: Plan },
    /// A child is about to be told to carry out its plan.
    Ordered { kid: Kid },
    /// It has ended, and may or may not have been collected.
    KidEnded { kid: Kid },
    /// It was stopped, or continued.
    Suspended { kid: Kid, stopped: bool },
    /// A child, or with `None` a process that is none, is about to be registered. The callback's
    /// `Asking` precedes this, its `Accepted` or `Refused` follows.
    Watching { label: Label, kid: Option<Kid>, active: bool },
    /// The former callback for the same pid was handed back; it is dropped next.
    Displaced { by: Label },
    /// The registration was refused, for that reason. The callback is dropped next.
    WatchRefused { label: Label, why: String },
    /// A watcher told of an end: `right` says whether the pid was the registered one.
    Told { label: Label, kid: Option<Kid>, right: bool, status: ExitStatus },
    /// When a watcher told of an end: was the child still there to be collected?
    Zombie { kid: Kid, zombie: bool },
    /// A registration is about to be removed.
    Unwatching { kid: Kid },
    /// The watcher answered.
    Unwatched { kid: Kid, answer: bool },
    /// The kit collected a child; `None`: somebody else had.
    Collected { kid: Kid, status: Option<ExitStatus> },
    /// Whether a child whose loop was closed came to be collected by the watcher.
    CollectedByWatcher { kid: Kid, collected: bool },
    /// What the watcher says of itself.
    Active { active: bool },
    /// The watcher is about to be closed.
    WatcherClosing,
    /// It was.
    WatcherClosed,
    /// How many descriptors the process had before children were started, and has after every
    /// registration has come to its end.
    Descriptors { before: usize, after: usize },

    // Forks.
    /// The process forked. The child found this, and ended. If it is `lost`, it did not tell what it
    /// found, for that reason, and the rest says nothing.
    Forked {
        lost: Option<String>,
        /// What `get_running_loop` said there, and what the loop said of itself.
        current: Current,
        state: LoopState,
        /// What `p` and the policy in force gave as the current loop.
        asked: Heritage,
        ambient: Heritage,
        /// What the loop answered to being run and closed, and to callbacks for either half.
        run: Reply,
        closed: Reply,
        soon: Reply,
        post: Reply,
        /// How many callbacks and polls of the parent's were begun there.
        ran: u32,
        /// What was wrong with a new loop of `p`, if anything was.
        fresh: Option<String>,
    },

    // The world.
    /// A step could not be taken, because there are no such things here.
    Lacking { what: &'static str },
    /// The policy made no loop to play on.
    NoLoop { why: String },
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

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{:>6}.{:03} us", at / 1000, at % 1000)?,
            None => write!(f, "{:>13}", "")?,
        }
        match self.context {
            0 => write!(f, "     ")?,
            other => write!(f, " [{other}] ")?,
        }
        write!(f, "{:?}", self.what)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}
