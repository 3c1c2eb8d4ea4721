//! Promises about what contexts keep apart.

rules! {
    /// What one context puts into a `PerContext` MUST NOT be seen in another, nor displace what is
    /// there.
    Must APART = "context.apart" from ["POL-13"]
        why "What is kept there is not `Send`."
        check "what tells contexts apart, and whether a thread can inherit the mark of another";
    /// A `PerContext` MUST give back what the same context has put there last.
    Must KEPT = "context.kept" from []
        why "Policies and libraries keep their loop in it."
        check "whether two places can have the same key, and whether keys are used again";
}
