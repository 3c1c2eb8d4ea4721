//! Promises about noticing that children end.

rules! {
    /// Each registration MUST lead to exactly one call, after the child has ended, unless it was
    /// removed or replaced.
    Must ONCE = "child.once" from ["WATCH-01", "WATCH-05"];
    /// A child that exits MUST be reported with its exit code, 255 included.
    Must CODE = "child.code" from ["WATCH-10", "WATCH-11", "B27"];
    /// A child that a signal ends MUST be reported with that signal, and not as an exit code.
    Must SIGNAL = "child.signal" from ["WATCH-11"];
    /// A child that ended before it was registered MUST be reported with its real status.
    Must BEFORE = "child.before" from ["WATCH-07"];
    /// Stopping or continuing a child MUST NOT be taken for its end.
    Must STOPPED = "child.stopped" from ["WATCH-12"];
    /// A child that was not registered MUST NOT be collected.
    Must STRANGER = "child.stranger" from ["WATCH-29", "B24"];
    /// A child whose status cannot be known, because it is not ours or somebody else collected it,
    /// MUST be reported as unknown.
    Must UNKNOWN = "child.unknown" from ["WATCH-09", "WATCH-10", "WATCH-56", "B27"];
    /// Registering a pid again MUST replace the registration and hand back the former callback.
    Must REPLACE = "child.replace" from ["WATCH-02", "B25"];
    /// Removing MUST answer true exactly if there was a registration, which lasts until its child
    /// is collected, and the callback MUST NOT run afterwards.
    Must REMOVE = "child.remove" from ["WATCH-03", "B25"];
    /// A child whose registration was removed MUST be left for the caller to collect.
    Must CALLER = "child.caller" from ["WATCH-04"];
    /// A callback MUST NOT run from inside a method of the watcher.
    Must LATER = "child.later" from ["WATCH-08"];
    /// A callback MUST run on the context of the loop that was named, while that loop runs.
    Must OWNER = "child.owner" from ["WATCH-06", "WATCH-45"];
    /// A child that was reported MUST have been collected: no zombie is left.
    Must REAPED = "child.reaped" from ["WATCH-01"];
    /// When all children have been reported, the watcher MUST hold no more descriptors than before
    /// they were registered.
    Must DESCRIPTORS = "child.descriptors" from ["WATCH-20", "WATCH-54", "B26"];
    /// If the loop that should be told is closed first, the child MUST be collected all the same,
    /// and nothing be called.
    Must CLOSED = "child.closed" from ["WATCH-30"];
    /// A registration that is refused MUST hand back the callback and leave the child to be
    /// collected.
    Must REFUSED = "child.refused" from ["WATCH-22", "B23"];
    /// While a watcher says that it is active, it MUST accept registrations for loops that are
    /// open; a closed watcher MUST say that it is not active.
    Must ACTIVE = "child.active" from ["WATCH-19", "WATCH-20"];
    /// A closed watcher MUST refuse registrations, and still report those that were pending.
    Must CLOSE = "child.close" from ["WATCH-20", "WATCH-21"];
}
