//! Promises about callbacks that are to run at a time.

rules! {
    /// A callback MUST NOT start before the loop's clock has reached its deadline.
    Must EARLY = "timer.early" from ["LOOP-38", "B15"]
        why "Deadlines are promises to others."
        check "in which direction times are rounded";
    /// Of two timers that are due in the same turn, the one with the earlier deadline MUST start
    /// first.
    Must ORDER = "timer.order" from ["LOOP-39"]
        why "A time-out set earlier must win over a later one."
        check "whether the timers are a queue by deadline";
    /// Timers of equal deadline MUST start in the order of the calls.
    Must TIE = "timer.tie" from ["LOOP-40", "B15"]
        why "Programs reason about the order of what they schedule."
        check "whether equal deadlines are told apart by a sequence number";
    /// A deadline that is now or in the past MUST be accepted, where there is room for any other, and
    /// its callback run in a later turn.
    Must PAST = "timer.past" from ["LOOP-41"]
        why "Computed deadlines are often past by the time of the call."
        check "whether a difference of times is allowed to be negative";
    /// A deadline that is never reached, however far, MUST be accepted, where there is room for any
    /// other, and its callback not run.
    Must FAR = "timer.far" from ["LOOP-34", "LOOP-42"]
        why "\"Never\" is a useful deadline."
        check "what is added to a deadline, and whether it wraps";
    /// The loop's clock MUST NOT go backwards.
    Must MONOTONIC = "timer.monotonic" from ["LOOP-36", "B16"]
        why "Differences of times must not be negative."
        check "which clock is read, and whether a run sets it";
    /// The loop's clock MUST go on while a callback runs.
    Must LIVE = "timer.live" from ["LOOP-36", "B16"]
        why "A callback that works for long sets its time-outs from now, not from when it began."
        check "whether the time is read once a turn and kept";
}
