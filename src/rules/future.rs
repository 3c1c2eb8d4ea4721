//! Promises about tasks.

rules! {
    /// Running a loop until a future is complete MUST give the future's output.
    Must OUTPUT = "future.output" from ["LOOP-24", "LOOP-25"]
        why "It is what the run is for."
        check "where the output is kept between the last poll and the return";
    /// A run that is stopped before the future is finished MUST say so, and the future MUST be
    /// completable by another run.
    Must STOPPED = "future.stopped" from ["LOOP-26", "LOOP-28"]
        why "A stop that looks like success loses the rest of the work."
        check "what a run for a future returns when its turns end without the output";
    /// A task MUST be polled once when it is started, and then only after it was woken.
    Must WOKEN = "future.woken" from []
        why "Polling without a wake wastes the processor and hides lost wakes."
        check "whether turns poll tasks that are merely there";
    /// A task that was woken, from whatever thread, MUST be polled again.
    Must WAKES = "future.wakes" from ["LOOP-49"]
        why "A task that was woken and is not polled hangs for ever."
        check "whether a wake during a poll, and one from another thread, are both kept";
    /// A task that is awaited MUST give its output.
    Must JOIN = "future.join" from []
        why "Tasks are composed by awaiting them."
        check "whether the awaiter is woken when the output is there";
    /// A cancelled task MUST NOT be polled again, and its future MUST be dropped.
    Must CANCEL = "future.cancel" from []
        why "A cancelled task must let go of what it holds, soon."
        check "whether cancelling schedules the task once more, so that it is dropped on its context";
    /// A future MUST be dropped on the context of its loop, at the latest when the loop is closed.
    Must DROPPED = "future.dropped" from []
        why "Futures hold what is not `Send`."
        check "whether closing calls `TaskSet::cancel_all` and then empties the remote half";
    /// A sleep MUST NOT end before its time.
    Must SLEEP = "future.sleep" from ["LOOP-37", "LOOP-38"]
        why "Time-outs and rate limits count on it."
        check "whether the deadline is made from a clock that was read after the call";
    /// A run for a future MUST let what was ready when it began run before it returns, even if the
    /// future is finished at once.
    Must TURN = "future.turn" from ["LOOP-25"]
        why "What was scheduled before the run is part of what the caller waits for."
        check "whether the future is polled before the first turn";
    /// If the future that a run is for panics, the run MUST panic, too.
    Must PANIC = "future.panic" from ["LOOP-24", "LOOP-29"]
        why "The caller of the run is the only one who waits for it."
        check "what the run does with a panic that comes from its own future";
    /// Awaiting a task that panicked MUST say so, and not that it was cancelled; and only then.
    Must FAILS = "future.fails" from []
        why "A bug is to be reported, a cancellation is not."
        check "who notes the panic before the awaiter is woken";
    /// A task MUST NOT be polled from inside the call that spawns or wakes it, nor from inside a
    /// callback or another poll.
    Must LATER = "future.later" from ["LOOP-31"]
        why "Callers hold borrows while they spawn and wake."
        check "whether a wake on the loop's own context takes a short cut";
    /// A task MUST be polled after it was spawned, without anybody's wake.
    Must STARTS = "future.starts" from []
        why "Nothing could wake it before it was polled once."
        check "whether the first poll is scheduled with the spawn";
    /// Tasks that are woken on the loop's context MUST be polled in the order in which they were
    /// woken.
    Must FIFO = "future.fifo" from ["LOOP-30"]
        why "Fairness among tasks, and the order of locks and channels, rest on it."
        check "whether polls have a queue of their own, and in which order it is emptied";
    /// The future of a task that is finished MUST be dropped before whoever awaits it goes on.
    Must FREES = "future.frees" from []
        why "The awaiter takes back what the future had borrowed or locked."
        check "whether the output is published before the future is dropped";
    /// A closed loop MUST hand back the future that it is asked to spawn.
    Must CLOSED = "future.closed" from ["LOOP-17", "LOOP-65"]
        why "The future may be the only copy, and can be run elsewhere."
        check "whether spawning looks at the state first";
    /// A sleep MUST end once its time has come.
    Must ENDS = "future.ends" from ["LOOP-37"]
        why "A sleep that never ends is a program that hangs."
        check "whether the timer wakes the waker of the last poll";
    /// A task whose handle is dropped MUST go on.
    Must DETACH = "future.detach" from []
        why "Work that nobody awaits is common."
        check "whether dropping the handle cancels";
    /// The handle of a task MUST say that it is finished exactly when it is.
    Must STATE = "future.state" from []
        why "Callers poll it instead of awaiting."
        check "whether a panic counts as an end";
    /// Dropping what `cancel_on_drop` gave MUST cancel the task.
    Must SCOPE = "future.scope" from []
        why "Scopes are left early, by errors and panics."
        check "what the guard does when it is dropped";
}
