//! What a thread does: it holds a loop's remote half, and nothing else of the loop.

use alloc::boxed::Box;

use anyloop::{Policy, Rejected, Remote};

use super::Player;
use super::child_steps::{close_watcher, snatch};
use super::handler_steps::raise;
use super::payload::Payload;
use super::source_steps::{feed, hang_up};
use crate::history::{How, What};
use crate::log::{Log, Token};
use crate::platform;
use crate::program::{Body, KidRef, Label, Ref, Step, WireRef};
use crate::world::{Interrupter, Raiser};

impl Player {
    pub(super) fn thread_step(&self, step: &Step) {
        match step {
            Step::Thread { label, body } => self.start_thread(*label, body),
            // A join inside of a callback would keep the loop from what the thread waits for.
            Step::Join if self.inside.get() == 0 => self.join(),
            _ => {}
        }
    }

    fn start_thread(&self, label: Label, body: &Body) {
        let raises = |body: &Body| body.0.iter().any(|step| matches!(step, Step::Raise { .. }));
        let interrupts = |body: &Body| body.0.iter().any(|step| matches!(step, Step::Interrupt));
        let seat = ThreadSeat {
            log: self.log.clone(),
            remote: self.remote.clone(),
            policy: self.booth.seat().policy().clone(),
            interrupter: interrupts(body).then(|| self.world.interrupter()).flatten(),
            raiser: raises(body).then(|| self.raiser()).flatten(),
        };
        let body = body.clone();
        self.log.hold(Token::Thread(label));
        let job = move || {
            let (owner, closed) = (seat.remote.is_owner(), seat.remote.is_closed());
            seat.log.record(What::RemoteSaw { owner, closed });
            if let Err(panic) = platform::catch(|| body.0.iter().for_each(|step| seat.step(step))) {
                seat.log.record_quietly(What::Failed { panic });
            }
            seat.log.release(Token::Thread(label));
        };
        match self.world.thread(Box::new(job)) {
            Some(thread) => self.threads.borrow_mut().push(thread),
            None => {
                self.log.record(What::lacking("threads"));
                self.log.release(Token::Thread(label));
            }
        }
    }

    /// Takes steps about policies on another thread, and waits for it.
    pub(super) fn elsewhere(&self, body: &Body) {
        let seat = self.booth.seat().clone();
        let body = body.clone();
        match self.world.thread(Box::new(move || seat.play(&body))) {
            Some(thread) => thread.join(),
            None => self.log.record(What::lacking("threads")),
        }
    }
}

/// What a thread has.
struct ThreadSeat {
    log: Log,
    remote: Remote,
    policy: Policy,
    /// What interrupts the loop's thread, if the program wants to.
    interrupter: Option<Interrupter>,
    /// What raises signals, if the program wants to.
    raiser: Option<Raiser>,
}

impl ThreadSeat {
    fn step(&self, step: &Step) {
        match step {
            Step::Soon { label, body } | Step::Post { label, body } => self.post(*label, body),
            Step::Stop => {
                self.log.record(What::Stop);
                self.remote.stop();
            }
            Step::Wake { of: Ref(label) } => super::task_steps::wake(&self.log, *label),
            Step::Burn { time } => platform::burn_elsewhere(time.duration()),
            Step::Unwatch { kid: KidRef(kid) } => {
                if let Ok(watcher) = self.policy.get_child_watcher() {
                    snatch(&self.log, &watcher, *kid);
                }
            }
            Step::CloseWatcher => {
                if let Ok(watcher) = self.policy.get_child_watcher() {
                    close_watcher(&self.log, &watcher);
                }
            }
            Step::Feed { wire: WireRef(wire) } => feed(&self.log, *wire),
            Step::Hangup { wire: WireRef(wire) } => hang_up(&self.log, *wire),
            Step::Interrupt => match &self.interrupter {
                Some(interrupt) => {
                    self.log.record(What::Interrupting);
                    interrupt();
                }
                None => self.log.record(What::lacking("signals")),
            },
            Step::Raise { signal } if signal.is_good() => match &self.raiser {
                Some(raiser) => raise(&self.log, raiser, *signal),
                None => self.log.record(What::lacking("signals")),
            },
            // The compiler refuses everything else.
            _ => {}
        }
    }

    fn post(&self, label: Label, body: &Body) {
        let payload = Payload::from_elsewhere(&self.log, label, body);
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
}
