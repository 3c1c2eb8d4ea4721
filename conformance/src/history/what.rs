//! What can happen while a program is played?

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use anyloop::{CloseError, ExitStatus, JoinError, LoopState, OsError, RejectReason, RunError, SourceError};

use super::text::{Fields, Value};
use super::{Current, Given, Heritage, How, Launch, Ran, Reply, Sending, Side, Stream, Tried};
use crate::program::{Kid, Label, LoopName, Plan, Scene, SignalName, Wire};
use crate::world::Handling;

/// Declares what can happen once: the events, their words, and their fields in the order in which
/// they are written down.
macro_rules! events {
    ($($(#[$meta:meta])* $word:literal $name:ident $({ $($(#[$about:meta])* $field:ident: $kind:ty),* $(,)? })?;)*) => {
        /// What happened. Events in *-ing* are recorded before a call, those in *-ed* after it returned.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "the fields say what the variants explain")]
        pub enum What {
            $($(#[$meta])* $name $({ $($(#[$about])* $field: $kind),* })?,)*
        }

        impl What {
            /// The word that it is written down with, in a [history as text](crate::history#as-text).
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $word,)*
                }
            }

            /// Shows every field with its name.
            pub(super) fn fields(&self, see: &mut dyn FnMut(&'static str, &dyn Value) -> fmt::Result) -> fmt::Result {
                match self {
                    $(Self::$name $({ $($field),* })? => { $($(see(stringify!($field), $field)?;)*)? })*
                }
                Ok(())
            }

            /// What `word` stands for, with the fields that were written down beside it.
            pub(super) fn read(word: &str, fields: &mut Fields<'_>) -> Result<Self, String> {
                Ok(match word {
                    $($word => Self::$name $({ $($field: fields.take(stringify!($field))?),* })?,)*
                    _ => return Err(format!("there is no event `{word}`")),
                })
            }
        }
    };
}

events! {
    // Callbacks.
    /// A callback is about to be scheduled.
    "asking" Asking { label: Label, how: How };
    /// It was accepted. Remote halves give no handle.
    "accepted" Accepted { label: Label, handle: Option<u64> };
    /// It came back.
    "refused" Refused { label: Label, reason: RejectReason };
    /// It begins to run.
    "started" Started { label: Label };
    /// It is over, perhaps by a panic.
    "ended" Ended { label: Label };
    /// It was dropped without having run.
    "dropped" Dropped { label: Label };
    /// A callback of `spin` ran once more.
    "spun" Spun { label: Label };
    /// What a dropped callback captured begins to call the loop.
    "touching" Touching { label: Label };
    /// It has done so, or panicked with these words. `accepted` says whether the loop took a
    /// callback meanwhile, `cancelled` whether the handle of what is dropped cancelled anything,
    /// and `closed` what closing the loop once more gave, if that was tried.
    "touched" Touched {
        label: Label,
        panic: Option<String>,
        accepted: bool,
        cancelled: bool,
        closed: Option<Result<(), CloseError>>
    };
    /// A callback is about to be cancelled.
    "cancelling" Cancelling { label: Label };
    /// The loop answered.
    "cancelled" Cancelled { label: Label, answer: bool };
    /// A handle of this loop was cancelled on another, and one of the other's on this. `lost`
    /// callbacks of the other loop were dropped by it.
    "foreign" Foreign { label: Label, answers: [bool; 2], lost: u32 };
    /// Another loop of the same policy gave this handle.
    "other-accepted" OtherAccepted { handle: u64 };
    /// A callback is about to panic.
    "panicking" Panicking { label: Label };
    /// The exception handler of that number was told of that.
    "reported" Reported { label: Label, handler: u32 };
    /// An exception handler was set; it panics itself if it is `broken`.
    "handler-set" HandlerSet { handler: u32, broken: bool };
    /// What is cancelled next is cancelled by a guard that is dropped.
    "scoping" Scoping { label: Label };

    // Runs.
    /// The loop is about to run, for the sake of that future if there is one.
    "enter" Enter { until: Option<Label> };
    /// The run is over.
    "exit" Exit { result: Ran };
    /// Nothing happened for as long as the kit's patience lasts; the run was given up.
    "stalled" Stalled;
    /// A nested run is about to be attempted: of another loop, or of the same.
    "attempting" Attempting { other: bool };
    /// The attempt is over; `ran` callbacks of the other loop have run by it.
    "attempted" Attempted { other: bool, result: Ran, ran: u32 };
    /// `stop` is about to be called: on the loop, or on its remote half if elsewhere.
    "stop" Stop;
    /// `close` is about to be called.
    "closing" Closing;
    /// It has returned.
    "closed" Closed { result: Result<(), CloseError> };
    /// `stop`, `time` and `cancel` were called on a closed loop.
    "poked" Poked { panic: Option<String>, cancelled: bool };
    /// What the loop says of itself, and what the context says.
    "saw" Saw { state: LoopState, current: Current };
    /// A method of the loop or the watcher panicked outside of every callback.
    "failed" Failed { panic: String };

    /// What the remote half says, here: is this the loop's context, and is the loop closed?
    "remote-saw" RemoteSaw { owner: bool, closed: bool };
    /// The loop is about to be kept busy.
    "burning" Burning;
    /// It was, for so many nanoseconds on its own clock.
    "burned" Burned { time: u64 };

    // Tasks.
    /// A task is about to be spawned.
    "spawning" Spawning { label: Label };
    /// It was.
    "spawned" Spawned { label: Label };
    /// It was not.
    "task-refused" TaskRefused { label: Label };
    /// A future is polled.
    "polled" Polled { label: Label };
    /// The poll is over.
    "poll-ended" PollEnded { label: Label };
    /// A future was woken, and was there to be.
    "woken" Woken { label: Label };
    /// A future has taken all its steps; its output is the number of its label.
    "finished" Finished { label: Label };
    /// A future is dropped, finished or not.
    "future-dropped" FutureDropped { label: Label };
    /// The handle of a task says whether it is finished, and is dropped next.
    "detaching" Detaching { label: Label, finished: bool };
    /// A task is about to be cancelled.
    "aborting" Aborting { label: Label };
    /// The task `label` begins to await the task `of`.
    "joining" Joining { label: Label, of: Label };
    /// It has the result.
    "joined" Joined { label: Label, of: Label, result: Result<u32, JoinError> };
    /// A task begins to sleep.
    "sleeping" Sleeping { label: Label, due: u64 };
    /// It goes on.
    "slept" Slept { label: Label, due: u64, failed: bool };

    // Contexts.
    /// A number, never used before, was put into a place of the context, and this was there.
    "kept" Kept { number: u32, former: Option<u32> };

    // Policies. Policy 0 is `p`, 1 is `q`, others are numbered as they come.
    /// Which policy is in force; `None` is an error.
    "found" Found { policy: Option<u32> };
    /// The policy was set, and `former` was given back.
    "policy-set" PolicySet { policy: Option<u32>, former: Option<u32> };
    /// A guard put a policy in force.
    "guard-on" GuardOn { guard: u32, policy: u32 };
    /// It was dropped.
    "guard-off" GuardOff { guard: u32 };
    /// A policy is about to be asked for the loop of this context: `p`, or the one in force.
    "asking-loop" AskingLoop { ambient: bool };
    /// The answer.
    "gave-loop" GaveLoop { ambient: bool, given: Given };
    /// The factory of `p` was called: by the kit, or by a policy below.
    "factory" Factory;
    /// The setter of `p` was called.
    "setter" Setter;
    /// `p` is about to be told to store a loop.
    "storing" Storing { which: Option<u32> };
    /// It has done so, or failed.
    "stored" Stored { which: Option<u32>, failed: Option<String> };
    /// `p` was asked for a new loop. `state` is the loop's, `seen` the loop that it already was.
    "made" Made { given: Given, state: Option<LoopState>, seen: Option<u32> };
    /// A loop that was made is in this state, after the policy was set.
    "loop-saw" LoopSaw { which: u32, state: LoopState };
    /// A loop is in this state, after something was stored.
    "store-saw" StoreSaw { which: u32, state: LoopState };
    /// Whether the factory of `p` fails from now on.
    "failing" Failing { on: bool };
    /// Another context begins to take steps; does it say that a loop is running there?
    "elsewhere-saw" ElsewhereSaw { running: bool };
    /// `p` was asked for its watcher. Watchers 0 and 1 are the kit's own.
    "watcher-gave" WatcherGave { given: Given };
    /// A watcher was set in `p`.
    "watcher-set" WatcherSet { watcher: Option<u32>, failed: Option<String> };
    /// What a watcher says of itself.
    "watcher-saw" WatcherSaw { watcher: u32, active: bool };
    /// A watcher is about to be set in `p`.
    "watcher-setting" WatcherSetting { watcher: Option<u32> };
    /// One of the kit's watchers was told to attach to that loop, or with `None` to none, and
    /// refused to if it is `refused`.
    "attached" Attached { watcher: u32, lp: Option<u32>, refused: bool };

    // Children.
    /// A child was started, and waits for orders.
    "child-started" ChildStarted { kid: Kid, plan: Plan };
    /// A child is about to be told to carry out its plan.
    "ordered" Ordered { kid: Kid };
    /// It has ended, and may or may not have been collected.
    "kid-ended" KidEnded { kid: Kid };
    /// It was stopped, or continued.
    "suspended" Suspended { kid: Kid, stopped: bool };
    /// A child, or with `None` a process that is none, is about to be registered. The callback's
    /// `Asking` precedes this, its `Accepted` or `Refused` follows.
    "watching" Watching { label: Label, kid: Option<Kid>, active: bool };
    /// The former callback for the same pid was handed back; it is dropped next.
    "displaced" Displaced { by: Label };
    /// The registration was refused, for that reason. The callback is dropped next.
    "watch-refused" WatchRefused { label: Label, why: String };
    /// A watcher told of an end: `right` says whether the pid was the registered one.
    "told" Told { label: Label, kid: Option<Kid>, right: bool, status: ExitStatus };
    /// The loop was busy for so long after the child had been ordered to end that it should have told.
    "starved" Starved { label: Label };
    /// When a watcher told of an end: was the child still there to be collected?
    "zombie" Zombie { kid: Kid, zombie: bool };
    /// A registration is about to be removed.
    "unwatching" Unwatching { kid: Kid };
    /// The watcher answered.
    "unwatched" Unwatched { kid: Kid, answer: bool };
    /// The kit collected a child; `None`: somebody else had.
    "collected" Collected { kid: Kid, status: Option<ExitStatus> };
    /// Whether a child whose loop was closed came to be collected by the watcher.
    "collected-by-watcher" CollectedByWatcher { kid: Kid, collected: bool };
    /// What the watcher says of itself.
    "active" Active { active: bool };
    /// The watcher is about to be closed.
    "watcher-closing" WatcherClosing;
    /// It was.
    "watcher-closed" WatcherClosed;
    /// How many descriptors the process had before children were started, and has after every
    /// registration has come to its end.
    "descriptors" Descriptors { before: usize, after: usize };

    /// The watcher of `p` is about to be attached: to the loop that is judged, to another, or to
    /// none.
    "attaching" Attaching { which: Option<LoopName> };
    /// It was, or failed.
    "attach-done" AttachDone { failed: Option<String> };
    /// A child is about to be registered for another loop, perhaps of another thread. `Accepted` or
    /// `WatchRefused` follows.
    "taking-over" TakingOver { label: Label, kid: Kid, elsewhere: bool };
    /// The end of such a child was told: was the loop running `there` for which it was registered?
    "told-there" ToldThere { label: Label, kid: Kid, right: bool, status: ExitStatus, there: bool };
    /// The child has ended, the loops ran, and still nobody was told.
    "untold" Untold { label: Label };

    /// On another thread than the loop's, a registration is about to be removed.
    "snatching" Snatching { kid: Kid };
    /// The watcher answered.
    "snatched" Snatched { kid: Kid, answer: bool };

    /// From now on SIGCHLD is handled like that.
    "handling" Handling { how: Handling };
    /// From now on the loop's thread blocks it.
    "blocking" Blocking;
    /// SIGCHLD came while the thread waited in a system call, and was handled like that. Did the call fail for
    /// it, or was another `errno` found afterwards?
    "jolted" Jolted { how: Handling, interrupted: bool, errno: bool };
    /// Nobody waits for a child, the watcher is closed or attached to nothing, and the loop is open: SIGCHLD
    /// is handled like that.
    "let-go" LetGo { how: Handling };
    /// From now on no descriptor is to be had, or one is again.
    "scarce" Scarce { on: bool, active: bool };
    /// At the end it is, and the function that counts was called so often.
    "handled" Handled { how: Handling, calls: usize };
    /// The watcher was given a handler of strangers.
    "adopting" Adopting;
    /// The handler was told of a child, or with `None` of a process that the program does not know.
    "handed" Handed { kid: Option<Kid>, status: ExitStatus };
    /// The watcher was asked for the end of a child, and gave this.
    "claimed" Claimed { kid: Kid, status: Option<ExitStatus> };
    /// Children are about to be started and registered, or not any more.
    "bracket" Bracket { on: bool };

    // Programs.
    /// A program is about to be started for that scene.
    "launching" Launching { label: Label, scene: Scene, plan: Plan };
    /// It was, or not.
    "launched" Launched { label: Label, result: Launch };
    /// What the child says of its end.
    "status-saw" StatusSaw { label: Label, status: Option<ExitStatus> };
    /// A wait for its end was given up.
    "gave-up" GaveUp { label: Label };
    /// Nothing keeps the program any more: it is about to be let go on to its end.
    "released" Released { label: Label };
    /// It has ended; nobody was told yet.
    "program-ended" ProgramEnded { label: Label };
    /// The wait of that number is over.
    "waited" Waited { label: Label, waiter: u32, status: ExitStatus };
    /// What it wrote was read to its end, or not, for that reason: so many bytes, and were they
    /// those that it wrote?
    "heard" Heard { label: Label, stream: Stream, bytes: usize, right: bool, failed: Option<OsError> };
    /// The conversation with it is over: was what it wrote to both streams read?
    "talked" Talked { label: Label, status: ExitStatus, right: [bool; 2] };
    /// The conversation failed, in words.
    "talk-failed" TalkFailed { label: Label, why: String };
    /// It is about to be sent a signal.
    "signalling" Signalling { label: Label, signal: i32 };
    /// It was, or not.
    "signalled" Signalled { label: Label, result: Sending };
    /// The child is about to be dropped.
    "dropping-child" DroppingChild { label: Label };
    /// It was. Did its output come to its end in time, and did it say anything?
    "went-on" WentOn { label: Label, ended: bool, said: bool };
    /// The loop that has started it was closed.
    "loop-left" LoopLeft { label: Label };
    /// Whether it came to be collected.
    "settled" Settled { label: Label, collected: bool };
    /// What a failed start has left: descriptors before and after, if they can be counted, and whether
    /// there were children of this process, before and after.
    "spent" Spent { label: Label, before: Option<usize>, after: Option<usize>, children: [bool; 2] };
    /// The scene is over.
    "performed" Performed { label: Label };

    // Sources.
    /// A pair of sockets was connected; the system calls the loop's by that number.
    "wired" Wired { wire: Wire, number: i64 };
    /// A reader or writer is about to be added.
    "source-adding" SourceAdding { wire: Wire, side: Side, label: Label };
    /// It was, or not.
    "source-added" SourceAdded { label: Label, result: Result<(), SourceError> };
    /// One is about to be removed.
    "source-removing" SourceRemoving { wire: Wire, side: Side };
    /// The loop answered.
    "source-removed" SourceRemoved { wire: Wire, side: Side, answer: bool };
    /// A reader or writer is called.
    "called" Called { label: Label };
    /// The call is over, perhaps by a panic.
    "call-ended" CallEnded { label: Label };
    /// What a reader or writer captured is dropped.
    "source-dropped" SourceDropped { label: Label };
    /// The other side is about to send something.
    "feeding" Feeding { wire: Wire };
    /// It has.
    "fed" Fed { wire: Wire };
    /// The loop's side has read all that there was: so often the other side had sent something.
    "drained" Drained { wire: Wire, amount: usize };
    /// The loop's side cannot be written any more.
    "clogged" Clogged { wire: Wire };
    /// It can.
    "unclogged" Unclogged { wire: Wire };
    /// The other side is about to go.
    "hanging-up" HangingUp { wire: Wire };
    /// It has gone.
    "hung-up" HungUp { wire: Wire };
    /// The source is about to be dropped, and its socket closed.
    "unwiring" Unwiring { wire: Wire };
    /// It was.
    "unwired" Unwired { wire: Wire };
    /// A task begins to await a source.
    "awaiting" Awaiting { label: Label, wire: Wire, side: Side };
    /// It goes on, or has given up.
    "awaited" Awaited { label: Label, wire: Wire, side: Side, result: Result<(), SourceError> };

    // What a loop offers, and what it leaves behind.
    /// Which capabilities the open loop offers: a bit for each, in the order of [`OFFERS`](super::OFFERS).
    "offered" Offered { offers: u32 };
    /// Something was asked of a capability of the closed loop: did it accept, or find anything? If
    /// it refused for a reason that can be told, which?
    "tried" Tried { what: Tried, accepted: bool, reason: Option<RunError>, panic: Option<String> };
    /// The loop is about to take a step that may wait for so many nanoseconds, and `next` is what it
    /// has said about its next deadline.
    "turning" Turning { wait: u64, next: Option<u64> };
    /// The step is over, and `ran` is what it said about callbacks.
    "turned" Turned { result: Ran, ran: bool };
    /// Another loop came and went: closed, or only dropped. Of the callbacks and tasks that were
    /// `waiting` then, so many were `dropped`, and so many `ran`.
    "gone" Gone { closed: bool, waiting: u32, dropped: u32, ran: u32, panic: Option<String> };
    /// What its remote half says then, and whether it hands back what it is given.
    "remote-left" RemoteLeft { closed: bool, refuses: bool };
    /// How many descriptors the process had before that loop was made, and has since it was closed,
    /// or dropped.
    "loop-descriptors" LoopDescriptors { closed: bool, before: usize, after: usize };

    // Forks.
    /// The process forked. The child found this, and ended. If it is `lost`, it did not tell what it
    /// found, for that reason, and the rest says nothing.
    "forked" Forked {
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
        /// How the run ended there in one of whose callbacks the process forked.
        ended: Option<Reply>,
        /// How many callbacks were dropped when another inherited loop was.
        dropped: Option<u32>,
        /// How many callbacks and polls of the parent's were begun there.
        ran: u32,
        /// What was wrong with a new loop of `p`, if anything was.
        fresh: Option<String>,
        /// If children were registered: what the inherited watcher did that one of another process must
        /// not do, and what was wrong with a new one.
        inherited: Option<String>,
        heir: Option<String>
    };

    // Signals.
    /// The handler of a signal is about to be set.
    "signal-adding" SignalAdding { label: Label, signal: SignalName };
    /// It was, or was refused.
    "signal-added" SignalAdded { label: Label, signal: SignalName, accepted: bool };
    /// The handler of a signal is about to be removed.
    "signal-removing" SignalRemoving { signal: SignalName };
    /// The loop answered.
    "signal-removed" SignalRemoved { signal: SignalName, answer: bool };
    /// A signal is about to be raised, here.
    "raising" Raising { signal: SignalName };
    /// It was.
    "raised" Raised { signal: SignalName };
    /// A handler begins to run.
    "signal-calling" SignalCalling { label: Label, signal: SignalName };
    /// It is over, perhaps by a panic.
    "signal-called" SignalCalled { label: Label };
    /// Whether what had handled a signal before the program does so now.
    "disposition" Disposition { signal: SignalName, former: bool };
    /// Another loop is about to listen for a signal.
    "also-adding" AlsoAdding { signal: SignalName };
    /// It does, or was refused.
    "also-added" AlsoAdded { signal: SignalName, accepted: bool };
    /// It was run, and has heard the signal so often.
    "also-heard" AlsoHeard { signal: SignalName, calls: u32 };

    // The world.
    /// The loop's thread is about to be interrupted by a signal.
    "interrupting" Interrupting;
    /// A step could not be taken, because there are no such things here.
    "lacking" Lacking { what: String };
    /// The policy made no loop to play on.
    "no-loop" NoLoop { why: String };
    /// The process ended in the middle of the play: this is the last that is known.
    "died" Died { how: String };
    /// The play did not come back, and cannot be made to: this is the last that is known.
    "hung" Hung;
}

impl What {
    /// There is nothing of that kind here.
    pub(crate) fn lacking(what: &str) -> Self {
        Self::Lacking { what: what.to_string() }
    }
}
