//! Which diseases are there? What each does wrong, and the rule whose judge must notice it.
//!
//! Those of watchers, of surroundings and of forks stand in their own files.

use anyloop::{JoinError, rules};

use super::{Bug, Disease, loop_, policy, root};
use crate::history::{Event, History, What};

/// The first callback that runs to its end runs again.
fn stutter(history: &mut History) {
    let ended = history.events.iter().position(|event| matches!(event.what, What::Ended { .. }));
    let Some((at, What::Ended { label })) = ended.map(|at| (at, history.events[at].what.clone())) else {
        return;
    };
    let again = Event { what: What::Started { label }, ..history.events[at].clone() };
    let over = history.events[at].clone();
    history.events.splice(at + 1..=at, [again, over]);
}

/// The first output that is awaited arrives before the future is dropped.
fn drops_late(history: &mut History) {
    let joined = history.events.iter().find_map(|event| match event.what {
        What::Joined { of, result: Ok(_), .. } => Some(of),
        _ => None,
    });
    let Some(label) = joined else { return };
    let dropped = history.events.iter().position(|event| event.what == What::FutureDropped { label });
    if let Some(dropped) = dropped {
        let event = history.events.remove(dropped);
        history.events.push(event);
    }
}

/// Whoever awaits what panics is told that it was cancelled.
fn blames_nobody(history: &mut History) {
    for event in &mut history.events {
        if let What::Joined { result: result @ Err(JoinError::Panicked), .. } = &mut event.what {
            *result = Err(JoinError::Cancelled);
        }
    }
}

macro_rules! diseases {
    ($($name:literal, $what:literal, $family:ident::$rule:ident, $bug:expr;)*) => {
        pub(super) static DISEASES: &[Disease] = &[$(
            Disease { name: $name, what: $what, rule: &rules::$family::$rule, bug: $bug },
        )*];
    };
}

diseases! {
    "many defaults", "every look-up makes a default policy until one is set",
        policy::SAME, Bug::Root(root::Bug::ManyDefaults);
    "first set wins", "once a policy is set, another is ignored",
        policy::SET, Bug::Root(root::Bug::FirstSetWins);
    "keeps the default", "after a reset the former default is back",
        policy::RESET, Bug::Root(root::Bug::KeepsDefault);
    "closes the former", "setting a policy closes the loop of the former one",
        policy::APART, Bug::Root(root::Bug::ClosesFormer);
    "saves and restores", "a guard puts back what it found, whatever came since",
        policy::GUARD, Bug::Root(root::Bug::SavesAndRestores);
    "asks the policy first", "inside a run, get_event_loop asks the policy",
        policy::RUNNING, Bug::Root(root::Bug::AsksPolicyFirst);
    "first stored wins", "once a loop is stored, another is ignored",
        policy::STORED, Bug::Policy(policy::Bug::FirstStoredWins);
    "makes again", "after none was stored, makes a loop by itself",
        policy::CLEARED, Bug::Policy(policy::Bug::MakesAgain);
    "clears everywhere", "storing none in one context is seen in all",
        policy::CONTEXT, Bug::Policy(policy::Bug::ClearsEverywhere);
    "stores new loops", "the factory stores what it makes",
        policy::NEW, Bug::Policy(policy::Bug::StoresNew);
    "same loop again", "the factory makes one loop a context",
        policy::NEW, Bug::Policy(policy::Bug::SameLoopAgain);
    "forgets the outer", "makes a loop with its own factory and setter, not the outermost",
        policy::OUTER, Bug::Policy(policy::Bug::ForgetsOuter);
    "many watchers", "makes a child watcher each time that it is asked",
        policy::WATCHER, Bug::Policy(policy::Bug::ManyWatchers);
    "keeps the former watcher", "a watcher that is replaced is not closed",
        policy::REWATCH, Bug::Policy(policy::Bug::KeepsFormerWatcher);

    "never running", "says that it is idle while it runs",
        run::STATE, Bug::Loop(loop_::Bug::NeverRunning);
    "forgets the running loop", "inside a run, no loop is said to be running",
        run::CURRENT, Bug::Root(root::Bug::ForgetsRunning);
    "runs nested", "a loop can be run from inside its own run",
        run::NESTED, Bug::Root(root::Bug::RunsNested);
    "runs others", "a loop can be run from inside another's run",
        run::OTHER, Bug::Root(root::Bug::RunsNested);
    "runs only once", "after a run it says for ever that it is running",
        run::AGAIN, Bug::Loop(loop_::Bug::RunsOnlyOnce);
    "swallows panics", "catches panics and tells nobody",
        run::PANIC, Bug::Loop(loop_::Bug::SwallowsPanics);
    "panic ends the run", "a panic ends the run",
        run::PANIC, Bug::Loop(loop_::Bug::PanicEndsRun);
    "aborts", "ends the process when what is over is cancelled",
        run::ALIVE, Bug::Loop(loop_::Bug::Aborts);
    "waits for itself", "waits for the end of the run when it is closed from inside of it",
        run::RETURNS, Bug::Loop(loop_::Bug::WaitsForItself);

    "newest first", "its ready queue is a stack",
        ready::FIFO, Bug::Loop(loop_::Bug::NewestFirst);
    "stutters", "a callback runs twice",
        ready::ONCE, Bug::Told(stutter);
    "runs at once", "if nothing else is ready, call_soon calls",
        ready::LATER, Bug::Loop(loop_::Bug::RunsAtOnce);
    "runs remote work on the spot", "the remote half calls what it is given",
        ready::OWNER, Bug::Loop(loop_::Bug::RemoteRunsHere);
    "loses every third", "accepts every third callback and drops it",
        ready::PROGRESS, Bug::Loop(loop_::Bug::LosesEveryThird);
    "keeps its deadline", "once it waits for a timer, or for none, it does so whatever is asked for meanwhile",
        ready::PROGRESS, Bug::Loop(loop_::Bug::KeepsDeadline);
    "fills up", "has room for so many callbacks, and for no more when these have run",
        ready::ROOM, Bug::Loop(loop_::Bug::FillsUp);
    "holds few", "has room for so many callbacks at once, and does not say so",
        ready::GROWS, Bug::Loop(loop_::Bug::HoldsFew);
    "timers when idle", "looks at the timers only when nothing is ready",
        ready::FAIR, Bug::Loop(loop_::Bug::TimersWhenIdle);

    "rounds up", "its clock is rounded up to the next tick",
        timer::EARLY, Bug::Loop(loop_::Bug::RoundsUp);
    "unordered timers", "runs the timers of a turn in the order of the calls",
        timer::ORDER, Bug::Loop(loop_::Bug::UnorderedTimers);
    "ties backwards", "runs timers of equal deadline in the reverse order of the calls",
        timer::TIE, Bug::Loop(loop_::Bug::TiesBackwards);
    "refuses the past", "refuses deadlines in the past",
        timer::PAST, Bug::Loop(loop_::Bug::RefusesPast);
    "wraps around", "adds to far deadlines until they are near",
        timer::FAR, Bug::Loop(loop_::Bug::FarWraps);
    "clock restarts", "each run sets the clock back",
        timer::MONOTONIC, Bug::Loop(loop_::Bug::ClockRestarts);

    "counts from one", "each loop numbers its callbacks from one",
        handle::UNIQUE, Bug::Loop(loop_::Bug::CountsFromOne);

    "cancels in name", "answers true for what is ready, and runs it all the same",
        cancel::NEVER, Bug::Loop(loop_::Bug::CancelsInName);
    "always cancelled", "answers true whatever it is asked to cancel",
        cancel::ANSWER, Bug::Loop(loop_::Bug::AlwaysCancelled);
    "buries later", "drops what was cancelled at the end of the turn",
        cancel::DROPS, Bug::Loop(loop_::Bug::BuriesLater);
    "ignores the owner", "takes the handle of another loop for its own",
        cancel::FOREIGN, Bug::Loop(loop_::Bug::IgnoresOwner);
    "stale names the next", "a handle that is over names what took its place",
        cancel::STALE, Bug::Loop(loop_::Bug::StaleNamesNext);
    "cancel drops borrowed", "drops what was cancelled while its queue is borrowed",
        cancel::REENTRY, Bug::Loop(loop_::Bug::CancelDropsBorrowed);

    "stops when drained", "returns only when nothing is ready any more",
        stop::RETURNS, Bug::Loop(loop_::Bug::StopsWhenDrained);
    "stops at once", "returns as soon as the callback that stopped it has ended",
        stop::BATCH, Bug::Loop(loop_::Bug::StopsAtOnce);
    "clears on stop", "forgets what is ready when it returns",
        stop::KEEPS, Bug::Loop(loop_::Bug::ClearsOnStop);
    "forgets idle stops", "a stop counts only inside of a run",
        stop::BEFORE, Bug::Loop(loop_::Bug::ForgetsIdleStop);
    "counts stops", "two stops end two runs",
        stop::ONCE, Bug::Loop(loop_::Bug::CountsStops);

    "closes while running", "can be closed while it runs",
        close::RUNNING, Bug::Loop(loop_::Bug::ClosesRunning);
    "reopens", "is open again when it is closed twice",
        close::FINAL, Bug::Loop(loop_::Bug::Reopens);
    "runs when closed", "a closed loop runs",
        close::RUN, Bug::Root(root::Bug::RunsClosed);
    "accepts when closed", "a closed loop accepts callbacks",
        close::REJECTS, Bug::Loop(loop_::Bug::AcceptsWhenClosed);
    "keeps timers", "closing drops what is ready, and no timer",
        close::DROPS, Bug::Loop(loop_::Bug::KeepsTimers);
    "close drops borrowed", "closing drops callbacks while its queue is borrowed",
        close::REENTRY, Bug::Loop(loop_::Bug::CloseDropsBorrowed);
    "panics when closed", "stop panics on a closed loop",
        close::HARMLESS, Bug::Loop(loop_::Bug::PanicsWhenClosed);

    "room for one", "its remote queue has room for one callback",
        wake::ONCE, Bug::Loop(loop_::Bug::RoomForOne);
    "remote newest first", "its remote queue is a stack",
        wake::FIFO, Bug::Loop(loop_::Bug::RemoteNewestFirst);
    "two queues", "local callbacks overtake remote ones of the same context",
        wake::LOCAL, Bug::Loop(loop_::Bug::TwoQueues);
    "sleeps on", "remote work does not wake it",
        wake::SLEEP, Bug::Loop(loop_::Bug::SleepsOn);
    "clears remote work", "a run begins with an empty remote queue",
        wake::EARLY, Bug::Loop(loop_::Bug::ClearsRemote);
    "remote stop at once", "a remote stop overtakes remote work",
        wake::STOP, Bug::Loop(loop_::Bug::RemoteStopAtOnce);
    "remote stop ignored", "a remote stop wakes it, and no more",
        wake::STOP, Bug::Loop(loop_::Bug::RemoteStopIgnored);
    "swallows when closed", "the remote half of a closed loop accepts, and drops",
        wake::CLOSED, Bug::Loop(loop_::Bug::SwallowsWhenClosed);

    "wrong output", "gives another output than the future's",
        future::OUTPUT, Bug::Root(root::Bug::WrongOutput);
    "invents an output", "gives an output when the run was stopped early",
        future::STOPPED, Bug::Root(root::Bug::InventsOutput);
    "wakes anybody", "polls every task when it has nothing else to do",
        future::WOKEN, Bug::Loop(loop_::Bug::WakesAnybody);
    "loses wakes", "loses the wake of a task while another is queued",
        future::WAKES, Bug::Loop(loop_::Bug::LosesWakes);
    "loses wakes inside", "loses the wakes that a task causes",
        future::JOIN, Bug::Loop(loop_::Bug::LosesWakesInside);
    "loses its own wakes", "loses the wakes that a callback causes",
        future::CANCEL, Bug::Loop(loop_::Bug::LosesOwnWakes);
    "keeps tasks", "closing drops callbacks, and no task",
        future::DROPPED, Bug::Loop(loop_::Bug::KeepsTasks);
    "hurries", "while there are tasks, timers fire a tick early",
        future::SLEEP, Bug::Loop(loop_::Bug::Hurries);

    "makes anywhere", "makes a loop by itself on every thread",
        policy::ELSEWHERE, Bug::Policy(policy::Bug::MakesAnywhere);
    "asks the first set", "outside of runs, asks the first policy that was set, whatever came since",
        policy::FORCE, Bug::Root(root::Bug::AsksFirstSet);
    "forgets the former", "setting a policy gives nothing back",
        policy::FORMER, Bug::Root(root::Bug::ForgetsFormer);
    "closes the displaced", "storing a loop closes the one before",
        policy::IDLE, Bug::Policy(policy::Bug::ClosesDisplaced);
    "hides failure", "if the factory fails, says that there is no loop",
        policy::ERROR, Bug::Policy(policy::Bug::HidesFailure);
    "spoilt by failure", "if the factory fails, remembers that there is no loop",
        policy::RETRY, Bug::Policy(policy::Bug::SpoiltByFailure);
    "runs everywhere", "while a loop runs, every thread has a running loop",
        policy::THREAD, Bug::Root(root::Bug::RunsEverywhere);

    "returns when idle", "a run ends when nothing is ready",
        run::LASTS, Bug::Loop(loop_::Bug::ReturnsWhenIdle);
    "cached clock", "its clock stands still during a turn",
        timer::LIVE, Bug::Loop(loop_::Bug::CachedClock);
    "counts per thread", "the loops of each thread number their callbacks from one",
        handle::CONTEXTS, Bug::Loop(loop_::Bug::CountsPerThread);
    "cancels twice", "what is being dropped can be cancelled again",
        cancel::SELF, Bug::Loop(loop_::Bug::CancelsTwice);
    "closes late", "is open until its last callback is dropped",
        close::DURING, Bug::Loop(loop_::Bug::ClosesLate);
    "refuses to close again", "refuses to be closed from inside of its closing",
        close::NESTED, Bug::Loop(loop_::Bug::RefusesNestedClose);
    "never said to be closed", "its remote half does not know that it is closed",
        wake::STATE, Bug::Loop(loop_::Bug::RemoteNeverClosed);
    "at home everywhere", "its remote half takes every thread for the loop's own",
        wake::OWNER, Bug::Loop(loop_::Bug::RemoteAlwaysOwner);

    "skips the turn", "polls the future before the run, and returns if it is finished",
        future::TURN, Bug::Root(root::Bug::SkipsTurn);
    "swallows the panic", "a run whose future panics says that it was stopped",
        future::PANIC, Bug::Root(root::Bug::SwallowsPanic);
    "blames nobody", "a task that panics is said to be cancelled",
        future::FAILS, Bug::Told(blames_nobody);
    "polls at once", "a wake on its own context polls on the spot",
        future::LATER, Bug::Loop(loop_::Bug::PollsAtOnce);
    "forgets the first poll", "loses the first poll that it is asked for",
        future::STARTS, Bug::Loop(loop_::Bug::ForgetsFirstPoll);
    "tasks newest first", "its queue of polls is a stack",
        future::FIFO, Bug::Loop(loop_::Bug::TasksNewestFirst);
    "drops late", "the output arrives before the future is dropped",
        future::FREES, Bug::Told(drops_late);
    "says that it is open", "says for ever that it is idle",
        future::CLOSED, Bug::Loop(loop_::Bug::SaysOpen);
    "sleeps for ever", "loses the timers that tasks ask for",
        future::ENDS, Bug::Loop(loop_::Bug::SleepsForEver);

    "reports twice", "tells the exception handler twice",
        run::REPORT, Bug::Loop(loop_::Bug::ReportsTwice);
    "keeps the first handler", "once an exception handler is set, another is ignored",
        run::HANDLER, Bug::Loop(loop_::Bug::KeepsFirstHandler);
    "handler ends the run", "an exception handler that panics ends the run",
        run::STURDY, Bug::Loop(loop_::Bug::HandlerEndsRun);
    "panic undoes the stop", "a panic takes back the stop before it",
        stop::PANIC, Bug::Loop(loop_::Bug::PanicUndoesStop);
    "forgets the scope", "a guard that is dropped cancels nothing",
        cancel::SCOPE, Bug::Root(root::Bug::ForgetsScope);
    "cancels the detached", "dropping the handle of a task cancels it",
        future::DETACH, Bug::Root(root::Bug::CancelsDetached);
    "never finished", "the handle of a task never says that it is finished",
        future::STATE, Bug::Root(root::Bug::NeverFinished);
    "forgets the task's scope", "a task's guard that is dropped detaches it",
        future::SCOPE, Bug::Root(root::Bug::ForgetsTaskScope);
    "keeps the unset watcher", "setting none closes the watcher, and keeps it",
        policy::UNWATCH, Bug::Policy(policy::Bug::KeepsUnsetWatcher);

    "keeps together", "all contexts have one place",
        context::APART, Bug::Root(root::Bug::KeepsTogether);
    "keeps the first", "what is in a place is not displaced",
        context::KEPT, Bug::Root(root::Bug::KeepsFirst);
}
