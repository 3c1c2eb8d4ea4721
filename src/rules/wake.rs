//! Promises about work from other threads.

rules! {
    /// A callback that the remote half accepted MUST run exactly once, on the loop's context, or
    /// be dropped when the loop is closed.
    Must ONCE = "wake.once" from ["LOOP-49"];
    /// Callbacks of one thread MUST start in the order in which it scheduled them.
    Must FIFO = "wake.fifo" from ["LOOP-49"];
    /// On the loop's own context, remote and local scheduling MUST keep one common order.
    Must LOCAL = "wake.local" from ["LOOP-67"];
    /// A loop that sleeps MUST be woken by work from another thread.
    Must SLEEP = "wake.sleep" from ["LOOP-49", "LOOP-70"];
    /// Work that was scheduled before the loop runs MUST NOT be lost.
    Must EARLY = "wake.early" from ["LOOP-49"];
    /// A remote stop MUST end the run, and what the same thread scheduled before it MUST run
    /// first.
    Must STOP = "wake.stop" from ["LOOP-08", "B12"];
    /// The remote half of a closed loop MUST hand back what it is given.
    Must CLOSED = "wake.closed" from ["LOOP-68", "B14"];
}
