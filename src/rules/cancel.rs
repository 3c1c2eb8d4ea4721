//! Promises about callbacks that are not to run after all.

rules! {
    /// After cancelling has answered true, the callback MUST NOT start, even in the same turn.
    Must NEVER = "cancel.never" from ["LOOP-44"];
    /// Cancelling MUST answer true exactly if the callback was waiting to run.
    Must ANSWER = "cancel.answer" from ["LOOP-45"];
    /// A cancelled callback MUST be dropped, with all that it captured, before the call returns.
    Must DROPS = "cancel.drops" from ["LOOP-46"];
    /// A handle of another loop MUST cancel nothing.
    Must FOREIGN = "cancel.foreign" from [];
    /// A handle whose callback has started, or was cancelled, MUST NOT cancel anything, however
    /// many callbacks were scheduled since.
    Must STALE = "cancel.stale" from ["LOOP-45"];
    /// What a cancelled callback captured MUST be free to call the loop from its `Drop`.
    Must REENTRY = "cancel.reentry" from [];
}
