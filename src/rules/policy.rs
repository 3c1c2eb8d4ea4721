//! Promises about policies: which loop runs here.

rules! {
    /// Until the policy of the process is set, every look-up, from every thread, MUST give one
    /// and the same policy.
    Must SAME = "policy.same" from ["POL-01"]
        why "Libraries that never met must agree on the loop."
        check "whether the first look-up publishes before it returns";
    /// After a policy is set, every later look-up, from every thread, MUST give exactly that
    /// policy.
    Must SET = "policy.set" from ["POL-03"]
        why "Whoever sets the policy decides for the process."
        check "whether readers keep a copy";
    /// After the policy is reset to none, the next look-up MUST make a new default, not give an
    /// earlier one.
    Must RESET = "policy.reset" from ["POL-04"]
        why "Tests that reset must not inherit the loops of others."
        check "whether the default is kept somewhere";
    /// Setting the policy MUST leave the loops of the former one open, and a running loop running.
    Must APART = "policy.apart" from ["POL-06", "POL-07"]
        why "Setting a policy must not pull the ground from under what runs."
        check "what is dropped with the former policy";
    /// A guard MUST restore the policy that was in force before it, and one that is dropped out
    /// of order MUST take out its own entry only.
    Must GUARD = "policy.guard" from ["POL-09", "B01"]
        why "Overrides leak between tests and libraries otherwise."
        check "whether a guard restores a copy instead of taking out its own entry";
    /// While a loop runs in a context, asking for the loop of that context MUST give the running
    /// one, whatever the policy has stored.
    Must RUNNING = "policy.running" from ["POL-10"]
        why "Code that runs in a loop means that loop."
        check "whether the running loop is asked for before the policy";
    /// The loop that was stored in a context MUST be the one that the policy gives there, even if
    /// it was closed meanwhile.
    Must STORED = "policy.stored" from ["POL-18", "POL-19"]
        why "What one stores is what one wants back."
        check "whether storing replaces, and asking makes nothing new";
    /// After "none" was stored in a context, the policy MUST answer that there is no current loop,
    /// and make none by itself.
    Must CLEARED = "policy.cleared" from ["POL-16"]
        why "A loop that appears by itself hides the error of whoever needs one."
        check "whether \"none was stored\" and \"nothing was stored\" are told apart";
    /// Storing a loop in one context MUST NOT change what the policy gives in another.
    Must CONTEXT = "policy.context" from ["POL-13"]
        why "Threads must not get loops that live elsewhere."
        check "whether the place is a `PerContext`";
    /// A new loop MUST be open and idle, different from every other, and stored nowhere.
    Must NEW = "policy.new" from ["POL-21"]
        why "Two owners of one loop would close it under each other."
        check "whether the factory caches or stores";
    /// A policy that makes a loop because its context has none MUST use the factory and the
    /// setter of the outermost policy, each once.
    Must OUTER = "policy.outer" from ["POL-14", "POL-24"]
        why "Layers observe and replace what the policy below makes."
        check "whether the policy calls itself, not `outer`";
    /// A policy MUST give the same child watcher until another is set, or always answer
    /// that it does not support child watchers.
    Must WATCHER = "policy.watcher" from ["POL-25", "POL-29", "POL-39", "B08"]
        why "Children that are registered with one watcher cannot be removed from another."
        check "whether the watcher is kept when it is made";
    /// Setting a child watcher MUST close the former one and give the new one from then on; setting
    /// the one that is set already MUST change nothing.
    Must REWATCH = "policy.rewatch" from ["POL-30", "POL-31", "POL-32", "B07"]
        why "The former watcher holds descriptors and threads."
        check "whether setting compares before it closes";
    /// In a context other than the main one, a policy SHOULD NOT make a loop by itself.
    Should ELSEWHERE = "policy.elsewhere" from ["POL-15"]
        why "A loop that appears on a worker thread is never run and never closed."
        check "how the policy tells the main context";
    /// Outside of every run, asking for the loop of the context MUST ask the policy that is in
    /// force at that moment.
    Must FORCE = "policy.force" from ["POL-08"]
        why "A policy that is set later has to count at once."
        check "whether an answer, or a policy, is kept between two calls";
    /// Setting the policy MUST give back the one that was set before.
    Must FORMER = "policy.former" from []
        why "Whoever sets a policy for a while has to put the former one back."
        check "what the slot does with the value that it displaces";
    /// Storing a loop MUST NOT start, stop or close any loop, the displaced one included.
    Must IDLE = "policy.idle" from ["POL-19"]
        why "The displaced loop has an owner, who goes on using it."
        check "what becomes of the displaced loop";
    /// If the outermost factory fails, a policy that wanted to make a loop by itself MUST pass that
    /// error on.
    Must ERROR = "policy.error" from ["POL-22"]
        why "\"Too many open files\" has another cure than \"no loop here\"."
        check "whether the policy turns errors of the factory into its own";
    /// After a factory has failed, asking again MUST be as if it had not been asked.
    Must RETRY = "policy.retry" from ["POL-17", "POL-22", "B06"]
        why "Resources come back, and the context must not be spoiled by then."
        check "whether anything is stored before the factory has answered";
    /// While a loop runs in one context, another context MUST NOT say that a loop is running there.
    Must THREAD = "policy.thread" from ["POL-12"]
        why "Code on another thread would take itself to be inside of the run."
        check "whether the mark of the running loop belongs to its context";
    /// After the child watcher was set to none, the policy MUST give another one than before.
    Must UNWATCH = "policy.unwatch" from ["POL-31"]
        why "The former one is closed and refuses every child."
        check "whether the default watcher is kept beside the one that was set";
    /// Setting a child watcher MUST NOT attach it to any loop.
    Must LOOSE = "policy.loose" from ["POL-33"]
        why "Whoever sets a watcher decides when, and to which loop, it is attached."
        check "whether setting looks for a stored loop";
    /// Storing a loop in the main context MUST attach the watcher that the policy has to that
    /// loop, and storing none MUST detach it.
    Must ATTACH = "policy.attach" from ["POL-34", "WATCH-14"]
        why "Watchers that live on a loop must follow the one that the program runs."
        check "whether the watcher is told before the loop is stored, none included";
    /// Storing a loop in a context other than the main one MUST leave the child watcher alone.
    Must ALOOF = "policy.aloof" from ["POL-35"]
        why "A worker thread that sets its loop must not take the children of the whole program along."
        check "how the policy tells the main context";
    /// If the watcher refuses to be attached, storing MUST fail, and leave both as they were: the
    /// loop that is stored, and the one that the watcher is attached to.
    Must BOTH = "policy.both" from ["POL-36", "WATCH-18"]
        why "Otherwise the loop that runs is not the one whose children are reported."
        check "whether the loop is stored only after the watcher was attached";
}
