//! Which diseases of a child watcher are there? Most were found in asyncio's; `B` numbers are those of the
//! study of its defects, as in the ancestors of the rules.

use anyloop::rules::{Rule, child as rules, reaper};

use crate::zoo::{Bug, Disease};

/// What is wrong with a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sick {
    /// Takes one end per signal, as if no two could come together (B22).
    OneAtATime,
    /// Takes a real exit code of 255 for asyncio's "unknown" (B27).
    DoubtsCode,
    /// Reports a signal as an exit code.
    SignalAsCode,
    /// Waits for the news of an end, and misses what was no news any more.
    LooksTooLate,
    /// Takes a stop for an end.
    TakesStops,
    /// Collects every child of the process when one of its own has ended (B24).
    TakesStrangers,
    /// Says 255 where it does not know (B27).
    Invents255,
    /// Calls the former callback as well when it is replaced (B25).
    RunsBoth,
    /// Forgets nothing when it removes (B25).
    RemovesNothing,
    /// Says of whatever is removed that it was there.
    RemovesAnything,
    /// Ends and collects the child that it removes, as a handle that kills when dropped would.
    EndsRemoved,
    /// Reports an end that it sees while it registers at once, as asyncio's safe watcher does.
    CallsAtOnce,
    /// Calls back on its own thread, as asyncio's threaded watcher would without the loop.
    CallsAnywhere,
    /// Looks at how a child ended, and leaves it a zombie.
    LeavesZombies,
    /// Loses a descriptor with each child (B26).
    LosesDescriptors,
    /// Gives up when the loop that should be told is closed (B25).
    DropsWithLoop,
    /// Refuses without giving the callback back.
    SwallowsCallback,
    /// Collects the child that it refuses (B23).
    CollectsRefused,
    /// Says that it is not active, whatever it is.
    NeverActive,
    /// Says that it is active when it is closed (B23).
    ActiveForEver,
    /// Forgets what is pending when it is closed, as three of asyncio's watchers do.
    ForgetsOnClose,
    /// Takes registrations when it is closed.
    OpenForEver,
    /// Tells the pid of another process.
    TellsOtherPid,
    /// Keeps a registration in its table when it has told of the end.
    RemembersTold,
    /// Tells nothing more when a callback has panicked (B23).
    DiesOfPanic,
    /// Panics when it is closed again.
    ClosesOnce,
    /// Forgets what is pending when it is attached to another loop, as asyncio's pidfd watcher does.
    ForgetsOnAttach,
    /// Goes on telling the loop before, if another of the same thread took the child over.
    StaysWithLoop,
    /// Goes on telling the loop before, if one of another thread took the child over.
    StaysOnThread,
    /// Answers to other threads than the loop's that it has removed what it has not.
    RemovesInNameElsewhere,
    /// Takes "interrupted" for "no child".
    ForgetsInterrupted,
    /// Calls what is registered when it is closed in a forked child.
    TellsInChild,
    /// Ends the registered children when it is closed in a forked child.
    EndsFromChild,
    /// Says in a forked child that it is active.
    ActiveInChild,
    /// Removes in a forked child what the parent has registered.
    RemovesInChild,
    /// Keeps a descriptor for each child that was removed, until that has ended (B26).
    HoldsRemoved,
    /// Forgets who is registered when it refuses to replace him (B23).
    ForgetsOnRefusal,
    /// Waits for the signal where it is blocked.
    TrustsTheMask,
    /// Has system calls fail when a child has ended.
    InterruptsCalls,
    /// Changes `errno` when a child has ended.
    ChangesErrno,
    /// Keeps the signal of a child's end until its loop is closed (B20).
    KeepsSignal,
    /// Takes the signal of a child's end for itself, whoever handled it before (B21).
    SeizesSignal,
    /// Leaves the signal to the system when it has told of an end, whoever handled it before (B20).
    ResetsSignal,
    /// Waits on for a child that is not there, since the system has collected it (B31).
    TrustsTheSignal,
    /// Collects strangers, and tells nobody (B24).
    ForgetsStrangers,
    /// Throws away the status of a stranger that it has collected.
    LosesStatus,
    /// Gives the status of a stranger again and again.
    GivesAgain,
    /// Collects strangers though a child is about to be registered.
    ForgetsBracket,
}

/// What every watcher's disease is called, what it does, and who must notice it.
pub static DISEASES: &[Disease] = &[
    sick("one at a time", "of two ends that come together, it notices one", &rules::ONCE, Sick::OneAtATime),
    sick("doubts 255", "takes the exit code 255 for `unknown`", &rules::CODE, Sick::DoubtsCode),
    sick(
        "signal as code",
        "reports a signal as the exit code of that number",
        &rules::SIGNAL,
        Sick::SignalAsCode,
    ),
    sick(
        "looks too late",
        "waits for the news of an end, and misses what is no news any more",
        &rules::BEFORE,
        Sick::LooksTooLate,
    ),
    sick("takes stops", "takes a stop for an end", &rules::STOPPED, Sick::TakesStops),
    sick("takes strangers", "collects every child of the process", &rules::STRANGER, Sick::TakesStrangers),
    sick("invents 255", "says 255 where it does not know", &rules::UNKNOWN, Sick::Invents255),
    sick("runs both", "calls the replaced callback as well", &rules::REPLACE, Sick::RunsBoth),
    sick(
        "removes nothing",
        "answers true, and keeps what it should remove",
        &rules::REMOVE,
        Sick::RemovesNothing,
    ),
    sick(
        "removes anything",
        "answers true whatever it is asked to remove",
        &rules::REMOVE,
        Sick::RemovesAnything,
    ),
    sick(
        "ends the removed",
        "ends and collects the child that it removes",
        &rules::CALLER,
        Sick::EndsRemoved,
    ),
    sick(
        "calls at once",
        "calls back from inside of the registration if the child has ended",
        &rules::LATER,
        Sick::CallsAtOnce,
    ),
    sick("calls anywhere", "calls back on its own thread", &rules::OWNER, Sick::CallsAnywhere),
    sick(
        "leaves zombies",
        "looks at how a child ended, and does not collect it",
        &rules::REAPED,
        Sick::LeavesZombies,
    ),
    sick(
        "loses descriptors",
        "loses a descriptor with each child",
        &rules::DESCRIPTORS,
        Sick::LosesDescriptors,
    ),
    sick(
        "holds the removed",
        "keeps a descriptor for each child that was removed, until that has ended",
        &rules::DESCRIPTORS,
        Sick::HoldsRemoved,
    ),
    sick("drops with the loop", "forgets a child whose loop is closed", &rules::CLOSED, Sick::DropsWithLoop),
    sick(
        "swallows the callback",
        "refuses, and does not hand the callback back",
        &rules::REFUSED,
        Sick::SwallowsCallback,
    ),
    sick(
        "collects the refused",
        "collects the child that it refuses",
        &rules::REFUSED,
        Sick::CollectsRefused,
    ),
    sick("never active", "says that it is not active", &rules::ACTIVE, Sick::NeverActive),
    sick("active for ever", "says that it is active when it is closed", &rules::ACTIVE, Sick::ActiveForEver),
    sick("forgets when closed", "closing it forgets what is pending", &rules::CLOSE, Sick::ForgetsOnClose),
    sick("open for ever", "accepts registrations when it is closed", &rules::CLOSE, Sick::OpenForEver),
    sick("tells another pid", "tells the pid of another process", &rules::PID, Sick::TellsOtherPid),
    sick(
        "remembers the told",
        "keeps a registration when it has told of the end",
        &rules::GONE,
        Sick::RemembersTold,
    ),
    sick(
        "dies of a panic",
        "tells nothing more when a callback has panicked",
        &rules::PANIC,
        Sick::DiesOfPanic,
    ),
    sick("closes once", "panics when it is closed again", &rules::FINAL, Sick::ClosesOnce),
    sick(
        "forgets when attached",
        "attaching it forgets what is pending",
        &rules::ATTACHED,
        Sick::ForgetsOnAttach,
    ),
    sick(
        "stays with the loop",
        "goes on telling the loop before, if another of the same thread took the child over",
        &rules::TAKEOVER,
        Sick::StaysWithLoop,
    ),
    sick(
        "stays on the thread",
        "goes on telling the loop before, if one of another thread took the child over",
        &rules::TAKEOVER,
        Sick::StaysOnThread,
    ),
    sick(
        "removes in name elsewhere",
        "answers true to another thread, and keeps what it should remove",
        &rules::RACE,
        Sick::RemovesInNameElsewhere,
    ),
    sick(
        "forgets the interrupted",
        "forgets a child if a signal comes before its end",
        &rules::INTERRUPTED,
        Sick::ForgetsInterrupted,
    ),
    sick(
        "seizes the signal",
        "takes SIGCHLD for itself, and calls nobody who had it before",
        &rules::CHAINED,
        Sick::SeizesSignal,
    ),
    sick(
        "resets the signal",
        "leaves SIGCHLD to the system when it has told of an end",
        &rules::RESTORED,
        Sick::ResetsSignal,
    ),
    sick(
        "trusts the signal",
        "waits on for a child that the system has collected",
        &rules::IGNORED,
        Sick::TrustsTheSignal,
    ),
    sick(
        "keeps the signal",
        "closed, it keeps SIGCHLD until its loop is closed",
        &rules::RESTORED,
        Sick::KeepsSignal,
    ),
    sick(
        "trusts the mask",
        "waits for SIGCHLD on a thread that blocks it",
        &rules::BLOCKED,
        Sick::TrustsTheMask,
    ),
    sick(
        "interrupts calls",
        "has system calls fail when SIGCHLD comes",
        &rules::UNSEEN,
        Sick::InterruptsCalls,
    ),
    sick("changes errno", "changes `errno` when SIGCHLD comes", &rules::UNSEEN, Sick::ChangesErrno),
    sick(
        "forgets at a refusal",
        "forgets who is registered when it refuses to replace him",
        &rules::UNCHANGED,
        Sick::ForgetsOnRefusal,
    ),
    sick(
        "forgets strangers",
        "collects children that nobody has registered, and tells nobody",
        &reaper::TOLD,
        Sick::ForgetsStrangers,
    ),
    sick(
        "loses the status",
        "throws away the status of a stranger that it has collected",
        &reaper::KEPT,
        Sick::LosesStatus,
    ),
    sick("gives again", "gives the status of a stranger again and again", &reaper::KEPT, Sick::GivesAgain),
    sick(
        "forgets the bracket",
        "collects strangers though a child is about to be registered",
        &reaper::LATE,
        Sick::ForgetsBracket,
    ),
];

const fn sick(name: &'static str, what: &'static str, rule: &'static Rule, bug: Sick) -> Disease {
    Disease { name, what, rule, bug: Bug::Watcher(bug) }
}
