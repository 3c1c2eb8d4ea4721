//! Promises about tasks.

rules! {
    /// Running a loop until a future is complete MUST give the future's output.
    Must OUTPUT = "future.output" from ["LOOP-24", "LOOP-25"];
    /// A run that is stopped before the future is finished MUST say so, and the future MUST be
    /// completable by another run.
    Must STOPPED = "future.stopped" from ["LOOP-26", "LOOP-28"];
    /// A task MUST be polled once when it is started, and then only after it was woken.
    Must WOKEN = "future.woken" from [];
    /// A task that was woken, from whatever thread, MUST be polled again.
    Must WAKES = "future.wakes" from ["LOOP-49"];
    /// A task that is awaited MUST give its output.
    Must JOIN = "future.join" from [];
    /// A cancelled task MUST NOT be polled again, and its future MUST be dropped.
    Must CANCEL = "future.cancel" from [];
    /// A future MUST be dropped on the context of its loop, at the latest when the loop is closed.
    Must DROPPED = "future.dropped" from [];
    /// A sleep MUST NOT end before its time.
    Must SLEEP = "future.sleep" from ["LOOP-38"];
}
