//! Promises about a watcher that collects every child of the process.
//!
//! A subject whose watcher lacks the capability [`Reaper`](crate::Reaper) says that it lacks this family.

rules! {
    /// With a handler for strangers, the end of each child that nobody had registered MUST be told to it,
    /// once and with its status, on the context of the loop that the watcher is attached to.
    Must TOLD = "reaper.told" from ["WATCH-52", "B24"]
        why "The first process of a container has children that it never started, and must not keep them as zombies."
        check "whether a child that is not in the table is told of, or only collected";
    /// Without one, the status MUST be given to whoever asks for it, once.
    Must KEPT = "reaper.kept" from ["WATCH-50", "WATCH-53", "B24"]
        why "Whoever started the child waits for it in vain, and has nobody else to ask."
        check "whether statuses that nobody had asked for are thrown away";
    /// A child that ended inside of a bracket for spawning and is registered afterwards MUST be reported with
    /// its real status.
    Must LATE = "reaper.late" from ["WATCH-49", "WATCH-50"]
        why "A short-lived child ends before whoever started it knows its number."
        check "whether a registration looks among the ends of strangers first";
}
