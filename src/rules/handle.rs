//! Promises about the numbers that name callbacks.

rules! {
    /// A handle MUST NOT be given twice, neither by one loop nor by two.
    Must UNIQUE = "handle.unique" from [];
}
