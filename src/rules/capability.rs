//! Promises about what a loop offers beyond running callbacks.

rules! {
    /// What a loop offers MUST stay the same until it is closed, inside of its runs and outside.
    Must SAME = "capability.same" from []
        why "Callers ask once, when they are made, and rely on the answer."
        check "whether the answer depends on what the loop is doing, or on what it has opened so far";
    /// A closed loop MUST refuse to take a step, to watch a source and to start a program: the step
    /// because it is closed, and for no other reason.
    Must REFUSED = "capability.refused" from ["LOOP-17"]
        why "What is begun on a closed loop is never reported."
        check "whether each capability looks at the state, and not only the methods of the loop";
    /// On a closed loop, setting the exception handler MUST be harmless, and asking for the next
    /// deadline or removing a source MUST find nothing.
    Must HARMLESS = "capability.harmless" from ["LOOP-18"]
        why "Clean-up code runs in any order, and holds what it asked for when the loop was open."
        check "whether each method copes with what closing has freed";
}
