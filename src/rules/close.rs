//! Promises about ending a loop.

rules! {
    /// Closing a running loop MUST be refused and leave it running and usable.
    Must RUNNING = "close.running" from ["LOOP-14"];
    /// A closed loop MUST stay closed, and closing it again MUST be accepted.
    Must FINAL = "close.final" from ["LOOP-15"];
    /// Running a closed loop MUST be refused.
    Must RUN = "close.run" from ["LOOP-10"];
    /// A closed loop MUST hand back every callback that it is asked to schedule.
    Must REJECTS = "close.rejects" from ["LOOP-17"];
    /// Closing MUST drop every waiting callback, uncalled, exactly once, before it returns.
    Must DROPS = "close.drops" from ["LOOP-16"];
    /// What a waiting callback captured MUST be free to call the loop from its `Drop`.
    Must REENTRY = "close.reentry" from [];
    /// On a closed loop, stopping, cancelling, reading the clock and asking for its state MUST be
    /// harmless.
    Must HARMLESS = "close.harmless" from ["LOOP-18"];
}
