//! Promises about callbacks that are not to run after all.

rules! {
    /// After cancelling has answered true, the callback MUST NOT start, even in the same turn.
    Must NEVER = "cancel.never" from ["LOOP-44"]
        why "Whoever cancels may free what the callback would have used."
        check "whether a turn copies its callbacks out of the queue before it runs them";
    /// Cancelling MUST answer true exactly if the callback was waiting to run.
    Must ANSWER = "cancel.answer" from ["LOOP-45"]
        why "The answer decides who cleans up: the callback or the canceller."
        check "whether handles are forgotten when their callback starts, timers included";
    /// A cancelled callback MUST be dropped, with all that it captured, before the call returns.
    Must DROPS = "cancel.drops" from ["LOOP-46"]
        why "Locks, channels and memory are captured; they must not live until a far deadline."
        check "whether cancelled entries stay in the queue as tombstones that own their callback";
    /// A handle of another loop MUST cancel nothing.
    Must FOREIGN = "cancel.foreign" from []
        why "A handle can be stored apart from its loop, and a mix-up must not hit a stranger."
        check "whether handles are indices of a table, and come from `Handles`";
    /// A handle whose callback has started, or was cancelled, MUST NOT cancel anything, however
    /// many callbacks were scheduled since.
    Must STALE = "cancel.stale" from ["LOOP-45"]
        why "Long-lived programs keep handles of what is over."
        check "whether places in a table are used again without a generation";
    /// What a cancelled callback captured MUST be free to call the loop from its `Drop`.
    Must REENTRY = "cancel.reentry" from []
        why "Destructors of captures close connections, which cancel and schedule."
        check "whether the callback is taken out of its table before it is dropped, outside of the borrow";
    /// While a callback is being dropped because it was cancelled, its handle MUST NOT cancel
    /// anything any more.
    Must SELF = "cancel.self" from ["LOOP-45"]
        why "The capture of a callback often keeps the callback's own handle, to cancel it."
        check "whether the handle is forgotten before the callback is dropped";
    /// Dropping a `CancelOnDrop` MUST cancel the callback that it names.
    Must SCOPE = "cancel.scope" from []
        why "Scopes are left early, by errors and panics."
        check "what the guard does when it is dropped";
}
