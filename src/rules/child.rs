//! Promises about noticing that children end.

rules! {
    /// Each registration MUST lead to exactly one call, after the child has ended, unless it was
    /// removed or replaced.
    Must ONCE = "child.once" from ["WATCH-01", "WATCH-05", "WATCH-26", "WATCH-44", "WATCH-51"]
        why "Whoever waits for a child waits for ever if the call is lost, and breaks if it comes twice."
        check "whether ends that come together are counted, not only noticed";
    /// A child's end MUST be reported also by a loop that always has callbacks to run.
    Must BUSY = "child.busy" from ["LOOP-33"]
        why "A server under load must not keep the children of its idle hours."
        check "whether events are looked for between turns that have work, or only before a wait";
    /// A child that exits MUST be reported with its exit code, 255 included.
    Must CODE = "child.code" from ["WATCH-10", "WATCH-11", "B27"]
        why "Programs decide by exit codes; 255 is a code like any other."
        check "whether a code is used as the mark for unknown";
    /// A child that a signal ends MUST be reported with that signal, and not as an exit code.
    Must SIGNAL = "child.signal" from ["WATCH-11"]
        why "A crash is not an exit, and is treated otherwise."
        check "how the wait status is taken apart";
    /// A child that ended before it was registered MUST be reported with its real status.
    Must BEFORE = "child.before" from ["WATCH-07"]
        why "A short-lived child is often faster than its registration."
        check "whether registering looks at the child once, after it has arranged to be told";
    /// Stopping or continuing a child MUST NOT be taken for its end.
    Must STOPPED = "child.stopped" from ["WATCH-12"]
        why "Job control stops and continues children at any time."
        check "which kinds of change the wait call asks for";
    /// A child that was not registered MUST NOT be collected.
    Must STRANGER = "child.stranger" from ["WATCH-29", "WATCH-48", "B24"]
        why "Other libraries of the process wait for children of their own."
        check "whether any wait call asks for every child";
    /// A child whose status cannot be known, because it is not ours or somebody else collected it,
    /// MUST be reported as unknown, and never with a guess.
    Must UNKNOWN = "child.unknown" from ["WATCH-09", "WATCH-10", "WATCH-43", "WATCH-56", "B27"]
        why "A guess is worse than no answer."
        check "what is reported when the wait call finds no such child";
    /// Registering a pid again MUST replace the registration and hand back the former callback.
    Must REPLACE = "child.replace" from ["WATCH-02", "B25"]
        why "Taking over a child is legal, and the former owner must learn of it."
        check "whether the table is replaced in one step, and the former callback is given out";
    /// Removing MUST answer true exactly if there was a registration, which lasts until its child
    /// is collected, and the callback MUST NOT run afterwards.
    Must REMOVE = "child.remove" from ["WATCH-03", "B25"]
        why "After true, what the callback captured may be freed by others."
        check "whether a call that is under way looks into the table again on the loop's context";
    /// A child whose registration was removed MUST be left for the caller to collect.
    Must CALLER = "child.caller" from ["WATCH-04"]
        why "Whoever removes wants to wait by himself."
        check "whether removing also cancels the wait, before it collects";
    /// A callback MUST NOT run from inside a method of the watcher.
    Must LATER = "child.later" from ["WATCH-08", "WATCH-55"]
        why "Callers hold locks and borrows while they call a watcher."
        check "what happens if the child has ended before it is registered";
    /// A callback MUST run on the context of the loop that was named, while that loop runs.
    Must OWNER = "child.owner" from ["WATCH-06", "WATCH-36", "WATCH-45", "WATCH-47", "WATCH-58"]
        why "Callbacks use what lives on their loop's context without locks."
        check "whether the call goes through the loop's remote half";
    /// A child that was reported MUST have been collected: no zombie is left.
    Must REAPED = "child.reaped" from ["WATCH-01"]
        why "Zombies fill the process table."
        check "whether the wait that reads the status also collects";
    /// When all children have been reported or removed, the watcher MUST hold no more descriptors than
    /// before they were registered, but for the handles that came with children that live on.
    Must DESCRIPTORS = "child.descriptors" from ["WATCH-20", "WATCH-54", "B26"]
        why "A server that starts many children runs out of descriptors otherwise."
        check "who closes the pidfd when a child is told, removed and replaced";
    /// If the loop that should be told is closed first, the child MUST be collected all the same,
    /// and nothing be called.
    Must CLOSED = "child.closed" from ["WATCH-30"]
        why "Loops come and go in tests; their children must not stay as zombies."
        check "what the watcher does when the remote half refuses";
    /// A registration that is refused MUST hand back the callback and leave the child to be
    /// collected.
    Must REFUSED = "child.refused" from ["WATCH-22", "B23"]
        why "A refused child still has to be waited for, and its callback says by whom."
        check "whether refusing comes before everything that touches the child";
    /// A watcher MUST say that it is active while it accepts registrations for loops that are open,
    /// and only then; a closed watcher MUST say that it is not active.
    Must ACTIVE = "child.active" from ["WATCH-19", "WATCH-20"]
        why "Callers ask before they start a child that could not be watched."
        check "which states the answer is made of";
    /// A closed watcher MUST refuse registrations, and still report those that were pending.
    Must CLOSE = "child.close" from ["WATCH-20", "WATCH-21"]
        why "Replacing a watcher must lose no child."
        check "whether closing clears the table";
    /// A callback MUST be told the pid that it was registered for.
    Must PID = "child.pid" from ["WATCH-01"]
        why "One function often serves many children."
        check "which pid travels to the loop with the status";
    /// When a callback starts, its registration MUST be over: removing it answers false, and
    /// registering again hands nothing back.
    Must GONE = "child.gone" from ["WATCH-05"]
        why "Callbacks start the next child, whose pid may be the same."
        check "whether the table is cleared before the callback is sent to its loop";
    /// A callback that panics MUST NOT keep the watcher from reporting other children.
    Must PANIC = "child.panic" from ["WATCH-24", "B23"]
        why "One bad callback must not lose the ends of all other children."
        check "what of the watcher is under way while callbacks run";
    /// A closed watcher MUST stay closed, and closing it again MUST be harmless.
    Must FINAL = "child.final" from ["WATCH-20"]
        why "Policies close watchers, and so do their owners."
        check "whether closing copes with what the first closing has freed";
    /// Attaching a watcher to a loop, to another, or to none MUST lose no registration, and each
    /// MUST still be told on the loop that it named.
    Must ATTACHED = "child.attached" from ["WATCH-14", "WATCH-16", "WATCH-17"]
        why "Policies attach their watcher whenever a loop is stored, whatever is pending."
        check "what attaching does with the table";
    /// A child that is registered again for another loop, of the same thread or of another, MUST be
    /// reported by that loop, while it runs, and not by the one before.
    Must TAKEOVER = "child.takeover" from ["WATCH-02", "WATCH-06"]
        why "Whoever takes a child over has a loop of his own, and the one before may be anywhere by then."
        check "whether what waits for the end asks whom to tell when the end has come, or knew before";
    /// If a registration is removed on another thread than its loop's, either its callback MUST
    /// run or the removal MUST answer true, but not both.
    Must RACE = "child.race" from ["WATCH-31"]
        why "Owners of children live on any thread, and children end at any time."
        check "whether looking into the table and taking out of it is one step";
    /// A signal whose handler returns MUST NOT cost a report, nor change what is reported.
    Must INTERRUPTED = "child.interrupted" from ["WATCH-27"]
        why "Timers and profilers send signals all the time."
        check "whether a wait call that ends with \"interrupted\" is repeated";
    /// What handled SIGCHLD before MUST handle it again when nobody waits for a child any more and the
    /// watcher is closed, or attached to no loop if it needs one, or its loop is closed.
    Must RESTORED = "child.restored" from ["WATCH-41", "B20"]
        why "The signal is the process's, and others had arranged themselves with it."
        check "what is put back: the former action, or the default";
    /// A handler of SIGCHLD that was there before MUST be called while a watcher listens for the signal.
    Must CHAINED = "child.chained" from ["WATCH-42", "B21"]
        why "Whoever installed it waits for children, too."
        check "whether the watcher's handler calls the former one";
    /// Where SIGCHLD is ignored, the end of a child MUST be reported all the same, with its status or as
    /// unknown.
    Must IGNORED = "child.ignored" from ["WATCH-28", "B31"]
        why "A process inherits that from whoever started it, and cannot know."
        check "what comes of a wait that finds no such child, since the system has collected it";
    /// Where the thread of the loop blocks SIGCHLD, the end of a child MUST be reported all the same.
    Must BLOCKED = "child.blocked" from ["WATCH-44"]
        why "A program blocks signals in all its threads to wait for them in one, and starts children, too."
        check "whether whoever waits for the signal makes sure that some thread receives it";
    /// What a watcher does when SIGCHLD comes MUST NOT be seen by what is interrupted: no system call
    /// fails for it, and `errno` stays as it was.
    Must UNSEEN = "child.unseen" from ["WATCH-27"]
        why "Until somebody waits for a child the signal does nothing, and code relies on that."
        check "whether the handler has the system go on with its calls, and puts `errno` back";
    /// If attaching fails, or a registration is refused, what was registered before MUST still be
    /// reported, and a watcher that was active MUST still say so.
    Must UNCHANGED = "child.unchanged" from ["WATCH-18", "WATCH-22", "B23"]
        why "An attempt that fails must not cost what has worked before it."
        check "whether everything that may fail comes before the first change, or is taken back";
}
