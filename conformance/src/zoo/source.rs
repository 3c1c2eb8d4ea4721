//! What could be wrong with what the root crate and its loops watch?

use std::boxed::Box;
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::task::Poll;

use anyloop::rules::{Rule, source as rules};
use anyloop::{AnySource, Source, SourceError};

use super::surroundings::of_loop;
use super::{Bug as Sickness, Disease, loop_};
use crate::history::Side;
use crate::root::{Anyloop, Ready, Root};

/// What is wrong with the root crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of diseases says what each is")]
pub enum Bug {
    CallsAtOnce,
    KeepsFormer,
    AlwaysRemoved,
    NeverRemoves,
    RemovesBoth,
    AcceptsWhenClosed,
    OneWaiter,
}

/// These diseases.
pub(super) static DISEASES: &[Disease] = &[
    of_loop(
        "sleeps through sources",
        "does not look at sources while it waits",
        &rules::READY,
        loop_::Bug::SleepsThroughSources,
    ),
    of_loop("tells edges", "calls once, when a source becomes ready", &rules::LEVEL, loop_::Bug::TellsEdges),
    of_loop(
        "tells the other side",
        "calls readers when their sources can be written",
        &rules::IDLE,
        loop_::Bug::TellsTheOtherSide,
    ),
    sick("calls at once", "calls what is added", &rules::LATER, Bug::CallsAtOnce),
    sick(
        "keeps the former",
        "leaves a callback that is replaced in force",
        &rules::REPLACED,
        Bug::KeepsFormer,
    ),
    sick(
        "always removed",
        "says that there was a callback to be removed",
        &rules::ANSWER,
        Bug::AlwaysRemoved,
    ),
    sick("never removes", "leaves a callback that is removed in force", &rules::REMOVED, Bug::NeverRemoves),
    of_loop(
        "tells the next",
        "lets what was seen for one callback count for the next",
        &rules::IDLE,
        loop_::Bug::TellsTheNext,
    ),
    sick("removes both", "removes the writer with the reader", &rules::APART, Bug::RemovesBoth),
    of_loop(
        "one side at a time",
        "forgets the one side when it is told to watch the other",
        &rules::APART,
        loop_::Bug::OneSideAtATime,
    ),
    of_loop("writers first", "queues writers before readers", &rules::ORDER, loop_::Bug::WritersFirst),
    of_loop("misses ends", "takes a hang-up for room to write", &rules::END, loop_::Bug::MissesEnds),
    of_loop("forgets panics", "takes out a callback that panics", &rules::PANIC, loop_::Bug::ForgetsPanics),
    of_loop(
        "keeps sources",
        "holds what it watches when it is closed",
        &rules::CLOSED,
        loop_::Bug::KeepsSources,
    ),
    sick("accepts when closed", "adds to a closed loop", &rules::CLOSED, Bug::AcceptsWhenClosed),
    of_loop("forgets numbers", "watches a number once", &rules::RECYCLED, loop_::Bug::ForgetsNumbers),
    sick("one waiter", "wakes the first who waits, and no other", &rules::AWAITED, Bug::OneWaiter),
];

const fn sick(name: &'static str, what: &'static str, rule: &'static Rule, bug: Bug) -> Disease {
    Disease { name, what, rule, bug: Sickness::Source(bug) }
}

/// A root crate with a disease.
pub struct Sick(pub Bug);

std::thread_local! {
    /// Who has added, and was not removed: a side of a source.
    static ADDED: std::cell::RefCell<std::collections::BTreeSet<(usize, Side)>> = const {
        std::cell::RefCell::new(std::collections::BTreeSet::new())
    };
    /// How many wait.
    static WAITING: Cell<u32> = const { Cell::new(0) };
}

impl Sick {
    fn has(&self, bug: Bug) -> bool {
        self.0 == bug
    }
}

/// What tells a side of a source from others, for as long as it is there.
fn name(source: &Source<AnySource>, side: Side) -> (usize, Side) {
    (std::ptr::from_ref(source).addr(), side)
}

impl Root for Sick {
    fn add_to_source(
        &self,
        source: &Source<AnySource>,
        side: Side,
        callback: Box<dyn Fn()>,
    ) -> Result<(), SourceError> {
        if self.has(Bug::CallsAtOnce) {
            callback();
        }
        let known = ADDED.with_borrow(|added| added.contains(&name(source, side)));
        if self.has(Bug::KeepsFormer) && known {
            return Ok(());
        }
        let added = Anyloop.add_to_source(source, side, callback);
        if added.is_ok() {
            ADDED.with_borrow_mut(|all| all.insert(name(source, side)));
        }
        if self.has(Bug::AcceptsWhenClosed) { Ok(()) } else { added }
    }

    fn remove_from_source(&self, source: &Source<AnySource>, side: Side) -> bool {
        ADDED.with_borrow_mut(|all| all.remove(&name(source, side)));
        if self.has(Bug::NeverRemoves) {
            return true;
        }
        if self.has(Bug::RemovesBoth) {
            let other = if side == Side::Read { Side::Write } else { Side::Read };
            Anyloop.remove_from_source(source, other);
        }
        Anyloop.remove_from_source(source, side) || self.has(Bug::AlwaysRemoved)
    }

    fn source_ready<'s>(&self, source: &'s Source<AnySource>, side: Side) -> Ready<'s> {
        if !self.has(Bug::OneWaiter) {
            return Anyloop.source_ready(source, side);
        }
        let mut ready = Anyloop.source_ready(source, side);
        Box::pin(async move {
            if WAITING.replace(WAITING.get() + 1) > 0 {
                pending::<()>().await;
            }
            let result = poll_fn(|cx| match ready.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(result),
                Poll::Pending => Poll::Pending,
            })
            .await;
            WAITING.set(WAITING.get() - 1);
            result
        })
    }
}
