//! Does the inbox keep its promises in every interleaving? Asked of loom.
//!
//! `RUSTFLAGS='--cfg loom' cargo test --release -p anyloop-turn --lib models`

extern crate std;

use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};

use loom::sync::Notify;
use loom::sync::atomic::AtomicBool;
use loom::thread;

use super::*;

/// A backend's wake-up: what the loop waits for, and a trap for wakes that come too late.
struct Bell {
    rung: Notify,
    freed: AtomicBool,
}

struct BellWaker(Arc<Bell>);

impl Wake for BellWaker {
    fn wake(&self) {
        assert!(!self.0.freed.load(Ordering::Relaxed), "a wake after the backend was freed");
        self.0.rung.notify();
    }
}

/// A closure that counts when it runs, and when it is dropped without having run.
struct Counted {
    ran: bool,
    counts: std::sync::Arc<[Count; 2]>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counts[usize::from(self.ran)].fetch_add(1, Relaxed);
    }
}

/// Every interleaving with at most three preemptions, which is where such mistakes show.
fn model(play: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(play);
}

struct Model {
    bell: Arc<Bell>,
    shared: Arc<Shared<BellWaker>>,
    /// Dropped without having run, and run.
    counts: std::sync::Arc<[Count; 2]>,
}

impl Model {
    fn new() -> Self {
        let bell = Arc::new(Bell { rung: Notify::new(), freed: AtomicBool::new(false) });
        let shared = Arc::new(Shared::new(BellWaker(bell.clone())));
        Self { bell, shared, counts: std::sync::Arc::default() }
    }

    fn remote(&self) -> RemoteHalf<BellWaker> {
        RemoteHalf(self.shared.clone())
    }

    fn callback(&self) -> SendCallback {
        let counted = Counted { ran: false, counts: self.counts.clone() };
        SendCallback::new(move || {
            let mut counted = counted;
            counted.ran = true;
        })
    }

    /// One turn: takes what is there, or sleeps until something is. Says whether a stop came.
    fn turn(&self) -> bool {
        if let Some(stop) = self.take() {
            return stop;
        }
        if self.shared.fall_asleep() {
            // A lost wake would leave the loop here for ever, which loom reports.
            self.bell.rung.wait();
            self.shared.wake_up();
        }
        self.take() == Some(true)
    }

    /// Runs what is there, if anything is, and says whether a stop was among it.
    fn take(&self) -> Option<bool> {
        let mut taken = self.shared.take();
        let anything = taken.stop || !taken.is_empty();
        taken.by_ref().for_each(Callback::call);
        anything.then_some(taken.stop)
    }

    fn counts(&self) -> (usize, usize) {
        (self.counts[1].load(Relaxed), self.counts[0].load(Relaxed))
    }
}

#[test]
fn a_push_is_never_slept_through() {
    model(|| {
        let model = Model::new();
        let (remote, callback) = (model.remote(), model.callback());
        let producer = thread::spawn(move || assert!(remote.call_soon(callback).is_ok()));
        while model.counts().0 == 0 {
            model.turn();
        }
        producer.join().unwrap();
        assert_eq!(model.counts(), (1, 0));
    });
}

#[test]
fn two_producers_are_both_heard() {
    model(|| {
        let model = Model::new();
        let producers = [(); 2].map(|()| {
            let (remote, callback) = (model.remote(), model.callback());
            thread::spawn(move || assert!(remote.call_soon(callback).is_ok()))
        });
        while model.counts().0 < 2 {
            model.turn();
        }
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        assert_eq!(model.counts(), (2, 0));
    });
}

#[test]
fn a_stop_ends_the_sleep_and_comes_after_what_was_pushed_before_it() {
    model(|| {
        let model = Model::new();
        let (remote, callback) = (model.remote(), model.callback());
        let producer = thread::spawn(move || {
            assert!(remote.call_soon(callback).is_ok());
            remote.stop();
        });
        while !model.turn() {}
        assert_eq!(model.counts(), (1, 0), "the stop was heard first");
        producer.join().unwrap();
    });
}

#[test]
fn closing_hands_back_or_drops_and_frees_no_waker_in_use() {
    model(|| {
        let model = Model::new();
        let (remote, callback) = (model.remote(), model.callback());
        let producer = thread::spawn(move || remote.call_soon(callback).is_ok());
        // As the engine does after a sleep that ended by itself.
        if model.shared.fall_asleep() {
            model.shared.wake_up();
        }
        drop(model.shared.close());
        model.bell.freed.store(true, Ordering::Relaxed);
        producer.join().unwrap();
        assert!(model.remote().is_closed());
        assert_eq!(model.counts(), (0, 1), "the callback is gone once, and did not run");
    });
}
