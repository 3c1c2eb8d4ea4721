//! What the steps about callbacks and runs do.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::time::Duration;

use anyloop::{Callback, CloseError, Exception, Handle, Instant, Loop, Rejected};

use super::payload::Payload;
use super::{Player, player};
use crate::history::{How, Ran, What};
use crate::log::Token;
use crate::platform;
use crate::program::{Body, Label, Ref, Step, Units};

/// How often `spin` schedules itself at most: somewhat more than the rule about fairness allows.
const SPINS: u32 = 1100;

/// The label of no callback.
const NOBODY: Label = Label(0);

/// Far deadlines are tried with `never` too: as far as a clock of 64 bits goes, but one.
const FAR: Instant = Instant::from_nanos(u64::MAX - 1);

/// Another loop of the same policy, with callbacks of its own.
pub(super) struct Other {
    lp: Loop,
    handles: Vec<Handle>,
    ran: Rc<Cell<u32>>,
    lost: Rc<Cell<u32>>,
}

/// What the loop answered to the capture of a callback that was dropped.
#[derive(Default)]
pub(super) struct Touch {
    pub(super) accepted: bool,
    pub(super) cancelled: bool,
    pub(super) closed: Option<Result<(), CloseError>>,
}

/// Tells what became of a callback of the other loop.
struct Counted {
    ran: Rc<Cell<u32>>,
    lost: Rc<Cell<u32>>,
    called: bool,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let counter = if self.called { &self.ran } else { &self.lost };
        counter.set(counter.get() + 1);
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It was only lent by the policy; that it can be closed is judged on the first loop.
        let _ = platform::catch(|| self.lp.close());
    }
}

impl Player {
    pub(super) fn loop_step(&self, step: &Step) {
        match step {
            Step::Soon { label, body } => {
                self.ask(*label, How::Soon, Payload::new(self, *label, body));
            }
            Step::Touchy { label, body } => {
                self.ask(*label, How::Soon, Payload::new(self, *label, body).touchy());
            }
            Step::At { when, label, body } => {
                let when = when.after(self.epoch);
                let how = How::At(when.as_nanos() - self.epoch.as_nanos());
                self.deadlines.borrow_mut().insert(*label, when);
                self.ask(*label, how, Payload::new(self, *label, body));
            }
            Step::Never { label, body } => {
                self.ask(*label, How::Never, Payload::new(self, *label, body));
            }
            Step::Post { label, body } => self.post(*label, body),
            Step::Cancel { of: Ref(label) } => self.cancel(*label),
            Step::Scope { of: Ref(label) } => self.scope(*label),
            Step::Handler => self.set_handler(false),
            Step::Fragile => self.set_handler(true),
            Step::Foreign { of: Ref(label) } => self.foreign(*label),
            Step::Burn { time } => {
                self.log.record(What::Burning);
                (self.burn)(&self.lp, time.duration());
                self.log.record(What::Burned { time: u64::from(time.0) * Units::NANOS });
            }
            Step::Spin { label, until: Ref(timer) } => self.spin(*label, *timer),
            Step::Stop => self.stop(),
            Step::Run => self.run(),
            Step::Other => self.run_other(),
            Step::Close => self.close(),
            // A panic outside of every callback would be the program's own.
            _ => {}
        }
    }

    /// Schedules `payload`, and writes down what came of it.
    fn ask(&self, label: Label, how: How, payload: Payload) {
        self.schedule(label, how, Callback::new(move || payload.call()));
    }

    fn schedule(&self, label: Label, how: How, callback: Callback) {
        self.log.record(What::Asking { label, how });
        if how != How::Never {
            self.log.hold(Token::Callback(label));
        }
        let accepted = match how {
            How::At(nanos) => self.lp.call_at(Instant::from_nanos(self.epoch.as_nanos() + nanos), callback),
            // Both kinds of far deadline come up, half of the time each.
            How::Never if label.0.is_multiple_of(2) => self.lp.call_at(Instant::NEVER, callback),
            How::Never => self.lp.call_at(FAR, callback),
            _ => self.lp.call_soon(callback),
        };
        match accepted {
            Ok(handle) => {
                self.handles.borrow_mut().insert(label, handle);
                self.log.record(What::Accepted { label, handle: Some(handle.to_bits()) });
            }
            Err(Rejected { reason, item }) => {
                self.log.record(What::Refused { label, reason });
                drop(item);
            }
        }
    }

    /// Schedules by way of the remote half, on the loop's own context.
    fn post(&self, label: Label, body: &Body) {
        let payload = Payload::new(self, label, body);
        self.log.record(What::Asking { label, how: How::Post });
        self.log.hold(Token::Callback(label));
        match self.remote.call_soon(move || payload.call()) {
            Ok(()) => self.log.record(What::Accepted { label, handle: None }),
            Err(Rejected { reason, item }) => {
                self.log.record(What::Refused { label, reason });
                drop(item);
            }
        }
    }

    fn cancel(&self, label: Label) {
        let Some(handle) = self.handles.borrow().get(&label).copied() else { return };
        self.log.record(What::Cancelling { label });
        let answer = self.lp.cancel(handle);
        self.log.record(What::Cancelled { label, answer });
    }

    /// Cancels what is sure to be waited for, so that it can be told whether it was.
    fn scope(&self, label: Label) {
        let token = Token::Callback(label);
        let handle = self.handles.borrow().get(&label).copied();
        let Some(handle) = handle.filter(|_| self.log.holds(token)) else { return };
        self.log.record(What::Scoping { label });
        self.log.record(What::Cancelling { label });
        self.root.scope(&self.lp, handle);
        self.log.record(What::Cancelled { label, answer: !self.log.holds(token) });
    }

    /// A callback that waits for the timer to be due, and then starves it if it can.
    fn spin(&self, label: Label, timer: Label) {
        let payload = Payload::new(self, label, &Body::default());
        let first = move |player: &Self| {
            let due = player.deadlines.borrow().get(&timer).copied();
            if let Some(due) = due {
                (player.burn)(&player.lp, due - player.lp.time());
                player.spin_on(label, SPINS);
            } else if player.log.is_registered(timer) && player.log.holds(Token::Callback(timer)) {
                player.log.record(What::Spun { label });
                player.spin_for(timer, platform::elapsed());
            }
        };
        self.schedule(label, How::Soon, Callback::new(move || payload.call_with(first)));
    }

    fn spin_on(&self, label: Label, left: u32) {
        if left == 0 || self.log.is_idle() {
            return;
        }
        let again = move || {
            if let Some(player) = player() {
                player.log.record(What::Spun { label });
                player.spin_on(label, left - 1);
            }
        };
        // On a closed loop it comes back, and that is the end of it.
        drop(self.lp.call_soon(again));
    }

    /// Keeps the loop busy until the end of the child was told that `of` waits for, or nobody would wait
    /// for that any more.
    fn spin_for(&self, of: Label, since: Duration) {
        if !self.log.is_registered(of) {
            return;
        }
        if platform::elapsed() - since > self.fork_patience {
            return self.log.record(What::Starved { label: of });
        }
        let again = move || {
            if let Some(player) = player() {
                player.spin_for(of, since);
            }
        };
        drop(self.lp.call_soon(again));
    }

    pub(super) fn close(&self) {
        self.log.record(What::Closing);
        let result = self.lp.close();
        self.log.record(What::Closed { result });
        self.look();
    }

    pub(super) fn panic(&self, label: Label) {
        if platform::PANICS {
            self.log.record(What::Panicking { label });
            platform::raise(label);
        } else {
            self.log.record(What::lacking("panics"));
        }
    }

    /// Has the loop's exception handler tell of the planned panics, and panic itself if it is to be
    /// broken.
    pub(super) fn set_handler(&self, broken: bool) {
        let Some(observe) = self.lp.capabilities().observe else {
            self.log.record(What::lacking("exception handlers"));
            return;
        };
        let log = self.log.clone();
        let broken = broken && platform::PANICS;
        let handler = self.exception_handlers.get() + 1;
        self.exception_handlers.set(handler);
        self.log.record(What::HandlerSet { handler, broken });
        observe.set_exception_handler(Some(Rc::new(move |exception: &Exception<'_>| {
            // The panic of a broken handler is nobody's.
            let raised = exception.payload.and_then(platform::raised);
            if let Some(label) = raised.filter(|label| *label != NOBODY) {
                log.record(What::Reported { label, handler });
                if broken {
                    platform::raise(NOBODY);
                }
            }
        })));
    }

    /// What the capture of a `touchy` callback does while it is dropped.
    pub(super) fn touch(&self, label: Label, touch: &mut Touch) {
        let handle = self.handles.borrow().get(&label).copied();
        let _ = self.lp.time();
        let _ = self.remote.is_closed();
        if let Some(handle) = handle {
            touch.cancelled = self.lp.cancel(handle);
        }
        let asked = [self.lp.call_soon(|| {}), self.lp.call_at(FAR, || {})];
        for handle in asked.into_iter().flatten() {
            touch.accepted = true;
            self.lp.cancel(handle);
        }
        touch.accepted |= self.remote.call_soon(|| {}).is_ok();
        // An idle loop would really be closed by it.
        if self.lp.is_running() || self.lp.is_closed() {
            touch.closed = Some(self.lp.close());
        }
    }

    /// What has to be harmless on a closed loop.
    pub(super) fn poke(&self) {
        let handles: Vec<Handle> = self.handles.borrow().values().copied().collect();
        let cancelled = Cell::new(false);
        let poked = platform::catch(|| {
            self.lp.stop();
            self.remote.stop();
            let _ = self.lp.time();
            let _ = self.lp.is_running();
            for handle in handles {
                cancelled.set(cancelled.get() | self.lp.cancel(handle));
            }
        });
        self.log.record_quietly(What::Poked { panic: poked.err(), cancelled: cancelled.get() });
    }

    /// Does something with the handle of the other loop.
    pub(super) fn with_other_loop<R>(&self, section: impl FnOnce(&Loop) -> R) -> Option<R> {
        self.with_other(|other| section(&other.lp))
    }

    /// Closes the other loop.
    pub(super) fn close_other(&self) {
        let other = self.other.take();
        drop(other);
    }

    /// Does something with the other loop, made when it is first needed.
    fn with_other<R>(&self, section: impl FnOnce(&Other) -> R) -> Option<R> {
        // As many callbacks as a short program has, so that small numbers would name some.
        const CALLBACKS: usize = 12;
        if self.other.borrow().is_none() {
            let lp = self.booth.seat().policy().new_event_loop().ok()?;
            let other = Other { lp, handles: Vec::new(), ran: Rc::default(), lost: Rc::default() };
            *self.other.borrow_mut() = Some(other);
            for _ in 0..CALLBACKS {
                let mut other = self.other.borrow_mut();
                let other = other.as_mut()?;
                let mut counted =
                    Box::new(Counted { ran: other.ran.clone(), lost: other.lost.clone(), called: false });
                let handle = other.lp.call_soon(move || counted.called = true).ok()?;
                other.handles.push(handle);
                self.log.record(What::OtherAccepted { handle: handle.to_bits() });
            }
        }
        self.other.borrow().as_ref().map(section)
    }

    fn foreign(&self, label: Label) {
        let Some(handle) = self.handles.borrow().get(&label).copied() else { return };
        let told = self.with_other(|other| {
            let before = other.lost.get();
            let ours = other.lp.cancel(handle);
            let theirs = other.handles.iter().any(|handle| self.lp.cancel(*handle));
            ([ours, theirs], other.lost.get() - before)
        });
        if let Some((answers, lost)) = told {
            self.log.record(What::Foreign { label, answers, lost });
        }
    }

    /// Runs the other loop for one turn, or attempts to from inside a callback.
    fn run_other(&self) {
        self.with_other(|other| {
            let before = other.ran.get();
            // So that it comes back if it is not refused.
            other.lp.stop();
            let run = || {
                let result = self.root.run_forever(&other.lp).map(|()| Ran::Returned);
                (result, other.ran.get() - before)
            };
            match self.inside.get() {
                0 => drop(run()),
                _ => self.attempt(true, run),
            }
        });
    }
}
