//! How a program becomes a history: every step is taken, on a loop of the subject, and written down.
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | in what order are the steps taken, and when is a run over? |
//! | `payload.rs` | what does a callback do that the loop was given? |
//! | `loop_steps.rs` | what do the steps about callbacks and runs do? |
//! | `thread_steps.rs` | what does a thread do? |
//! | `task_steps.rs` | what does a task do? |
//! | `policy_steps.rs` | what do the steps about policies do? |
//! | `child_steps.rs` | what do the steps about children do? |
//! | `reaper_steps.rs` | what do the steps do that are about children nobody has registered? |
//! | `signal_step.rs` | what handles the signal of a child's end? |
//! | `handler_steps.rs` | what do the steps do that are about handlers of signals? |
//! | `takeover_step.rs` | how does another loop take a child over? |
//! | `program_step.rs` | how does a loop go through a scene with a program? |
//! | `source_steps.rs` | what do the steps about sources do? |
//! | `life_steps.rs` | what does a loop offer, and what does it leave behind? |
//! | `host_step.rs` | what does a host do that drives the loop? |
//! | `kids_left.rs` | what is left of the children when a program is over? |
//! | `fork_step.rs` | what does a forked child try? |
//! | `fork_watch.rs` | and what with child watchers? |
//!
//! The player ends runs: it counts what can still happen, and calls `stop` when nothing is left,
//! unless the program was faster. Such a stop is an ordinary event of the history.

mod child_steps;
mod fork_step;
mod fork_watch;
mod handler_steps;
mod host_step;
mod kids_left;
mod life_steps;
mod loop_steps;
mod payload;
mod policy_steps;
mod program_step;
mod reaper_steps;
mod signal_step;
mod source_steps;
mod takeover_step;
mod task_steps;
mod thread_steps;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::time::Duration;

use anyloop::{Handle, Instant, Loop, LoopState, PerContext, PolicyError, Remote, RunError};

use self::child_steps::Kids;
use self::fork_step::Leaving;
use self::handler_steps::Heard;
use self::loop_steps::Other;
use self::policy_steps::{Booth, Seat};
pub(crate) use self::source_steps::Line;
use self::source_steps::Sources;
use self::takeover_step::Takers;
use self::task_steps::Tasks;
use crate::history::{Current, History, Ran, What};
use crate::log::{Log, Token};
use crate::platform::{self, Watch};
use crate::program::{Label, Program, Step};
use crate::root::{Anyloop, Root};
use crate::subject::Subject;
use crate::world::{Thread, World};

/// Plays `program` on a new loop of `subject`.
#[must_use]
pub fn play(program: &Program, subject: &dyn Subject, world: &Rc<dyn World>) -> History {
    play_on(program, subject, &Anyloop, world)
}

/// As [`play`], with something in the place of the root crate.
#[must_use]
pub fn play_on(
    program: &Program,
    subject: &dyn Subject,
    root: &'static dyn Root,
    world: &Rc<dyn World>,
) -> History {
    let log = Log::new();
    // A policy, or a loop, that panics while it is made is no loop, and no reason to give up.
    let player = match platform::catch(|| Player::new(program, subject, root, world, &log)) {
        Ok(Ok(player)) => Rc::new(player),
        Ok(Err(error)) => {
            log.record(What::NoLoop { why: format!("{error}") });
            return log.finish();
        }
        Err(panic) => {
            log.record(What::NoLoop { why: format!("a panic: {panic}") });
            return log.finish();
        }
    };
    // The policy of the process is put back afterwards, whatever the program does to it.
    let before = root.set(None);
    let _former = root.keep(None);
    if PLAYER.replace(Some(player.clone())).is_ok() {
        player.play(program);
        let _ = PLAYER.replace(None);
    }
    root.set(before);
    if let Err(panic) = platform::catch(|| drop(player)) {
        log.record_quietly(What::Failed { panic });
    }
    log.finish()
}

static PLAYER: PerContext<Player> = PerContext::new();

/// The player whose loop lives on this context; nobody plays in a forked child.
pub(crate) fn player() -> Option<Rc<Player>> {
    if platform::is_fork() { None } else { PLAYER.get().ok().flatten() }
}

/// Takes the steps of one program. It is found through [`player`], so that callbacks need not
/// hold it and can travel through the remote half.
pub(crate) struct Player {
    lp: Loop,
    remote: Remote,
    epoch: Instant,
    log: Log,
    root: &'static dyn Root,
    burn: fn(&Loop, Duration),
    world: Rc<dyn World>,
    watch: Watch,
    /// How many callbacks and polls of this context are under way.
    inside: Cell<u32>,
    /// Whether a nested run is being attempted: if it succeeds, it must come to an end.
    attempting: Cell<bool>,
    given_up: Cell<bool>,
    handles: RefCell<BTreeMap<Label, Handle>>,
    deadlines: RefCell<BTreeMap<Label, Instant>>,
    other: RefCell<Option<Other>>,
    threads: RefCell<Vec<Box<dyn Thread>>>,
    tasks: Tasks,
    sources: Sources,
    kids: Kids,
    takers: Takers,
    heard: Heard,
    /// How long a forked child may take, and the news of a child's end.
    fork_patience: Duration,
    /// In a forked child: it leaves when the run has ended.
    leaving: RefCell<Option<Leaving>>,
    booth: Booth,
    /// How many exception handlers were set.
    exception_handlers: Cell<u32>,
}

impl Player {
    /// How often the loop is run again at the end, as long as something is left: more often than
    /// a program has steps that stop.
    const LAST_RUNS: u32 = 64;

    /// Nanoseconds since the start of the play.
    pub(crate) fn now(&self) -> u64 {
        let now = self.lp.time();
        // A clock that goes backwards must not look as if it stood still.
        now.as_nanos().saturating_sub(self.epoch.as_nanos())
    }

    /// Makes a loop of the subject, and all that a play needs.
    fn new(
        program: &Program,
        subject: &dyn Subject,
        root: &'static dyn Root,
        world: &Rc<dyn World>,
        log: &Log,
    ) -> Result<Self, PolicyError> {
        // From here on: a policy may hang as well as a loop.
        let watch = Watch::new(program, log, subject.patience());
        let seat = Seat::new(log, subject, root);
        let lp = seat.policy().new_event_loop()?;
        let remote = lp.remote();
        log.with(|state| state.remote = Some(remote.clone()));
        Ok(Self {
            epoch: lp.time(),
            booth: Booth::new(seat, Some(lp.clone())),
            lp,
            log: log.clone(),
            root,
            burn: subject.burn(),
            world: world.clone(),
            watch,
            remote,
            inside: Cell::default(),
            attempting: Cell::default(),
            given_up: Cell::default(),
            handles: RefCell::default(),
            deadlines: RefCell::default(),
            other: RefCell::default(),
            threads: RefCell::default(),
            tasks: Tasks::default(),
            sources: Sources::default(),
            exception_handlers: Cell::default(),
            kids: Kids::new(subject),
            takers: Takers::default(),
            heard: Heard::default(),
            fork_patience: platform::given_patience().unwrap_or(subject.patience()) / 2,
            leaving: RefCell::default(),
        })
    }

    fn play(&self, program: &Program) {
        self.set_handler(false);
        for step in &program.0 {
            self.watch.again();
            self.careful(|| self.step(step));
        }
        self.watch.again();
        self.careful(|| self.finish());
    }

    /// Does something with the loop outside of every callback; a panic is the loop's own.
    fn careful(&self, section: impl FnOnce()) {
        if let Err(panic) = platform::catch(section) {
            self.log.record_quietly(What::Failed { panic });
        }
    }

    /// Runs until nothing is left to wait for, closes, and looks at the closed loop.
    fn finish(&self) {
        self.join();
        self.count_descriptors_of_the_removed();
        for last in 0..Self::LAST_RUNS {
            self.join();
            // The last run may have started some.
            self.end_kids();
            if self.given_up.get() || (last > 0 && (self.log.is_idle() || self.lp.is_closed())) {
                break;
            }
            self.run();
        }
        self.await_takers();
        self.await_also();
        self.count_descriptors();
        self.look_whether_it_let_go();
        self.close();
        self.poke();
        self.look();
        self.account_for_sources();
        self.account_for_kids();
        self.account_for_the_signal();
        self.account_for_handlers();
    }

    /// Takes one step, wherever it stands.
    pub(crate) fn step(&self, step: &Step) {
        if platform::is_fork() {
            return;
        }
        match step {
            Step::Thread { .. } | Step::Join => self.thread_step(step),
            Step::Task { .. }
            | Step::Until { .. }
            | Step::Wake { .. }
            | Step::Abort { .. }
            | Step::Detach { .. }
            | Step::TaskScope { .. } => {
                self.task_step(step);
            }
            // Taken by the future itself; elsewhere there is nothing to suspend.
            Step::Yield
            | Step::Sleep { .. }
            | Step::Park
            | Step::Await { .. }
            | Step::Readable { .. }
            | Step::Writable { .. } => {}
            Step::Wire { .. }
            | Step::Reader { .. }
            | Step::Writer { .. }
            | Step::Unreader { .. }
            | Step::Unwriter { .. }
            | Step::Feed { .. }
            | Step::Drain { .. }
            | Step::Clog { .. }
            | Step::Unclog { .. }
            | Step::Hangup { .. }
            | Step::Unwire { .. } => self.source_step(step),
            Step::Child { .. }
            | Step::End { .. }
            | Step::Ended { .. }
            | Step::Sigstop { .. }
            | Step::Sigcont { .. }
            | Step::Watch { .. }
            | Step::TakeOver { .. }
            | Step::Unwatch { .. }
            | Step::Steal { .. }
            | Step::Alien { .. }
            | Step::CloseWatcher
            | Step::Attach { .. }
            | Step::Unattach => self.child_step(step),
            Step::Heed | Step::Ignore | Step::Block | Step::Jolt => self.signal_step(step),
            Step::Scarce { body } => self.scarcely(body),
            Step::Adopt => self.adopt(),
            Step::Claim { kid } => self.claim(*kid),
            Step::Bracket { body } => {
                self.bracketed(|| body.0.iter().for_each(|step| self.step(step)));
            }
            Step::Program { label, scene, plan } => self.perform(*label, *scene, *plan),
            Step::Probe | Step::Discard | Step::Abandon => self.life_step(step),
            Step::Turn { wait } => self.turn(wait.duration()),
            Step::Fork => self.fork(),
            Step::OnSignal { .. } | Step::UnSignal { .. } | Step::Raise { .. } | Step::Also { .. } => {
                self.handler_step(step);
            }
            Step::Guard { which, body } => {
                self.booth.guarded(*which, || body.0.iter().for_each(|step| self.step(step)));
            }
            Step::Failing { body } => {
                self.booth.failing(|| body.0.iter().for_each(|step| self.step(step)));
            }
            Step::Elsewhere { body } => self.elsewhere(body),
            Step::Store { .. }
            | Step::Clear
            | Step::Ask
            | Step::Ambient
            | Step::New { .. }
            | Step::Keep
            | Step::Set { .. }
            | Step::Reset
            | Step::Lookup
            | Step::Unguard
            | Step::Watcher
            | Step::SetWatcher { .. }
            | Step::UnsetWatcher
            | Step::Refuse => {
                self.booth.step(step);
                if matches!(step, Step::Set { .. } | Step::Reset) {
                    self.look();
                }
            }
            _ => self.loop_step(step),
        }
    }

    /// Writes down what the loop and the context say about the loop.
    pub(crate) fn look(&self) {
        let state = match (self.lp.is_running(), self.lp.is_closed()) {
            (true, _) => LoopState::Running,
            (_, true) => LoopState::Closed,
            (false, false) => LoopState::Idle,
        };
        let current = match self.root.running() {
            None => Current::None,
            Some(lp) if lp.is_same(&self.lp) => Current::This,
            Some(_) => Current::Other,
        };
        self.log.record(What::Saw { state, current });
        let (owner, closed) = (self.remote.is_owner(), self.remote.is_closed());
        self.log.record(What::RemoteSaw { owner, closed });
    }

    /// Stops the loop, on its context.
    pub(crate) fn stop(&self) {
        self.log.record(What::Stop);
        self.lp.stop();
    }

    /// Runs the loop, or attempts to from inside a callback.
    fn run(&self) {
        self.run_by(None, || self.root.run_forever(&self.lp).map(|()| Ran::Returned));
    }

    /// Runs the loop with `run`, and waits for the threads afterwards.
    fn run_by(&self, until: Option<Label>, run: impl FnOnce() -> Result<Ran, RunError>) -> Option<Ran> {
        if self.inside.get() > 0 {
            self.attempt(false, || (run(), 0));
            return None;
        }
        if self.given_up.get() {
            return None;
        }
        self.look();
        let idle = self.log.with(|state| {
            state.running = true;
            until.is_none()
        }) && self.log.is_idle();
        if idle && !self.lp.is_closed() {
            self.stop();
        }
        self.log.record(What::Enter { until });
        self.watch.again();
        let ran = platform::catch(run);
        self.leave_if_child(&ran);
        let result = match ran {
            Ok(Ok(ran)) => ran,
            Ok(Err(error)) => error.into(),
            Err(panic) => Ran::Panicked(panic),
        };
        self.log.with(|state| state.running = false);
        let gave_up = self.log.take_gave_up();
        if gave_up || result == Ran::Error(RunError::Stalled) {
            self.given_up.set(true);
            self.log.record(What::Stalled);
        }
        self.inside.set(0);
        self.log.record(What::Exit { result: result.clone() });
        self.look();
        self.join();
        Some(result)
    }

    /// Ends the child of a callback that forked: its inherited run has ended, like that.
    fn leave_if_child<T>(&self, ran: &Result<Result<T, RunError>, String>) {
        if let Some(leaving) = self.leaving.take() {
            leaving.leave(&ran.as_ref().map(|ran| ran.as_ref().map(drop)));
        }
    }

    /// Attempts a nested run.
    fn attempt(&self, other: bool, run: impl FnOnce() -> (Result<Ran, RunError>, u32)) {
        self.log.record(What::Attempting { other });
        let before = self.attempting.replace(true);
        let (result, ran) = match platform::catch(run) {
            Ok((Ok(result), ran)) => (result, ran),
            Ok((Err(error), ran)) => (error.into(), ran),
            Err(panic) => (Ran::Panicked(panic), 0),
        };
        self.attempting.set(before);
        self.log.record(What::Attempted { other, result, ran });
        self.look();
    }

    /// Marks the start of a callback or a poll on this context.
    pub(crate) fn enter(self: &Rc<Self>) -> Inside {
        self.inside.set(self.inside.get() + 1);
        if self.attempting.get() {
            // The nested run was not refused. It would wait for what can only happen after it.
            self.lp.stop();
        }
        Inside(self.clone())
    }

    /// Waits for the threads.
    fn join(&self) {
        let threads = self.threads.take();
        for thread in threads {
            thread.join();
        }
    }

    pub(crate) fn hold(&self, label: Label) {
        self.log.hold(Token::Callback(label));
    }
}

/// Marks that a callback or a poll is under way.
pub(crate) struct Inside(Rc<Player>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.inside.set(self.0.inside.get().saturating_sub(1));
    }
}
