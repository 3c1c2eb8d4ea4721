//! Promises about work from other threads.

rules! {
    /// A callback that the remote half accepted MUST run exactly once, on the loop's context, or
    /// be dropped when the loop is closed.
    Must ONCE = "wake.once" from ["LOOP-49"]
        why "Work from other threads is often the only copy."
        check "whether the remote queue is emptied by exactly one turn or by closing";
    /// Callbacks of one thread MUST start in the order in which it scheduled them.
    Must FIFO = "wake.fifo" from ["LOOP-49"]
        why "A thread reasons about the order of what it schedules."
        check "whether the remote queue is one queue, and is taken over in order";
    /// On the loop's own context, remote and local scheduling MUST keep one common order.
    Must LOCAL = "wake.local" from ["LOOP-67"]
        why "Code need not know whether its caller is on the loop's context."
        check "whether scheduling locally takes over the remote queue first";
    /// A loop that sleeps MUST be woken by work from another thread.
    Must SLEEP = "wake.sleep" from ["LOOP-49", "LOOP-70"]
        why "Work that waits for the next timer is late without bound."
        check "whether the wake is sent after the work is in the queue, and is looked at before sleeping";
    /// Work that was scheduled before the loop runs MUST NOT be lost.
    Must EARLY = "wake.early" from ["LOOP-49"]
        why "Threads do not know when the run begins."
        check "whether a run begins by emptying something";
    /// A remote stop MUST end the run, and what the same thread scheduled before it MUST run
    /// first.
    Must STOP = "wake.stop" from ["LOOP-08", "B12"]
        why "It is how other threads end a loop."
        check "whether a remote stop takes its place in the queue and wakes";
    /// The remote half of a closed loop MUST hand back what it is given.
    Must CLOSED = "wake.closed" from ["LOOP-68", "B14"]
        why "The caller is told instead of waiting for ever."
        check "whether looking at the state and putting into the queue is one step";
    /// The remote half MUST say that the loop is closed exactly after it was closed.
    Must STATE = "wake.state" from ["LOOP-68"]
        why "Threads that only see the remote half decide by it whether to go on."
        check "whether closing tells the shared part, too";
    /// The remote half MUST say that it is on the loop's context exactly there.
    Must OWNER = "wake.owner" from []
        why "Code decides by it whether it may wait for the loop, or would wait for itself."
        check "what the shared part compares the calling context with";
}
