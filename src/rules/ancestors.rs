//! Which of asyncio's rules are there, and what became of each?
//!
//! The project's study of asyncio gave a number to everything that can be observed: POL for
//! policies, LOOP for loops, WATCH for child watchers, PROC for programs, IO for readiness and, from 40 on, signals.
//! This is the list of these groups, complete. A number is kept, by the rules that name it as their [ancestor](super::Rule::ancestors);
//! or it means nothing here; or it belongs to something that anyloop judges later. A test refuses
//! every other state.

use super::Rule;

/// One of asyncio's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// Its number in the study.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// What became of it.
    pub fate: Fate,
}

/// What became of one of asyncio's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// At least one rule descends from it.
    Kept,
    /// It means nothing here, for this reason.
    Meaningless(&'static str),
    /// It is about something whose rules come later: which, and why it is not judged yet.
    Later(&'static str, &'static str),
}

use Fate::{Kept, Later, Meaningless};

impl Ancestor {
    /// The rules that descend from it.
    pub fn heirs(&self) -> impl Iterator<Item = &'static Rule> + use<> {
        let id = self.id;
        super::all().filter(move |rule| rule.ancestors.contains(&id))
    }
}

const fn row(id: &'static str, title: &'static str, fate: Fate) -> Ancestor {
    Ancestor { id, title, fate }
}

/// Every number of these groups, in order.
pub static ANCESTORS: &[Ancestor] = &[
    row("POL-01", "one policy a process, the same for every reader", Kept),
    row(
        "POL-02",
        "the default is built at the first need, and not if a policy was set before",
        Later(
            "policy",
            "the default is a static of the root crate; its making cannot be counted from a program",
        ),
    ),
    row("POL-03", "setting the policy is seen by every later reader", Kept),
    row("POL-04", "setting none makes the next reader build a new default", Kept),
    row("POL-05", "what is no policy is refused", Meaningless("the type is the check")),
    row("POL-06", "replacing the policy leaves the old one's loops and watcher alone", Kept),
    row("POL-07", "the policy may be replaced while a loop runs", Kept),
    row("POL-08", "the module's functions ask the policy of the moment", Kept),
    row("POL-09", "an override that ends by itself", Kept),
    row("POL-10", "inside a run the running loop is the answer, whatever the policy says", Kept),
    row("POL-11", "there is a running loop exactly inside of a run", Kept),
    row("POL-12", "which loop runs is a matter of the thread", Kept),
    row("POL-13", "contexts store their loops apart", Kept),
    row("POL-14", "on the main thread a loop is made and stored when there is none", Kept),
    row("POL-15", "on other threads none is made", Kept),
    row("POL-16", "after none was stored none is made any more", Kept),
    row("POL-17", "a store that is refused changes nothing", Kept),
    row("POL-18", "what was stored is given back, whatever its state", Kept),
    row("POL-19", "storing a loop neither starts, stops nor closes any", Kept),
    row(
        "POL-20",
        "one loop may be stored on several threads",
        Meaningless("a loop cannot leave its context: the type forbids it"),
    ),
    row("POL-21", "a new loop is open, idle, distinct and not stored", Kept),
    row("POL-22", "a factory that fails changes nothing", Kept),
    row(
        "POL-23",
        "asking gives a loop or an error, never nothing",
        Meaningless("the type is the check: a `Result` has no third answer"),
    ),
    row(
        "POL-24",
        "a policy on top of another overrides what it overrides, and is asked by the one below",
        Kept,
    ),
    row("POL-25", "what a policy does not offer is told apart from what fails", Kept),
    row("POL-26", "in a forked child no inherited loop runs", Kept),
    row("POL-27", "in a forked child the inherited loop is not the current one", Kept),
    row("POL-28", "what a forked child does with an inherited loop does not disturb the parent", Kept),
    row("POL-29", "the watcher of a policy stays the same", Kept),
    row("POL-30", "setting a watcher closes the former one", Kept),
    row("POL-31", "setting none brings the default watcher back", Kept),
    row("POL-32", "setting the watcher that is there changes nothing", Kept),
    row("POL-33", "setting a watcher does not attach it", Kept),
    row("POL-34", "storing a loop on the main thread attaches the watcher", Kept),
    row("POL-35", "storing a loop elsewhere leaves the watcher alone", Kept),
    row("POL-36", "a failed attach undoes the store", Kept),
    row(
        "POL-37",
        "nothing is started while the watcher is not active",
        Later("subprocess", "starting programs is a capability of its own"),
    ),
    row("POL-38", "what is no watcher is refused", Meaningless("the type is the check")),
    row("POL-39", "the watcher belongs to the policy, not to the process", Kept),
    row(
        "POL-40",
        "a runner makes its loop by the policy or by a factory",
        Later("runner", "there is no runner yet"),
    ),
    row(
        "POL-41",
        "a runner starts lazily, uses one loop, and may be closed twice",
        Later("runner", "there is no runner yet"),
    ),
    row("POL-42", "the order in which a runner ends things", Later("runner", "there is no runner yet")),
    row("POL-43", "an interrupt cancels the main task", Later("signals", "it needs a runner, and signals")),
    row(
        "POL-44",
        "a thread that ends leaves its loop open",
        Meaningless("a loop cannot outlive its context; what a context stored is dropped there"),
    ),
    row("LOOP-01", "a new loop is open, idle and empty", Kept),
    row("LOOP-02", "a loop says that it runs exactly while it runs", Kept),
    row("LOOP-03", "a run ends only because somebody stopped it", Kept),
    row("LOOP-04", "a stop before the run lets it have one turn", Kept),
    row("LOOP-05", "a stop lets the rest of the turn run, and nothing else", Kept),
    row("LOOP-06", "stops do not add up", Kept),
    row("LOOP-07", "a stop of an idle loop lasts until the next run", Kept),
    row("LOOP-08", "a stop from another thread goes through the remote half and wakes", Kept),
    row("LOOP-09", "a stop is used up by a run that ends by an error", Kept),
    row("LOOP-10", "a closed loop cannot be run", Kept),
    row("LOOP-11", "a loop that runs cannot be run again, and trying changes nothing", Kept),
    row("LOOP-12", "one context runs one loop at a time", Kept),
    row(
        "LOOP-13",
        "a loop may be run by different threads in turn",
        Meaningless("a loop cannot leave its context: the type forbids it"),
    ),
    row("LOOP-14", "a running loop cannot be closed", Kept),
    row("LOOP-15", "closing is final, and may be repeated", Kept),
    row("LOOP-16", "closing drops what waits, uncalled", Kept),
    row("LOOP-17", "what a closed loop refuses", Kept),
    row("LOOP-18", "what stays harmless on a closed loop", Kept),
    row("LOOP-19", "closing frees the loop's descriptors and no one else's", Kept),
    row(
        "LOOP-20",
        "closing does not wait for jobs on other threads",
        Later("executors", "the capability `blocking` has no rules yet"),
    ),
    row("LOOP-21", "dropping an open loop closes it", Kept),
    row("LOOP-22", "a loop can be used again after any run", Kept),
    row(
        "LOOP-23",
        "readiness that was seen in a stopping turn is told once",
        Later("I/O", "the capability `readiness` has no rules yet"),
    ),
    row("LOOP-24", "a run for a future gives its output", Kept),
    row("LOOP-25", "a run for a finished future has one turn", Kept),
    row("LOOP-26", "a run that is stopped before its future is finished says so", Kept),
    row(
        "LOOP-27",
        "a future of another loop is refused",
        Meaningless("futures belong to no loop; any can be awaited anywhere"),
    ),
    row("LOOP-28", "a future whose run was given up does not stop a later run", Kept),
    row("LOOP-29", "a future that fails badly ends its run and leaves no stop behind", Kept),
    row("LOOP-30", "callbacks run in the order of the calls, once", Kept),
    row("LOOP-31", "what is scheduled in a turn runs in a later one", Kept),
    row(
        "LOOP-32",
        "the order of queue, I/O and timers in a turn",
        Meaningless("portable code cannot rely on it, since loops differ; nothing is promised"),
    ),
    row("LOOP-33", "callbacks that schedule themselves starve nothing", Kept),
    row("LOOP-34", "how long a turn waits", Kept),
    row("LOOP-35", "a wait that is interrupted is gone on with", Kept),
    row("LOOP-36", "the clock goes on, also inside of a callback", Kept),
    row("LOOP-37", "a delay is a deadline on the same clock", Kept),
    row("LOOP-38", "no timer runs early", Kept),
    row("LOOP-39", "of two timers the earlier runs first", Kept),
    row("LOOP-40", "equal deadlines run in the order of the calls", Kept),
    row("LOOP-41", "deadlines in the past are accepted", Kept),
    row("LOOP-42", "a deadline can be never", Kept),
    row(
        "LOOP-43",
        "waits are rounded up, so that nothing spins",
        Later("resources", "turns cannot be counted from outside; the benchmarks count system calls"),
    ),
    row("LOOP-44", "what was cancelled does not run", Kept),
    row("LOOP-45", "cancelling again is harmless", Kept),
    row("LOOP-46", "cancelling drops the callback at once", Kept),
    row(
        "LOOP-47",
        "a cancelled timer wakes nobody",
        Later("resources", "waits cannot be seen from outside; the benchmarks count system calls"),
    ),
    row(
        "LOOP-48",
        "cancelled timers take no room for ever",
        Later("resources", "memory cannot be seen from outside; the benchmarks count allocations"),
    ),
    row("LOOP-49", "work from other threads arrives once, in order, and wakes", Kept),
    row("LOOP-50", "a callback that fails is reported, and the rest runs", Kept),
    row(
        "LOOP-51",
        "interrupts and exits leave the run at once",
        Meaningless("there are no such errors: a panic is reported, and the run goes on"),
    ),
    row("LOOP-52", "the exception handler can be replaced at any time", Kept),
    row("LOOP-53", "an exception handler that fails does not stop the loop", Kept),
    row(
        "LOOP-54",
        "what the exception handler is told",
        Later("observe", "the default handler's words are not promised"),
    ),
    row(
        "LOOP-55",
        "the exception handler runs in the context of what failed",
        Meaningless("there are no context variables"),
    ),
    row(
        "LOOP-56",
        "in debug mode, scheduling from another thread is refused",
        Meaningless("the type forbids it: a local handle cannot be sent"),
    ),
    row("LOOP-57", "in debug mode, coroutines are refused as callbacks", Meaningless("the type forbids it")),
    row("LOOP-58", "in debug mode, slow callbacks are logged", Later("debug mode", "there is none yet")),
    row("LOOP-59", "debug mode can be toggled", Later("debug mode", "there is none yet")),
    row(
        "LOOP-60",
        "a job runs on another thread and its result arrives here",
        Later("executors", "the capability `blocking` has no rules yet"),
    ),
    row(
        "LOOP-61",
        "a job that has not started can be cancelled",
        Later("executors", "the capability `blocking` has no rules yet"),
    ),
    row("LOOP-62", "only thread pools can be the default executor", Meaningless("the type is the check")),
    row(
        "LOOP-63",
        "the executor is shut down in an orderly way",
        Later("executors", "the capability `blocking` has no rules yet"),
    ),
    row(
        "LOOP-64",
        "a callback runs in the context that it was scheduled in",
        Meaningless("there are no context variables; captures are the callback's own"),
    ),
    row("LOOP-65", "a factory for tasks can be set, and a closed loop drops what it is given cleanly", Kept),
    row(
        "LOOP-66",
        "asynchronous generators are closed with the loop",
        Meaningless("there are no asynchronous generators"),
    ),
    row("LOOP-67", "remote scheduling on the loop's own thread keeps the common order", Kept),
    row("LOOP-68", "remote scheduling fails cleanly when the loop is closed, also in a race", Kept),
    row("LOOP-69", "remote scheduling is safe from signal handlers and destructors", Kept),
    row("LOOP-70", "a wake-up channel that is full is no error", Kept),
    row("WATCH-01", "each registration leads to one call after the end", Kept),
    row("WATCH-02", "registering again replaces", Kept),
    row("WATCH-03", "removing tells whether there was something, and is obeyed", Kept),
    row("WATCH-04", "who collects a child that was removed", Kept),
    row("WATCH-05", "a registration is over before its callback starts", Kept),
    row("WATCH-06", "where callbacks run", Kept),
    row("WATCH-07", "a child that ended before is reported with its real status", Kept),
    row("WATCH-08", "no callback from inside of a method", Kept),
    row("WATCH-09", "a status that cannot be known is reported all the same", Kept),
    row("WATCH-10", "unknown is not 255", Kept),
    row("WATCH-11", "codes and signals are told apart", Kept),
    row("WATCH-12", "a stop is no end", Kept),
    row(
        "WATCH-13",
        "zero and negative pids are refused",
        Meaningless("the type is the check: a `Pid` is neither"),
    ),
    row("WATCH-14", "attaching detaches from the loop before", Kept),
    row(
        "WATCH-15",
        "detaching with registrations pending warns",
        Meaningless("nothing is lost by detaching, so there is nothing to warn of: see child.attached"),
    ),
    row("WATCH-16", "registrations survive attaching", Kept),
    row("WATCH-17", "attaching drops nothing", Kept),
    row("WATCH-18", "attaching that fails changes nothing", Kept),
    row("WATCH-19", "active means that children will be reported", Kept),
    row("WATCH-20", "closing frees everything, may be repeated, and ends being active", Kept),
    row("WATCH-21", "closing does not lose what is pending", Kept),
    row("WATCH-22", "a refusal leaves the child alone", Kept),
    row(
        "WATCH-23",
        "the watcher's own `with` block may be nested",
        Meaningless("there is no such block: nothing needs one"),
    ),
    row("WATCH-24", "a callback that fails does not hide other ends", Kept),
    row(
        "WATCH-25",
        "errors of the wait call are reported and survived",
        Later("resources", "programs cannot make system calls fail"),
    ),
    row("WATCH-26", "ends that come together are all reported", Kept),
    row("WATCH-27", "interrupted system calls are repeated", Kept),
    row("WATCH-28", "with SIGCHLD ignored the status is unknown, and nothing hangs", Kept),
    row("WATCH-29", "only registered children are collected", Kept),
    row("WATCH-30", "a child whose loop is closed is collected all the same", Kept),
    row("WATCH-31", "a watcher's methods may be called from any thread", Kept),
    row("WATCH-32", "a forked child tells nothing and closes nothing of the parent's", Kept),
    row(
        "WATCH-33",
        "a pid is not given back before its owner knows",
        Later("subprocess", "it cannot be seen from outside; owned processes are a capability of their own"),
    ),
    row(
        "WATCH-34",
        "a child is known by a handle, not by its number",
        Later("subprocess", "it cannot be seen from outside; `ChildToken` is the place for it"),
    ),
    row(
        "WATCH-35",
        "the threaded watcher needs a running loop",
        Meaningless("each registration names its loop, which need not run yet"),
    ),
    row("WATCH-36", "the threaded watcher works for every loop, without signals", Kept),
    row(
        "WATCH-37",
        "a thread that cannot be started loses no child",
        Later("resources", "programs cannot make threads fail"),
    ),
    row(
        "WATCH-38",
        "waiting threads keep no process alive",
        Later("resources", "a program cannot see its own process end"),
    ),
    row(
        "WATCH-39",
        "dropping a watcher with children warns",
        Meaningless("asyncio's own warning is never seen; closing keeps what is pending"),
    ),
    row(
        "WATCH-40",
        "the multi-loop watcher becomes active when attached on the main thread",
        Meaningless("it is active without being attached, and none depends on the main thread"),
    ),
    row("WATCH-41", "the multi-loop watcher restores the signal handler before it", Kept),
    row("WATCH-42", "the multi-loop watcher calls the signal handler before it", Kept),
    row("WATCH-43", "collecting does not re-enter itself", Kept),
    row("WATCH-44", "an end wakes a loop that sleeps", Kept),
    row("WATCH-45", "the loop that was named is told", Kept),
    row(
        "WATCH-46",
        "the safe watcher uses its loop's signal handler",
        Meaningless("watchers listen beside a loop's signal handlers, and do not take their place"),
    ),
    row("WATCH-47", "what ends while the loop does not run is reported when it runs again", Kept),
    row("WATCH-48", "the safe watcher asks for its own children only", Kept),
    row("WATCH-49", "the fast watcher refuses outside of its block", Kept),
    row("WATCH-50", "the fast watcher keeps the ends of unknown children for a while", Kept),
    row("WATCH-51", "books are kept under a lock, callbacks run outside of it", Kept),
    row("WATCH-52", "the fast watcher takes every child of the process", Kept),
    row("WATCH-53", "the fast watcher never reports what others collected", Kept),
    row("WATCH-54", "one descriptor a registration, never lost", Kept),
    row("WATCH-55", "no callback on the spot, and no wait that blocks", Kept),
    row("WATCH-56", "a pid that is no child ends as unknown", Kept),
    row(
        "WATCH-57",
        "pidfd is used where it works",
        Later("resources", "programs cannot take a system call away; the choice is the policy's"),
    ),
    row("WATCH-58", "a registration lands on the loop of its thread", Kept),
    row("PROC-01", "a number at once, which never changes", Kept),
    row("PROC-02", "a failing spawn reports the error and leaves nothing", Kept),
    row(
        "PROC-03",
        "contradictions of text mode, buffering and shell mode are refused",
        Meaningless("bytes are the only mode, and a shell is a program of its own"),
    ),
    row("PROC-04", "each stream is a pipe, inherited, nothing, given, or merged", Kept),
    row("PROC-05", "the code is none until the end is observed, and constant then", Kept),
    row("PROC-06", "wait gives the code to any number of waiters, also late", Kept),
    row("PROC-07", "wait depends on the end only, not on pipes", Kept),
    row("PROC-08", "cancelling a wait affects neither the process nor others", Kept),
    row("PROC-09", "connection made first, connection lost last", Kept),
    row("PROC-10", "per pipe all bytes, then one end", Kept),
    row("PROC-11", "the end may come before or after pipe events", Kept),
    row("PROC-12", "the end is delivered exactly once", Kept),
    row("PROC-13", "terminate, kill and send_signal send what they say", Kept),
    row("PROC-14", "signalling after the end is refused", Kept),
    row("PROC-15", "signalling an end that is not reported yet is ignored", Kept),
    row("PROC-16", "signalling never consumes the status", Kept),
    row("PROC-17", "closing kills what is alive, and only that", Kept),
    row("PROC-18", "after closing the end is still collected", Kept),
    row("PROC-19", "tear-down after the loop is closed is quiet", Kept),
    row("PROC-20", "dropping a live process warns and closes it", Kept),
    row("PROC-21", "cancelling creation kills and collects the child", Kept),
    row("PROC-22", "a registration that fails leaves no child unobserved", Kept),
    row("PROC-23", "communicate feeds, reads both, and waits", Kept),
    row("PROC-24", "communicate ignores a broken pipe", Kept),
    row("PROC-25", "communicate without input closes standard input", Kept),
    row("PROC-26", "writing to a closed standard input is a broken pipe", Kept),
    row("PROC-27", "the parent's ends are not inherited by other children", Kept),
    row("PROC-28", "reading pauses at the limit and loses nothing", Kept),
    row("PROC-29", "closing flushes what was accepted", Kept),
    row("PROC-30", "pipe transports own their descriptors, which do not block", Kept),
    row("PROC-31", "many children never mix", Kept),
    row(
        "PROC-32",
        "spawning should not block the loop",
        Meaningless(
            "the loop waits until the program has begun, which takes no longer the bigger the process is",
        ),
    ),
    row(
        "PROC-33",
        "sessions and groups do not affect reporting",
        Later("process", "a program sees its session, not whoever waits for it: `impls/os/tests/programs`"),
    ),
    row(
        "PROC-34",
        "ignored signals are inherited",
        Meaningless("left to the system, but for SIGPIPE, which is put back"),
    ),
    row("PROC-35", "spawning works on any thread whose watcher is active", Kept),
    row("PROC-36", "where handles are waited for no watcher is involved", Later("process", "for Windows")),
    row("PROC-37", "waiters are completed once, cancelled ones skipped", Kept),
    row("IO-40", "numbers are checked before anything else, and refused if they are no signals", Kept),
    row("IO-41", "signals that cannot be caught are refused, and nothing is left", Kept),
    row("IO-42", "one handler a signal and loop, and adding replaces", Kept),
    row("IO-43", "handlers run on the loop, and an error does not remove them", Kept),
    row("IO-44", "a burst gives one call at least, and no more than were raised", Kept),
    row("IO-45", "no signal is lost because the channel is full", Kept),
    row("IO-46", "a signal wakes a loop that waits, and is kept for one that is stopped", Kept),
    row("IO-47", "removing says whether there was a handler, which is not called any more", Kept),
    row("IO-48", "removing puts back what was there before", Kept),
    row("IO-49", "closing removes all", Kept),
    row("IO-50", "several loops hear the same signal", Kept),
    row(
        "IO-51",
        "calls from other threads fail cleanly",
        Meaningless(
            "a loop cannot leave its context: the type forbids it; and on every thread one may listen",
        ),
    ),
    row(
        "IO-52",
        "system calls are begun again after a handler",
        Later("signals", "programs make no system calls of their own: `impls/os/tests/signals.rs`"),
    ),
    row(
        "IO-53",
        "a forked child's signals are not its parent's",
        Later("signals", "programs that fork raise nothing yet: `impls/os/tests/signals.rs`"),
    ),
    row("IO-54", "a handler and a child watcher share the signal of children", Kept),
    row(
        "IO-55",
        "loops without signals say so",
        Meaningless("what a loop lacks is a field of its capabilities that is empty"),
    ),
];

/// The ancestor of that number.
#[must_use]
pub fn find(id: &str) -> Option<&'static Ancestor> {
    ANCESTORS.iter().find(|ancestor| ancestor.id == id)
}
