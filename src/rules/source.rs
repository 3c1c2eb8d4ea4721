//! Promises about what a loop watches: its readers and writers, and what is awaited.

rules! {
    /// While a source can be read or written, the callback that was added for that MUST be called, whoever
    /// made the source ready, and whether before or after it was added.
    Must READY = "source.ready" from ["IO-01", "IO-09", "IO-21", "B37"]
        why "Nothing else tells that there is something to be had."
        check "whether what becomes ready while the loop waits ends the wait, and whether registrations outlive a run";
    /// A callback whose source stays ready MUST be called again in a later turn, until it is removed.
    Must LEVEL = "source.level" from ["IO-01"]
        why "A reader may take a part of what there is, and come back for the rest."
        check "whether the system is asked for edges where it should be asked for levels";
    /// A callback MUST NOT be called again if its source was not ready at any time since its last call began.
    Must IDLE = "source.idle" from ["IO-08", "IO-19"]
        why "A loop that calls for nothing does not sleep any more."
        check "whether reading is told of when only writing was possible, and the other way round";
    /// A callback MUST be called on the context of its loop, while that runs, and never from inside of what adds
    /// it or makes its source ready.
    Must LATER = "source.later" from ["IO-09", "IO-23"]
        why "Whoever adds a callback is not prepared to be called before that has returned."
        check "whether a source that is ready already is answered at once";
    /// A callback that was replaced MUST NOT be called any more, also if it was about to be.
    Must REPLACED = "source.replaced" from ["IO-03"]
        why "What it needs may be gone already."
        check "whether what the system reported is looked up again right before the call";
    /// A removal MUST say whether there was a callback.
    Must ANSWER = "source.answer" from ["IO-02"]
        why "Clean-up code decides by it who was first."
        check "whether reader and writer are answered for apart";
    /// A callback that was removed, or whose source was dropped, MUST NOT be called any more, also if it was
    /// about to be.
    Must REMOVED = "source.removed" from ["IO-05", "IO-14", "IO-19", "B37"]
        why "A callback that closes its neighbours must not meet them in the same turn."
        check "whether what the system reported is looked up again right before the call, for each side of a source";
    /// Adding, replacing or removing one of reader and writer MUST leave the other in force.
    Must APART = "source.apart" from ["IO-04", "IO-16"]
        why "The two halves of a connection belong to different code."
        check "whether what the system is asked to watch is made of both";
    /// If a source can be read and written, its reader SHOULD be called before its writer.
    Should ORDER = "source.order" from ["IO-06"]
        why "A reader that finds the end closes the source, and the writer is spared the failure."
        check "in which order the sides of one report are queued";
    /// When the other side has gone, reader and writer MUST both be called.
    Must END = "source.end" from ["IO-17", "IO-18", "B38"]
        why "Who waits for more would wait for ever."
        check "whether a hang-up or an error that the system reports by itself counts for both sides";
    /// A callback that panics MUST stay added.
    Must PANIC = "source.panic" from ["IO-07"]
        why "One bad message must not make a server deaf."
        check "whether a callback is taken out while it runs";
    /// On a closed loop, adding MUST fail, and removing MUST be answered with no. Closing MUST drop the callbacks.
    Must CLOSED = "source.closed" from ["IO-10"]
        why "What a callback holds would live as long as the source, and what waits for it would never know."
        check "whether closing goes through the registrations";
    /// A source MUST work whose number the system had given to another before, and nothing of that one MUST be
    /// told of.
    Must RECYCLED = "source.recycled" from ["IO-15", "B37", "B40"]
        why "Systems give the lowest number that is free: the next connection has that of the last one."
        check "whether registrations are kept under the number alone";
    /// Who awaits a source MUST go on when it is ready, beside others who wait, and beside a callback.
    Must AWAITED = "source.awaited" from ["IO-01"]
        why "A task that is not woken hangs, and nobody is told."
        check "whether a second waiter takes the place of the first";
}
