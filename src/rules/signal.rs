//! Promises about hearing signals.
//!
//! A subject whose loops lack the capability [`Signals`](crate::Signals) says that it lacks this family.

rules! {
    /// The handler of a signal MUST be called when the signal came, whether the loop was waiting, busy or stopped
    /// by then, and whatever else came.
    Must CALLED = "signal.called" from ["IO-44", "IO-45", "IO-46", "B18"]
        why "A server that does not hear that it is to end is killed."
        check "whether what came is kept where there is always room, and wakes a loop that waits";
    /// A handler MUST NOT be called more often than its signal came.
    Must COUNTED = "signal.counted" from ["IO-44"]
        why "The second interrupt means something else than the first."
        check "whether what came is forgotten before the handler is called, and once";
    /// A handler MUST run as a callback of its loop, on its context, and never before the step has ended in which
    /// the signal was raised.
    Must LATER = "signal.later" from ["IO-43"]
        why "Nearly nothing is allowed where the system calls a handler; on the loop everything is."
        check "what is called by the system, and whether it does more than to take a note";
    /// Once a handler has taken another's place, the other MUST NOT be called.
    Must REPLACED = "signal.replaced" from ["IO-42"]
        why "Two handlers that both believe to be the only one stop everything twice."
        check "whether there is one place for each signal and loop";
    /// Removing a handler MUST say whether there was one, also for numbers that are no signals.
    Must ANSWER = "signal.answer" from ["IO-47"]
        why "Clean-up code removes what may not be there."
        check "whether the answer is that of this loop and this signal";
    /// A handler that was removed MUST NOT be called, also if its signal came before.
    Must REMOVED = "signal.removed" from ["IO-47"]
        why "Whoever removes a handler frees what it uses."
        check "whether a call that is under way looks once more whether it is wanted";
    /// When nobody listens for a signal any more, what handled it before MUST be in force again.
    Must RESTORED = "signal.restored" from ["IO-48", "B20"]
        why "A library that listens for a while must not cost the program its own handler."
        check "whether the former handler is kept, or the default put in its place";
    /// A number that is no signal, and a signal that cannot be caught, MUST be refused, and nothing be changed.
    Must REFUSED = "signal.refused" from ["IO-40", "IO-41"]
        why "A handler that is never called is worse than an error."
        check "whether the system is asked before anything is noted down";
    /// Every loop that listens for a signal MUST call its handler, on whatever thread it lives, and whatever other
    /// loops do.
    Must BOTH = "signal.both" from ["IO-50", "B19"]
        why "A library's loop on a thread of its own must not take the program's signals."
        check "whether there is one place for whoever is to be woken";
    /// Closing a loop MUST remove its handlers, and a closed loop MUST refuse new ones and find none.
    Must CLOSED = "signal.closed" from ["IO-49"]
        why "A handler without a loop would swallow the signal that is to end the program."
        check "whether closing does what removing each handler does";
    /// The handler of a signal MUST be called, and children reported, also if a child watcher listens for it.
    Must BESIDE = "signal.beside" from ["IO-54", "B21"]
        why "A program that listens for SIGCHLD must not lose its children, nor the other way round."
        check "whether the later of the two takes the place of the earlier";
    /// A handler that panics MUST be reported as any callback is, and be called again the next time.
    Must STURDY = "signal.sturdy" from ["IO-43"]
        why "One that failed once is still the only one that ends the program well."
        check "whether it is taken out of its place to be called";
}
