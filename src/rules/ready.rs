//! Promises about callbacks that are to run soon.

rules! {
    /// Callbacks that were asked for with `call_soon` MUST start in the order of the calls.
    Must FIFO = "ready.fifo" from ["LOOP-30"]
        why "Programs reason about the order of what they schedule."
        check "whether the queue is one queue";
    /// A callback MUST NOT start more than once.
    Must ONCE = "ready.once" from ["LOOP-30"]
        why "A callback is consumed by its call."
        check "whether an entry is taken out before it is called";
    /// A callback MUST NOT run from inside the call that schedules something; one callback runs
    /// to its end before the next one starts.
    Must LATER = "ready.later" from ["LOOP-31"]
        why "Callers hold borrows while they schedule."
        check "whether there is a short cut for an empty queue";
    /// Callbacks MUST run on the context of the loop.
    Must OWNER = "ready.owner" from []
        why "Callbacks use what lives on the loop's context without locks."
        check "who calls what comes through the remote half";
    /// While the loop runs, every callback that was accepted, is due and is not cancelled MUST
    /// start.
    Must PROGRESS = "ready.progress" from ["LOOP-03", "LOOP-30"]
        why "A callback that is lost is a program that hangs."
        check "whether everything that waits is looked at before the loop sleeps or returns";
    /// A loop MUST have room for a callback when no other waits.
    Must ROOM = "ready.room" from []
        why "Whoever was refused tries again when the others have run."
        check "whether the place of a callback that ran, or was cancelled, is free again after the turn";
    /// A loop MUST take as many callbacks as there is memory for, unless its capacity is fixed, and then
    /// it says that it lacks this rule.
    Must GROWS = "ready.grows" from []
        why "Programs that run on computers are not written for a loop that is full."
        check "whether every queue and table grows, timers' and handles' among them";
    /// Callbacks that schedule themselves for ever MUST NOT keep a timer that is due from running:
    /// of those that are asked for by callbacks that started when it was due, at most 1024 start before it.
    Must FAIR = "ready.fair" from ["LOOP-33"]
        why "One busy callback must not stop time-outs."
        check "whether each turn looks at the timers, however full the queue is";
}
