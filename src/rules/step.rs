//! Promises about a loop that a host drives, turn by turn.
//!
//! A subject whose loops lack the capability [`Step`](crate::Step) says that it lacks this family.

rules! {
    /// A step MUST run every callback that was ready when it was asked for, and every one whose time
    /// had come, and none that is scheduled in it.
    Must TURN = "step.turn" from []
        why "A host shares its time: it must know that a step gets on, and that it comes to an end."
        check "whether the batch is closed before the first callback runs";
    /// A step MUST say whether any callback ran in it.
    Must SAYS = "step.says" from []
        why "A host goes on until nothing is left, and then lets others have their turn."
        check "whether timers, remote callbacks and those that were cancelled are counted rightly";
    /// A step MUST come back once the time is over that it may wait.
    Must BOUND = "step.bound" from []
        why "The host's own work waits meanwhile."
        check "whether the earlier of the next timer and the host's bound is taken";
    /// A step that runs nothing MUST last as long as it may wait, unless the loop is stopped.
    Must WAITS = "step.waits" from []
        why "A host that leaves the waiting to the loop would be busy instead."
        check "whether a wait that ends early is begun anew: by a signal, or a wake that brings nothing";
    /// The next deadline MUST be in the past or the present if a callback is ready, else that of the
    /// first timer that waits, and none if there is none. What was ready when it was cancelled, in the last
    /// step or since, may still count.
    Must DEADLINE = "step.deadline" from []
        why "A host sleeps until then: too late is a timer missed, too early is a turn for nothing."
        check "whether cancelled timers are passed over, and remote callbacks seen";
    /// A step MUST use up a stop that was called in it or before it, as a run does.
    Must STOP = "step.stop" from ["LOOP-06"]
        why "A stop that is left over ends a run for no visible reason."
        check "whether both ways out of the engine clear the stop";
}
