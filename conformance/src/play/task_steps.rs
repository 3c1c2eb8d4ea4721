//! What a task does: it takes its steps one after the other, and tells when it is polled and woken.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use anyloop::{Rejected, RunError, Task};

use super::source_steps::wait;
use super::{Player, player};
use crate::history::{Ran, Side, What};
use crate::log::{Log, Token};
use crate::platform::{self, Notify};
use crate::program::{Body, Label, Ref, Step, Units, WireRef};

/// The tasks that can still be awaited or cancelled.
pub(super) type Tasks = RefCell<BTreeMap<Label, Task<u32>>>;

/// How often a future is run again that was stopped early.
const TRIES: u32 = 16;

impl Player {
    pub(super) fn task_step(&self, step: &Step) {
        match step {
            Step::Task { label, body } => self.spawn(*label, body),
            Step::Until { label, body } => self.until(*label, body),
            Step::Wake { of: Ref(label) } => wake(&self.log, *label),
            Step::Abort { of: Ref(label) } => self.abort(*label, |task| task.cancel()),
            Step::TaskScope { of: Ref(label) } => {
                self.abort(*label, |task| {
                    self.log.record(What::Scoping { label: *label });
                    self.root.task_scope(task);
                });
            }
            Step::Detach { of: Ref(label) } => {
                let task = self.tasks.borrow_mut().remove(label);
                if let Some(task) = task {
                    let finished = self.root.is_finished(&task);
                    self.log.record(What::Detaching { label: *label, finished });
                    self.root.detach(task);
                }
            }
            _ => {}
        }
    }

    fn spawn(&self, label: Label, body: &Body) {
        self.log.record(What::Spawning { label });
        let future = Traced::new(&self.log, label, body);
        self.log.hold(Token::Wake(label));
        match self.lp.spawn_local(future) {
            Ok(task) => {
                self.tasks.borrow_mut().insert(label, task);
                self.log.record(What::Spawned { label });
            }
            Err(Rejected { item, .. }) => {
                self.log.record(What::TaskRefused { label });
                drop(item);
            }
        }
    }

    fn until(&self, label: Label, body: &Body) {
        let mut future = pin!(Traced::new(&self.log, label, body));
        for _ in 0..TRIES {
            // A future that is polled anew is owed nothing by its wakers of before: the run that they
            // belong to is over. No thread has taken one, since all were joined after that run.
            let stale = self.log.with(|state| state.parked.remove(&label));
            drop(stale);
            self.log.hold(Token::Wake(label));
            let run = || self.root.run_until_complete(&self.lp, future.as_mut()).map(Ran::Output);
            match self.run_by(Some(label), run) {
                Some(Ran::Error(RunError::Stopped)) if !self.log.is_idle() => {}
                _ => break,
            }
        }
    }

    fn abort(&self, label: Label, how: impl FnOnce(Task<u32>)) {
        let Some(task) = self.tasks.borrow_mut().remove(&label) else { return };
        self.log.record(What::Aborting { label });
        let alive = self.log.with(|state| state.alive.contains(&label));
        if alive {
            self.log.hold(Token::Abort(label));
        }
        how(task);
    }
}

/// Wakes a future that is parked. On any context.
pub(super) fn wake(log: &Log, label: Label) {
    let waker = log.with(|state| state.parked.remove(&label));
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A future that takes the steps of a body, and tells all that happens to it.
struct Traced {
    label: Label,
    log: Log,
    steps: Pin<Box<dyn Future<Output = ()>>>,
}

impl Traced {
    fn new(log: &Log, label: Label, body: &Body) -> Self {
        log.with(|state| state.alive.insert(label));
        Self { label, log: log.clone(), steps: Box::pin(take_steps(log.clone(), label, body.clone())) }
    }
}

impl Future for Traced {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        if platform::is_stray() {
            return Poll::Pending;
        }
        let (log, label) = (self.log.clone(), self.label);
        log.hold(Token::Poll(label));
        log.release(Token::Wake(label));
        log.record(What::Polled { label });
        let _polling = Polling { label, log: log.clone() };
        let player = player();
        let _inside = player.as_ref().map(Player::enter);
        if let Some(player) = &player {
            player.look();
        }
        let waker = platform::waker(Tracer { label, log: log.clone(), inner: cx.waker().clone() });
        self.steps.as_mut().poll(&mut Context::from_waker(&waker)).map(|()| {
            log.record(What::Finished { label });
            label.0
        })
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let label = self.label;
        let waker = self.log.with(|state| {
            state.alive.remove(&label);
            state.parked.remove(&label)
        });
        drop(waker);
        self.log.record_quietly(What::FutureDropped { label });
        for token in [Token::Wake(label), Token::Sleep(label), Token::Abort(label)] {
            self.log.release(token);
        }
    }
}

/// Ends a poll, a panic included.
struct Polling {
    label: Label,
    log: Log,
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.log.record(What::PollEnded { label: self.label });
        self.log.release(Token::Poll(self.label));
    }
}

/// A waker that tells that it was used.
struct Tracer {
    label: Label,
    log: Log,
    inner: Waker,
}

impl Notify for Tracer {
    fn notify(&self) {
        let label = self.label;
        if self.log.with(|state| state.alive.contains(&label)) {
            self.log.hold(Token::Wake(label));
            self.log.record(What::Woken { label });
        }
        self.inner.wake_by_ref();
    }
}

async fn take_steps(log: Log, label: Label, body: Body) {
    for step in &body.0 {
        match step {
            Step::Yield => once(|cx| cx.waker().wake_by_ref()).await,
            Step::Park => {
                once(|cx| {
                    let waker = cx.waker().clone();
                    let former = log.with(|state| state.parked.insert(label, waker));
                    drop(former);
                })
                .await;
            }
            Step::Sleep { time } => sleep(&log, label, *time).await,
            Step::Await { of: Ref(of) } => join(&log, label, *of).await,
            Step::Readable { wire: WireRef(wire) } => wait(&log, label, *wire, Side::Read).await,
            Step::Writable { wire: WireRef(wire) } => wait(&log, label, *wire, Side::Write).await,
            _ => {
                // On another context there is no player, and the breach is on record.
                let Some(player) = player() else { continue };
                match step {
                    Step::Panic => player.panic(label),
                    _ => player.step(step),
                }
            }
        }
    }
}

/// Does `arrange` and is pending once.
pub(super) async fn once(arrange: impl Fn(&Context<'_>)) {
    let mut pending = true;
    poll_fn(|cx| {
        if core::mem::take(&mut pending) {
            arrange(cx);
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

async fn sleep(log: &Log, label: Label, time: Units) {
    let Some(player) = player() else { return };
    let due = player.now() + u64::from(time.0) * Units::NANOS;
    log.record(What::Sleeping { label, due });
    log.hold(Token::Sleep(label));
    let sleep = player.lp.sleep(time.duration());
    drop(player);
    let slept = sleep.await;
    log.record(What::Slept { label, due, failed: slept.is_err() });
    log.release(Token::Sleep(label));
}

async fn join(log: &Log, label: Label, of: Label) {
    let task = player().and_then(|player| player.tasks.borrow_mut().remove(&of));
    if let Some(task) = task {
        log.record(What::Joining { label, of });
        let result = task.await;
        log.record(What::Joined { label, of, result });
    }
}
