//! Promises about forked children: they leave alone what they inherit, and can begin anew.
//!
//! *Inherited* is what was made before the fork, by the parent. A subject that does not notice
//! forks says that it lacks this family.

rules! {
    /// In a forked child, an inherited loop MUST NOT be seen as running, even if the fork happened
    /// in one of its callbacks.
    Must RUNNING = "fork.running" from ["POL-26", "B09"]
        why "Code that finds a running loop schedules on it, and would wait for ever."
        check "whether the mark of the running loop is cleared where forks are noticed";
    /// In a forked child, a policy MUST NOT give an inherited loop as the current one: it makes
    /// another, or says that there is none.
    Must CURRENT = "fork.current" from ["POL-27", "B09"]
        why "Libraries ask the policy, and cannot know that the process has forked."
        check "whether the policy keeps its loops in a `PerContext`, which is empty in the child";
    /// In a forked child, an inherited loop that was open MUST refuse to run and to be closed, and
    /// both of its halves MUST hand back callbacks, all for the reason that it belongs to another
    /// process.
    Must REFUSES = "fork.refuses" from ["POL-28", "B09"]
        why "Work that is taken and never run is lost without a trace."
        check "whether each method compares the stamp of the process before it does anything else";
    /// In a forked child, a loop that the policy makes MUST work at once: it can be stored, it runs
    /// callbacks of its context, remote ones and timers, and it can be closed.
    Must FRESH = "fork.fresh" from ["POL-27"]
        why "Servers fork first, and run a loop in each child."
        check "what of the parent the new loop shares, and whose stamp it bears";
    /// In a forked child, a callback that was given to an inherited loop or watcher MUST NOT run.
    Must CALLS = "fork.calls" from ["POL-28", "WATCH-32"]
        why "It runs in the parent, and what it does would be done twice."
        check "whether a refused run looks at its queues first, and what the watcher does when it is closed";
    /// In a forked child, the run MUST end in one of whose callbacks the process forked, as soon as that
    /// callback is over, for the reason that the loop belongs to another process.
    Must ENDS = "fork.ends" from ["POL-28"]
        why "A child that comes back from its callback would go on as a second parent."
        check "whether a run looks at the stamp again after its callbacks, and before it ends well";
    /// In a forked child, an inherited loop whose last handle is dropped MUST NOT drop the callbacks that
    /// it holds.
    Must DROPS = "fork.drops" from []
        why "What they captured may be shared with the parent: files that they remove, locks that they free."
        check "whether dropping a loop closes it without a look at the stamp";
    /// In a forked child, methods of inherited loops, remote halves and watchers MUST return.
    Must RETURNS = "fork.returns" from ["POL-28"]
        why "The threads of the parent are gone in the child, and with them who would wake it."
        check "whether a lock is taken, or another thread waited for, before the stamp is compared";
    /// What a forked child does with an inherited loop MUST NOT disturb the parent: there, what was
    /// scheduled still runs, remote work still wakes the loop, and runs end only when they are
    /// stopped.
    Must PARENT = "fork.parent" from ["POL-28", "B09"]
        why "Both processes share the kernel's objects, and a child that tidies up would tidy up for both."
        check "which descriptors the child's call writes to, or takes out of a shared poller";
    /// What a forked child does with an inherited watcher MUST NOT disturb the parent: there, each
    /// registered child is still reported, once and with the truth.
    Must CHILD = "fork.child" from ["WATCH-32", "B09"]
        why "Exit handlers of the child close what they find, watchers included."
        check "whether closing and removing compare the stamp before they touch a process or a descriptor";
    /// In a forked child, an inherited watcher MUST say that it is not active, refuse registrations,
    /// and find nothing to remove.
    Must WATCHER = "fork.watcher" from ["WATCH-32"]
        why "Whoever believes it waits for a child of which nobody will ever tell."
        check "whether each method of the watcher compares the stamp of the process";
    /// In a forked child, a policy MUST give another child watcher than the parent's, which reports the
    /// children of the forked child.
    Must REPORTS = "fork.reports" from ["WATCH-32", "B09"]
        why "Servers fork first, and start programs in each child."
        check "whether the policy keeps the watcher's process beside it, and what watchers keep for the whole process";
}
