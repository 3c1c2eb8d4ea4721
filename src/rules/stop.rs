//! Promises about ending a run.

rules! {
    /// After a stop, a callback that was asked for later MUST NOT start before the run has
    /// returned.
    Must RETURNS = "stop.returns" from ["LOOP-05"];
    /// A stop MUST let the other callbacks of the same turn run before the run returns.
    Must BATCH = "stop.batch" from ["LOOP-05"];
    /// What was waiting when the run returned MUST be kept, and run in the next run.
    Must KEEPS = "stop.keeps" from ["LOOP-05"];
    /// A stop of an idle loop MUST make the next run return after one turn: what was ready runs,
    /// what that schedules does not.
    Must BEFORE = "stop.before" from ["LOOP-04", "LOOP-07", "B12"];
    /// Stops MUST NOT add up: a run that has returned has used up every stop before.
    Must ONCE = "stop.once" from ["LOOP-06"];
}
