//! Do both timer queues run what a sorted list would?
//!
//! The wheel and the heap, each below an engine, against a vector that is sorted by deadline and by
//! number: which timers run when the time has moved, in which order, what cancelling answers, also from
//! inside of a batch, and which deadline is next.
#![no_main]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use anyloop::{Callback, EventLoop, Handle, Instant, Step};
use anyloop_fuzz::clock::Clock;
use anyloop_turn::{Engine, Fixed, Growing, Storage};
use libfuzzer_sys::{arbitrary, fuzz_target};

#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum Do {
    At(When, Then),
    Cancel(u8),
    Advance(Far),
}

/// From nanoseconds to centuries: every level of a wheel.
#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
struct Far(u16, u8);

#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum When {
    In(Far),
    Ago(Far),
    Again(u8),
    Never,
}

/// What a timer does when it runs.
#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum Then {
    Nothing,
    At(When),
    Cancel(u8),
}

impl Far {
    fn nanos(self) -> u64 {
        u64::from(self.0) << (self.1 % 48)
    }
}

/// What is known of all timers, by number: the handle, and the deadline.
#[derive(Default)]
struct Known {
    handles: Vec<(Option<Handle>, Instant)>,
    ran: Vec<usize>,
}

struct Play<S: Storage> {
    engine: Engine<Clock, S>,
    known: RefCell<Known>,
    /// Deadline, number, and what is to be done: sorted.
    model: RefCell<Vec<(Instant, usize, Then)>>,
    room: usize,
}

fuzz_target!(|plan: Vec<Do>| {
    play::<Growing>(&plan, usize::MAX);
    play::<Fixed<16>>(&plan, 16);
});

fn play<S: Storage>(plan: &[Do], room: usize) {
    let engine = Engine::new(Clock::default());
    let play = Rc::new(Play::<S> { engine, known: RefCell::default(), model: RefCell::default(), room });
    for step in plan {
        match *step {
            Do::At(when, then) => play.at(when, then),
            Do::Cancel(number) => play.cancel(number),
            Do::Advance(far) => play.advance(far),
        }
        assert_eq!(play.engine.next_deadline(), play.model.borrow().first().map(|timer| timer.0));
    }
    // The timers hold the engine.
    play.engine.close().unwrap();
}

impl<S: Storage> Play<S> {
    fn at(self: &Rc<Self>, when: When, then: Then) {
        let (now, number) = (self.engine.time().as_nanos(), self.known.borrow().handles.len());
        let when = match when {
            When::In(far) => Instant::from_nanos(now.saturating_add(far.nanos())),
            When::Ago(far) => Instant::from_nanos(now.saturating_sub(far.nanos())),
            When::Again(of) => {
                self.known.borrow().handles.get(of as usize).map_or(Instant::EPOCH, |timer| timer.1)
            }
            When::Never => Instant::NEVER,
        };
        let play = self.clone();
        let given = self.engine.call_at(when, Callback::new(move || play.run(number, then)));
        assert_eq!(given.is_ok(), self.model.borrow().len() < self.room);
        if given.is_ok() {
            let mut model = self.model.borrow_mut();
            let place = model.partition_point(|timer| (timer.0, timer.1) < (when, number));
            model.insert(place, (when, number, then));
        }
        self.known.borrow_mut().handles.push((given.ok(), when));
    }

    fn cancel(&self, number: u8) {
        let handle = self.known.borrow().handles.get(number as usize).and_then(|timer| timer.0);
        let Some(handle) = handle else { return };
        let place = self.model.borrow().iter().position(|timer| timer.1 == number as usize);
        assert_eq!(self.engine.cancel(handle), place.is_some());
        place.map(|place| self.model.borrow_mut().remove(place));
    }

    /// In the batch: the model loses what has run before anything else is done.
    fn run(self: &Rc<Self>, number: usize, then: Then) {
        self.known.borrow_mut().ran.push(number);
        self.model.borrow_mut().retain(|timer| timer.1 != number);
        match then {
            Then::Nothing => {}
            // What the new one does is nothing, so that there is an end.
            Then::At(when) => self.at(when, Then::Nothing),
            Then::Cancel(number) => self.cancel(number),
        }
    }

    fn advance(&self, far: Far) {
        let now = self.engine.backend().nanos().saturating_add(far.nanos()).min(u64::MAX - 1);
        self.engine.backend().set(now);
        let due: Vec<_> =
            self.model.borrow().iter().copied().take_while(|timer| timer.0.as_nanos() <= now).collect();
        self.engine.step(Some(Duration::ZERO)).unwrap();
        // Each of the batch runs, in order, unless one before it has cancelled it.
        let mut expected = Vec::new();
        let mut cancelled = Vec::new();
        for (_, number, then) in due {
            if cancelled.contains(&number) {
                continue;
            }
            expected.push(number);
            if let Then::Cancel(of) = then {
                cancelled.push(of as usize);
            }
        }
        assert_eq!(std::mem::take(&mut self.known.borrow_mut().ran), expected);
    }
}
