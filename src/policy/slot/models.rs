//! Does the slot keep its promises in every interleaving? Asked of loom.
//!
//! `RUSTFLAGS='--cfg loom' cargo test --release -p anyloop --lib models`
//!
//! Each policy here looks into the slot while it is dropped. If that ever happened under the lock,
//! the thread would wait for itself, which loom reports.

extern crate std;

use std::cell::{Cell, RefCell};

use loom::sync::{Arc, RwLock};
use loom::thread;

use super::*;
use crate::{EventLoopPolicy, Loop};

type Modelled = Slot<RwLock<Content>>;

impl<T> ReadWrite<T> for RwLock<T> {
    fn read<R>(&self, section: impl FnOnce(&T) -> R) -> R {
        section(&self.read().unwrap())
    }

    fn write<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        section(&mut self.write().unwrap())
    }
}

// Loom plays all threads of a model on one.
std::thread_local! {
    /// How many policies there are in this model.
    static ALIVE: Cell<usize> = const { Cell::new(0) };
    /// The slot of the model.
    static SLOT: RefCell<Option<Arc<Modelled>>> = const { RefCell::new(None) };
}

struct Nosy;

impl EventLoopPolicy for Nosy {
    fn get_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Err(PolicyError::NoPolicy)
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, _: Option<Loop>) -> Result<(), PolicyError> {
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Err(PolicyError::NoPolicy)
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        let slot = SLOT.with_borrow(Clone::clone);
        if let Some(slot) = slot {
            ReadWrite::read(&slot.0, |content| assert!(content.guarded.len() <= 2));
        }
    }
}

fn nosy() -> Policy {
    ALIVE.set(ALIVE.get() + 1);
    Policy::new(Nosy)
}

static DEFAULT: DefaultPolicy = DefaultPolicy { name: "nosy", make: nosy };

/// Plays on a new slot in every interleaving, and looks that no policy is left over.
fn model(play: impl Fn(Arc<Modelled>) + Send + Sync + 'static) {
    loom::model(move || {
        let slot = Arc::new(Slot::new(RwLock::new(Content::EMPTY)));
        slot.register(&DEFAULT);
        SLOT.set(Some(slot.clone()));
        play(slot.clone());
        slot.set(None);
        SLOT.set(None);
        assert_eq!(ALIVE.get(), 0);
    });
}

#[test]
fn all_who_need_the_default_first_get_the_same_one() {
    model(|slot| {
        let other = slot.clone();
        let there = thread::spawn(move || other.get().unwrap());
        let (here, there) = (slot.get().unwrap(), there.join().unwrap());
        assert!(here.is_same(&there) && here.is_same(&slot.get().unwrap()));
    });
}

#[test]
fn what_is_seen_is_what_somebody_set_and_what_is_displaced_is_given_back_once() {
    model(|slot| {
        let (one, two) = (nosy(), nosy());
        let there = thread::spawn({
            let (slot, two) = (slot.clone(), two.clone());
            move || slot.set(Some(two))
        });
        let seen_first = slot.get().unwrap();
        let displaced_here = slot.set(Some(one.clone()));
        let seen = slot.get().unwrap();
        let displaced_there = there.join().unwrap();
        assert!(!seen_first.is_same(&one));
        assert!(seen.is_same(&one) || seen.is_same(&two));
        // Both displaced something: the default, if it was there, and the policy that lost.
        let last = slot.get().unwrap();
        let lost = if last.is_same(&one) { &two } else { &one };
        let displaced = [&displaced_here, &displaced_there];
        let times = displaced.into_iter().flatten().filter(|policy| policy.is_same(lost)).count();
        assert_eq!(times, 1);
    });
}

#[test]
fn guards_of_two_threads_take_out_their_own_scopes_only() {
    model(|slot| {
        let process = nosy();
        slot.set(Some(process.clone()));
        let mine = nosy();
        let id = slot.enter(mine.clone());
        let there = thread::spawn({
            let slot = slot.clone();
            move || {
                let theirs = nosy();
                let id = slot.enter(theirs.clone());
                // It was begun last, so it is in force until it ends, whoever leaves meanwhile.
                assert!(slot.get().unwrap().is_same(&theirs));
                slot.leave(id);
            }
        });
        slot.leave(id);
        assert!(!slot.get().unwrap().is_same(&mine));
        there.join().unwrap();
        assert!(slot.get().unwrap().is_same(&process));
    });
}
