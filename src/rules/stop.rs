//! Promises about ending a run.

rules! {
    /// After a stop on the loop's context, a callback that was asked for later MUST NOT start before
    /// the run has returned.
    Must RETURNS = "stop.returns" from ["LOOP-05"]
        why "Whoever stops wants to go on after the run."
        check "whether the stop is looked at after each turn";
    /// A stop MUST let the other callbacks of the same turn run before the run returns.
    Must BATCH = "stop.batch" from ["LOOP-05"]
        why "What was ready with the stopper may be its other half."
        check "whether the stop is looked at inside of a turn";
    /// What was waiting when the run returned MUST be kept, and run in the next run.
    Must KEEPS = "stop.keeps" from ["LOOP-05"]
        why "A stop is a pause, not an end."
        check "whether the end of a run empties a queue";
    /// A stop of an idle loop MUST make the next run return after one turn: what was ready runs,
    /// what that schedules does not.
    Must BEFORE = "stop.before" from ["LOOP-04", "LOOP-07", "B12"]
        why "It is how one turn is run on purpose."
        check "whether a run forgets the stop when it begins";
    /// Stops on the loop's context MUST NOT add up: a run that has returned has used up every such
    /// stop before. One from elsewhere has its place among the work, and may be left to the next run.
    Must ONCE = "stop.once" from ["LOOP-06", "LOOP-09"]
        why "A left-over stop ends a later run for no visible reason."
        check "whether the stop is a flag that the end of a run clears";
    /// A callback that stops the loop and then panics MUST have stopped it.
    Must PANIC = "stop.panic" from ["LOOP-09"]
        why "Clean-up that stops the loop may fail afterwards."
        check "what else is undone when a callback unwinds";
}
