//! What a thread does: it holds a loop's remote half and nothing else of it.

use alloc::boxed::Box;

use anyloop::{Rejected, Remote};

use super::Player;
use super::payload::Payload;
use crate::history::{How, What};
use crate::log::{Log, Token};
use crate::platform;
use crate::program::{Body, Label, Ref, Step};

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
        let seat = ThreadSeat { log: self.log.clone(), remote: self.remote.clone() };
        let body = body.clone();
        self.log.hold(Token::Thread(label));
        let job = move || {
            let (owner, closed) = (seat.remote.is_owner(), seat.remote.is_closed());
            seat.log.record(What::RemoteSaw { owner, closed });
            body.0.iter().for_each(|step| seat.step(step));
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
