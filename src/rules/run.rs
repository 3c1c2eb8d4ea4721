//! Promises about running a loop.

rules! {
    /// A loop MUST say that it is running exactly while its run is under way, and closed exactly
    /// after it was closed.
    Must STATE = "run.state" from ["LOOP-01", "LOOP-02"];
    /// Inside a run, and only there, the running loop of the context MUST be the loop that runs.
    Must CURRENT = "run.current" from ["POL-11", "POL-12"];
    /// Running a loop from inside its own run MUST be refused and change nothing.
    Must NESTED = "run.nested" from ["LOOP-11", "B10"];
    /// Running another loop of the same context from inside a run MUST be refused and change
    /// neither.
    Must OTHER = "run.other" from ["LOOP-12"];
    /// A loop MUST be usable again after any run, however that ended.
    Must AGAIN = "run.again" from ["LOOP-22"];
    /// A callback that panics MUST NOT keep the other callbacks from running, nor end the run,
    /// nor stay unreported, where panics unwind.
    Must PANIC = "run.panic" from ["LOOP-50"];
}
