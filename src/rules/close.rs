//! Promises about ending a loop.

rules! {
    /// Closing a running loop MUST be refused and leave it running and usable.
    Must RUNNING = "close.running" from ["LOOP-14"]
        why "A half-closed loop would drop the ground under the callback that runs."
        check "whether closing looks at the state before it changes anything";
    /// A closed loop MUST stay closed, and closing it again MUST be accepted.
    Must FINAL = "close.final" from ["LOOP-15"]
        why "Owners close in destructors, whatever happened before."
        check "whether the second close returns before it touches what the first has freed";
    /// Running a closed loop MUST be refused.
    Must RUN = "close.run" from ["LOOP-10"]
        why "A closed loop has nothing left to wait with."
        check "whether running looks at the state first";
    /// A closed loop MUST hand back every callback that it is asked to schedule.
    Must REJECTS = "close.rejects" from ["LOOP-17"]
        why "What was handed in may be the only copy."
        check "whether the state is looked at before the callback is moved into a queue";
    /// Closing MUST drop every waiting callback, uncalled, exactly once, before it returns.
    Must DROPS = "close.drops" from ["LOOP-16"]
        why "What waits holds resources that nobody else can free."
        check "whether timers, remote work and tasks are all emptied";
    /// What a waiting callback captured MUST be free to call the loop from its `Drop`.
    Must REENTRY = "close.reentry" from []
        why "Destructors call whatever loop they know."
        check "whether queues are taken out of their cells before they are dropped";
    /// On a closed loop, stopping, cancelling, reading the clock and asking for its state MUST be
    /// harmless.
    Must HARMLESS = "close.harmless" from ["LOOP-18"]
        why "Clean-up code runs in any order."
        check "whether every method copes with what closing has freed";
    /// From the moment when closing drops the first callback, the loop MUST refuse whatever the
    /// `Drop` of a callback asks for, also through the remote half.
    Must DURING = "close.during" from ["LOOP-17", "LOOP-69"]
        why "What is accepted while the queues are emptied would be lost, or never freed."
        check "whether the state changes before the first callback is dropped";
    /// Closing a loop from inside of its own closing MUST be accepted and do nothing.
    Must NESTED = "close.nested" from ["LOOP-15"]
        why "The capture of a callback may own the loop, and close it."
        check "what closing answers between the change of state and its end";
    /// Closing MUST give back every descriptor that the loop has opened.
    Must DESCRIPTORS = "close.descriptors" from ["LOOP-19"]
        why "Tests and servers make loops by the thousand, and handles outlive closing."
        check "whether what waits and what wakes are closed by closing, or only by the last handle";
    /// Dropping the last handle of an open loop MUST end it as closing does: what waits is dropped,
    /// uncalled, and the remote half says that the loop is closed and hands back what it is given.
    Must ABANDONED = "close.abandoned" from ["LOOP-21"]
        why "Threads that hold the remote half would wait for ever, and captures would never be freed."
        check "whether the loop closes itself when it is dropped";
}
