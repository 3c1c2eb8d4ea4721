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
}
