//! Do the queues, rings and tables keep every callback?
//!
//! Callbacks of all sizes go in by every door, are cancelled, run and scheduled from inside of others:
//! each runs in its turn and in its order, is dropped once, and is refused only by what is full.
#![no_main]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyloop::{Callback, EventLoop, Handle, RejectReason, SendCallback, Step};
use anyloop_fuzz::clock::Clock;
use anyloop_turn::{Engine, Fixed, Growing, Storage};
use libfuzzer_sys::{arbitrary, fuzz_target};

#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum Do {
    Soon(Size, u8),
    Post(Size),
    Cancel(u16),
    Step,
    /// As many at once: more than there are places, or names that were leased.
    Crowd(u8),
}

/// How big what a callback holds is: nothing to allocate for, just so, and more; and one of its own mind
/// where it stands.
#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum Size {
    Empty,
    Fits,
    Exceeds,
    Big,
    Aligned,
}

#[repr(align(64))]
#[derive(Clone, Copy)]
struct Aligned([u8; 3]);

/// What is expected of a callback that was asked for.
struct Entry {
    number: usize,
    /// Of none that came through the remote half.
    handle: Option<Handle>,
    is_live: bool,
    is_posted: bool,
}

/// What happens, and what should.
#[derive(Default)]
struct Record {
    /// How often each was dropped, by number.
    dropped: Vec<u32>,
    ran: Vec<usize>,
    model: VecDeque<Entry>,
    handles: Vec<Handle>,
    /// How many more callbacks may be asked for by those that run, and by crowds.
    budget: u32,
}

/// What a callback does when it runs, by a number.
type Again = Rc<dyn Fn(u8)>;

thread_local! {
    /// Found here, so that callbacks need not hold it, and can be sent.
    static RECORD: RefCell<Record> = RefCell::default();
    static AGAIN: RefCell<Option<Again>> = const { RefCell::new(None) };
}

fn with<R>(work: impl FnOnce(&mut Record) -> R) -> R {
    RECORD.with_borrow_mut(work)
}

/// Counts its end.
struct Ticket(usize);

impl Ticket {
    fn run(self, is_whole: bool, then: u8) {
        assert!(is_whole, "what {} held was changed", self.0);
        with(|record| {
            // What was cancelled before it has left its place by now.
            while let Some(first) = record.model.pop_front() {
                if first.is_live {
                    assert_eq!(first.number, self.0);
                    break;
                }
            }
            record.ran.push(self.0);
        });
        let again = AGAIN.with_borrow(Clone::clone);
        again.inspect(|again| again(then));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        with(|record| record.dropped[self.0] += 1);
    }
}

/// Hands a callback with a payload of that size to `schedule`.
macro_rules! sized {
    ($size:expr, $ticket:ident, $then:expr, $make:ident, $schedule:expr) => {{
        let (byte, then) = ($ticket.0 as u8, $then);
        match $size {
            Size::Empty => $schedule($make::new(move || $ticket.run(true, then))),
            Size::Fits => {
                let held = [byte; 7];
                $schedule($make::new(move || $ticket.run(held == [byte; 7], then)))
            }
            Size::Exceeds => {
                let held = [byte; 18];
                $schedule($make::new(move || $ticket.run(held == [byte; 18], then)))
            }
            Size::Big => {
                let held = [byte; 300];
                $schedule($make::new(move || $ticket.run(held == [byte; 300], then)))
            }
            Size::Aligned => {
                let held = Aligned([byte; 3]);
                let is_whole = move || (&raw const held).addr() % 64 == 0 && held.0 == [byte; 3];
                $schedule($make::new(move || $ticket.run(is_whole(), then)))
            }
        }
    }};
}

fuzz_target!(|plan: Vec<Do>| {
    play::<Growing>(&plan, usize::MAX);
    play::<Fixed<8>>(&plan, 8);
});

fn play<S: Storage>(plan: &[Do], room: usize) {
    let engine = Rc::new(Engine::<Clock, S>::new(Clock::default()));
    RECORD.replace(Record { budget: 3000, ..Record::default() });
    let again = engine.clone();
    AGAIN.replace(Some(Rc::new(move |then| from_inside(&*again, then, room))));
    for step in plan {
        match *step {
            Do::Soon(size, then) => soon(&*engine, size, then, room),
            Do::Post(size) => post(&*engine, size),
            Do::Cancel(of) => cancel(&*engine, of.into()),
            Do::Step => turn(&*engine),
            Do::Crowd(size) => {
                (0..size).filter(|_| may()).for_each(|_| soon(&*engine, Size::Empty, 0, room));
            }
        }
    }
    engine.close().unwrap();
    AGAIN.replace(None);
    with(|record| assert!(record.dropped.iter().all(|dropped| *dropped == 1), "{:?}", record.dropped));
}

fn ticket() -> Ticket {
    with(|record| {
        record.dropped.push(0);
        Ticket(record.dropped.len() - 1)
    })
}

fn soon(engine: &dyn EventLoop, size: Size, then: u8, room: usize) {
    let ticket = ticket();
    let number = ticket.0;
    let (all, own) =
        with(|record| (record.model.len(), record.model.iter().filter(|entry| !entry.is_posted).count()));
    let given = sized!(size, ticket, then, Callback, |callback| engine.call_soon(callback));
    match given {
        Ok(handle) => {
            assert!(own < room, "there was no room");
            with(|record| {
                record.handles.push(handle);
                record.model.push_back(Entry {
                    number,
                    handle: Some(handle),
                    is_live: true,
                    is_posted: false,
                });
            });
        }
        Err(rejected) => {
            // Each chain that came from elsewhere holds at least one callback.
            assert!(rejected.reason == RejectReason::Full && all >= room, "there was room: {all}");
            drop(rejected);
            with(|record| assert_eq!(record.dropped[number], 1));
        }
    }
}

fn post(engine: &dyn EventLoop, size: Size) {
    let ticket = ticket();
    let number = ticket.0;
    let remote = engine.remote();
    let given = sized!(size, ticket, 0, SendCallback, |callback: SendCallback| remote.call_soon(callback));
    given.unwrap();
    with(|record| record.model.push_back(Entry { number, handle: None, is_live: true, is_posted: true }));
}

fn cancel(engine: &dyn EventLoop, of: usize) {
    let Some(handle) = with(|record| record.handles.get(of).copied()) else { return };
    let expected = with(|record| {
        let entry = record.model.iter_mut().find(|entry| entry.handle == Some(handle));
        entry.filter(|entry| entry.is_live).map(|entry| {
            entry.is_live = false;
            entry.number
        })
    });
    assert_eq!(engine.cancel(handle), expected.is_some());
    expected.inspect(|number| with(|record| assert_eq!(record.dropped[*number], 1)));
}

/// One turn runs what was asked for before it, and nothing else.
fn turn<S: Storage>(engine: &Engine<Clock, S>) {
    let last = with(|record| record.model.back().map(|entry| entry.number));
    engine.step(Some(Duration::ZERO)).unwrap();
    with(|record| {
        assert!(record.ran.iter().all(|number| Some(*number) <= last && record.dropped[*number] == 1));
        assert!(record.ran.is_sorted());
        record.ran.clear();
        // What is left was asked for since, or was cancelled, and has left its place.
        while record.model.front().is_some_and(|entry| !entry.is_live && Some(entry.number) <= last) {
            record.model.pop_front();
        }
        assert!(record.model.iter().all(|entry| Some(entry.number) > last || entry.is_posted));
    });
}

/// Whether there may be one more.
fn may() -> bool {
    with(|record| record.budget.checked_sub(1).inspect(|left| record.budget = *left).is_some())
}

/// What a callback does when it runs.
fn from_inside(engine: &dyn EventLoop, then: u8, room: usize) {
    match then % 4 {
        1 if may() => soon(engine, Size::Fits, then >> 2, room),
        2 if may() => post(engine, Size::Exceeds),
        3 => cancel(engine, (then >> 2).into()),
        _ => {}
    }
}
