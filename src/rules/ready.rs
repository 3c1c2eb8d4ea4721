//! Promises about callbacks that are to run soon.

rules! {
    /// Callbacks that were asked for with `call_soon` MUST start in the order of the calls.
    Must FIFO = "ready.fifo" from ["LOOP-30"];
    /// A callback MUST NOT start more than once.
    Must ONCE = "ready.once" from ["LOOP-30"];
    /// A callback MUST NOT run from inside the call that schedules something; one callback runs
    /// to its end before the next one starts.
    Must LATER = "ready.later" from ["LOOP-31"];
    /// Callbacks MUST run on the context of the loop.
    Must OWNER = "ready.owner" from [];
    /// While the loop runs, every callback that was accepted, is due and is not cancelled MUST
    /// start.
    Must PROGRESS = "ready.progress" from ["LOOP-03", "LOOP-30"];
    /// Callbacks that schedule themselves for ever MUST NOT keep a timer that is due from running:
    /// at most 1024 callbacks start between the moment it is due and its start.
    Must FAIR = "ready.fair" from ["LOOP-33"];
}
