//! What does `call_soon` cost by hand?

use std::cell::RefCell;
use std::collections::VecDeque;
use std::hint::black_box;

use super::{Tally, tallied};
use crate::case::{Order, Sample, Subject};
use crate::limits::eventfd::Bell;
use crate::limits::inline::Inline;
use crate::limits::slab::Ready;

/// A queue of callbacks, as bare as can be.
trait Queue: Default + 'static {
    fn push(&mut self, callback: Inline);
    fn pop(&mut self) -> Option<Inline>;
    fn len(&self) -> usize;
}

impl Queue for VecDeque<Inline> {
    #[inline(always)]
    fn push(&mut self, callback: Inline) {
        self.push_back(callback);
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Inline> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        self.len()
    }
}

impl Queue for Ready {
    #[inline(always)]
    fn push(&mut self, callback: Inline) {
        black_box(self.push(callback));
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Inline> {
        self.pop()
    }

    fn len(&self) -> usize {
        self.len()
    }
}

fn kick<Q: Queue>(queue: &'static RefCell<Q>, tally: &'static Tally) {
    for index in 1..tally.batch {
        let (one, other) = tally.words(index);
        queue.borrow_mut().push(Inline::new(move || {
            tally.hit(one, other);
        }));
    }
    queue.borrow_mut().push(Inline::new(move || {
        if tally.hit(0, 0) {
            kick(queue, tally);
        }
    }));
}

/// Runs a whole tally, and looks for events once in so many callbacks.
fn run<Q: Queue>(tally: &'static Tally, poll: Option<u64>) {
    let queue: &'static RefCell<Q> = Box::leak(Box::default());
    let bell = poll.map(|between| (Bell::new(), between));
    let mut since_poll = 0;
    kick(queue, tally);
    while !tally.is_done() {
        let batch = queue.borrow().len();
        for _ in 0..batch {
            let next = queue.borrow_mut().pop();
            if let Some(callback) = next {
                callback.call();
            }
        }
        since_poll += batch as u64;
        if let Some((bell, _)) = bell.as_ref().filter(|(_, between)| since_poll >= *between) {
            since_poll = 0;
            bell.poll();
        }
    }
}

/// The slab with handles, without events.
pub(crate) fn run_slab(tally: &'static Tally) {
    run::<Ready>(tally, None);
}

fn measure<Q: Queue>(batch: u64, poll: Option<u64>) -> impl Fn(&Order) -> Sample {
    move |order| tallied(order, batch, |tally| run::<Q>(tally, poll))
}

pub(super) fn subjects(batch: u64) -> Vec<Subject> {
    let mut subjects = vec![
        Subject::limit("queue, no handles", measure::<VecDeque<Inline>>(batch, None)),
        Subject::limit("slab, handles", measure::<Ready>(batch, None)),
    ];
    if batch == 1 {
        subjects.push(Subject::limit("slab, poll 1/64", measure::<Ready>(batch, Some(64))));
    }
    subjects
}

/// With a look for events after each callback.
pub(super) fn polling() -> Subject {
    Subject::limit("slab, poll 1/1", measure::<Ready>(1, Some(1)))
}
