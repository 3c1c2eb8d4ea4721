//! Promises about the numbers that name callbacks.

rules! {
    /// A handle MUST NOT be given twice, neither by one loop nor by two.
    Must UNIQUE = "handle.unique" from []
        why "A number that is given twice cancels somebody else's callback."
        check "whether handles come from `Handles` or a lease of it";
    /// Loops of different contexts MUST NOT give the same handle.
    Must CONTEXTS = "handle.contexts" from []
        why "Handles may be sent to other threads, and come back to the wrong loop."
        check "whether each thread counts for itself";
}
