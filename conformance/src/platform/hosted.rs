//! How a play is recorded and watched where there is a standard library.

use std::any::Any;
use std::boxed::Box;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
use std::string::{String, ToString};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::log::{Log, State};
use crate::program::{Label, Program};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state that the threads of a play share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn with<R>(&self, section: impl FnOnce(&mut State) -> R) -> R {
        // Nobody reads the record in a forked child, where a thread that is not there may hold the
        // lock.
        if is_fork() { section(&mut State::default()) } else { section(&mut lock(&self.0)) }
    }
}

/// Whether this process is a forked child of one that plays.
static FORK: AtomicBool = AtomicBool::new(false);

/// How many callbacks and polls of the parent began in it.
static STRAYS: AtomicU32 = AtomicU32::new(0);

/// Said in a forked child: nothing is played here, and nothing recorded.
pub(crate) fn be_fork() {
    FORK.store(true, Ordering::Relaxed);
}

/// Whether that was said.
pub(crate) fn is_fork() -> bool {
    FORK.load(Ordering::Relaxed)
}

/// Counts a callback or a poll, if it begins in a forked child, and says whether it does.
pub(crate) fn is_stray() -> bool {
    let stray = is_fork();
    STRAYS.fetch_add(stray.into(), Ordering::Relaxed);
    stray
}

/// How many were counted.
pub(crate) fn strays() -> u32 {
    STRAYS.load(Ordering::Relaxed)
}

std::thread_local! {
    /// Whether panics of this thread are evidence, and no news for the terminal.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Makes the panic hook keep silent about panics that are caught here.
fn install_quiet_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.try_with(Cell::get).unwrap_or(false) {
                loud(info);
            }
        }));
    });
}

/// Calls `section`, and gives the words of its panic if it panics.
pub(crate) fn catch<R>(section: impl FnOnce() -> R) -> Result<R, String> {
    install_quiet_hook();
    let before = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(section));
    QUIET.set(before);
    result.map_err(|payload| match (raised(&*payload), payload.downcast_ref::<&str>()) {
        (Some(label), _) => std::format!("the planned panic of {label}"),
        (None, Some(words)) => (*words).to_string(),
        (None, None) => {
            payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic without words".to_string())
        }
    })
}

/// What the step `panic` panics with.
struct Planned(Label);

/// Whether `raise` does anything.
pub(crate) const PANICS: bool = true;

/// Panics, without the panic hook: it was planned.
pub(crate) fn raise(label: Label) {
    resume_unwind(Box::new(Planned(label)))
}

/// Whose planned panic that is.
pub(crate) fn raised(payload: &(dyn Any + Send)) -> Option<Label> {
    payload.downcast_ref::<Planned>().map(|planned| planned.0)
}

/// Keeps a thread busy that has no loop to tell the time.
pub(crate) fn burn_elsewhere(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::thread::yield_now();
    }
}

/// The time since some moment, by a clock that no loop has a hand in.
pub(crate) fn elapsed() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// How a program is played again, with `{}` for the program.
static REPLAY: Mutex<Option<String>> = Mutex::new(None);

/// Says how.
pub(crate) fn replay_with(command: &str) {
    *lock(&REPLAY) = Some(command.to_string());
}

/// The command that plays the program again.
fn replay(program: &Program) -> String {
    let command = lock(&REPLAY).clone();
    command.as_deref().unwrap_or("ANYLOOP_PROGRAM={}").replace("{}", &crate::text::quoted(program))
}

/// The play that is under way, as the watchdog sees it.
struct Case {
    program: Program,
    log: Log,
    patience: Duration,
    deadline: Instant,
    /// Whether the run was given up already, and did not return even so.
    given_up: bool,
}

static CASES: Mutex<std::vec::Vec<(u64, Case)>> = Mutex::new(std::vec::Vec::new());

/// Watches one play until it is dropped. A play that hangs is asked to stop; one that does not
/// stop ends the process, with the program on stderr and exit status 3.
pub(crate) struct Watch {
    id: u64,
}

impl Watch {
    pub(crate) fn new(program: &Program, log: &Log, patience: Duration) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            drop(std::thread::spawn(|| {
                // What the loop's thread does not hear, nobody hears in its place.
                crate::world::hear_no_ends();
                keep_watch();
            }));
        });
        let patience = given_patience().unwrap_or(patience);
        let mut cases = lock(&CASES);
        let id = cases.iter().map(|(id, _)| id + 1).max().unwrap_or(0);
        cases.push((
            id,
            Case {
                program: program.clone(),
                log: log.clone(),
                patience,
                deadline: Instant::now() + patience,
                given_up: false,
            },
        ));
        Self { id }
    }

    /// The patience starts anew.
    pub(crate) fn again(&self) {
        if let Some((_, case)) = lock(&CASES).iter_mut().find(|(id, _)| *id == self.id) {
            case.deadline = Instant::now() + case.patience;
            case.given_up = false;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&CASES).retain(|(id, _)| *id != self.id);
    }
}

/// The patience that the kit asks a driver for, in milliseconds, once it does.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Has plays waited for so long from now on.
pub(crate) fn ask_patience(millis: u64) {
    ASKED.store(millis, Ordering::Relaxed);
}

/// The patience that the kit or the environment asks for.
pub(crate) fn given_patience() -> Option<Duration> {
    static GIVEN: OnceLock<Option<Duration>> = OnceLock::new();
    if let millis @ 1.. = ASKED.load(Ordering::Relaxed) {
        return Some(Duration::from_millis(millis));
    }
    *GIVEN.get_or_init(|| {
        let millis = std::env::var("ANYLOOP_PATIENCE_MS").ok()?.parse().ok()?;
        Some(Duration::from_millis(millis))
    })
}

fn keep_watch() {
    loop {
        std::thread::sleep(Duration::from_millis(20));
        let mut late = std::vec::Vec::new();
        for (_, case) in lock(&CASES).iter_mut() {
            if Instant::now() < case.deadline {
                continue;
            }
            if case.given_up {
                if super::answer_that_it_hangs(&case.log.so_far()) {
                    std::process::exit(3);
                }
                std::eprintln!(
                    "\nhung  the policy or a method of the loop did not return within {:?}, not even after a remote stop.\n\n{}\n\
                     Replay it:  {}",
                    case.patience * 2,
                    case.program,
                    replay(&case.program),
                );
                std::process::exit(3);
            }
            case.given_up = true;
            case.deadline = Instant::now() + case.patience;
            late.push(case.log.clone());
        }
        for log in late {
            let remote = log.with(|state| {
                state.gave_up = true;
                state.remote.clone()
            });
            // Where there is no loop yet, there is nothing to stop.
            if let Some(remote) = remote {
                remote.stop();
            }
        }
    }
}
