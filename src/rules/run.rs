//! Promises about running a loop.

rules! {
    /// A loop MUST say that it is running exactly while its run is under way, and closed exactly
    /// after it was closed.
    Must STATE = "run.state" from ["LOOP-01", "LOOP-02"]
        why "Other code decides by it whether it may run or close the loop."
        check "whether the state is set by a guard that also works in a panic";
    /// Inside a run, and only there, the running loop of the context MUST be the loop that runs.
    Must CURRENT = "run.current" from ["POL-11", "POL-12"]
        why "Libraries find their loop by it."
        check "whether running goes through `Loop::run_forever`";
    /// Running a loop from inside its own run MUST be refused and change nothing.
    Must NESTED = "run.nested" from ["LOOP-11", "B10"]
        why "A turn inside of a turn breaks every order."
        check "whether the refusal comes before any change of state";
    /// Running another loop of the same context from inside a run MUST be refused and change
    /// neither.
    Must OTHER = "run.other" from ["LOOP-12"]
        why "One context cannot wait in two places."
        check "whether the context is asked which loop runs in it";
    /// A loop MUST be usable again after any run, however that ended.
    Must AGAIN = "run.again" from ["LOOP-22", "LOOP-29"]
        why "Tests and scripts run a loop many times."
        check "what the end of a run leaves behind, also after a panic";
    /// A callback that panics MUST NOT keep the other callbacks from running, nor end the run,
    /// nor stay unreported, where panics unwind.
    Must PANIC = "run.panic" from ["LOOP-50"]
        why "One bad callback must not take a server down, nor go unnoticed."
        check "whether each callback is called inside of a catch that reports";
    /// A run MUST last until the loop is stopped, even if nothing is left to do.
    Must LASTS = "run.lasts" from ["LOOP-03"]
        why "A server that waits for its first client has nothing to do yet."
        check "what a turn does when no callback and no timer is left";
    /// A panic of a callback MUST be reported once, and on the loop's context.
    Must REPORT = "run.report" from ["LOOP-50"]
        why "Handlers count failures, and use what lives on the loop's context."
        check "whether both the callback's and the task's layer report";
    /// A panic MUST be reported to the exception handler that is set at that moment.
    Must HANDLER = "run.handler" from ["LOOP-52"]
        why "Whoever replaces the handler takes over from then on, and gives away no more."
        check "whether the handler is read when a run begins";
    /// Whatever a program does with loops, policies and watchers, the process MUST go on: no abort,
    /// no crash, no exit.
    Must ALIVE = "run.alive" from []
        why "A process is more than its loop."
        check "where the history ends: what is called next is what does not come back";
    /// Every method of a loop, a policy or a watcher MUST return, and a run MUST once the loop was
    /// stopped.
    Must RETURNS = "run.returns" from []
        why "What never returns can be neither awaited nor repaired."
        check "what is waited for that the waiting context itself would have to do";
    /// An exception handler that panics MUST NOT end the run.
    Must STURDY = "run.sturdy" from ["LOOP-53"]
        why "The handler is user code, too, and runs when things are bad already."
        check "whether the handler is called inside of a catch of its own";
    /// A signal whose handler returns MUST NOT end the run, fire a timer early, or lose a callback.
    Must INTERRUPTED = "run.interrupted" from ["LOOP-35"]
        why "Any library may send signals, to any thread, at any time."
        check "whether a wait that ends with \"interrupted\" counts as one in which nothing happened";
}
