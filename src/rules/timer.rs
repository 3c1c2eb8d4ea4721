//! Promises about callbacks that are to run at a time.

rules! {
    /// A callback MUST NOT start before the loop's clock has reached its deadline.
    Must EARLY = "timer.early" from ["LOOP-38", "B15"];
    /// Of two timers that are due in the same turn, the one with the earlier deadline MUST start
    /// first.
    Must ORDER = "timer.order" from ["LOOP-39"];
    /// Timers of equal deadline MUST start in the order of the calls.
    Must TIE = "timer.tie" from ["LOOP-40", "B15"];
    /// A deadline that is now or in the past MUST be accepted, and its callback run in a later
    /// turn.
    Must PAST = "timer.past" from ["LOOP-41"];
    /// A deadline that is never reached, however far, MUST be accepted, and its callback not run.
    Must FAR = "timer.far" from ["LOOP-34", "LOOP-42"];
    /// The loop's clock MUST NOT go backwards.
    Must MONOTONIC = "timer.monotonic" from ["LOOP-36", "B16"];
}
