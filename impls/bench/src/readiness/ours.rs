//! What do anyloop's callbacks and futures take? Sources, as users have them.

use std::cell::Cell;
use std::os::fd::OwnedFd;

use anyloop::Source;

use super::court::{Court, Loop};
use super::{ALWAYS, left, sources};
use crate::case::{Order, Sample};

/// A callback for each source.
pub(super) struct Readers {
    lp: anyloop::Loop,
    idle: Vec<Source<OwnedFd>>,
}

impl Loop for Readers {
    fn new() -> Self {
        Self { lp: anyloop_bench_subject::make(), idle: Vec::new() }
    }

    fn idle(&mut self, source: OwnedFd) {
        let source = self.lp.add_source(source).expect("a loop for descriptors");
        source.add_reader(|| unreachable!("it is idle")).expect("it can be watched");
        self.idle.push(source);
    }

    fn play(&mut self, court: &'static Court) {
        let _watched = [0, 1].map(|at| {
            let source = self.lp.add_source(&court.ends()[at]).expect("a loop for descriptors");
            let lp = self.lp.clone();
            let hop = move || {
                if court.hop(at) {
                    lp.stop();
                }
            };
            source.add_reader(hop).expect("it can be watched");
            source
        });
        court.serve();
        self.lp.run_forever().expect("it runs");
    }
}

/// A task for each source, which awaits it.
pub(super) struct Awaited(anyloop::Loop);

impl Awaited {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        // It goes on without its handle.
        assert!(self.0.spawn_local(task).is_ok(), "the loop is open");
    }
}

impl Loop for Awaited {
    fn new() -> Self {
        Self(anyloop_bench_subject::make())
    }

    fn idle(&mut self, source: OwnedFd) {
        let source = self.0.add_source(source).expect("a loop for descriptors");
        self.spawn(async move { source.readable().await.expect("it can be watched") });
        // The task runs until it has to wait.
        self.0.run_until_complete(async {}).expect("it runs");
    }

    fn play(&mut self, court: &'static Court) {
        for at in [0, 1] {
            let source = self.0.add_source(&court.ends()[at]).expect("a loop for descriptors");
            let lp = self.0.clone();
            self.spawn(async move {
                while !court.is_over() {
                    source.readable().await.expect("it can be watched");
                    if court.hop(at) {
                        lp.stop();
                    }
                }
            });
        }
        court.serve();
        self.0.run_forever().expect("it runs");
    }
}

/// Callbacks of sources that nobody reads.
pub(super) fn always_ready(order: &Order) -> Sample {
    let lp = anyloop_bench_subject::make();
    let rest: &'static Cell<u64> = Box::leak(Box::default());
    let watch = |source| {
        let source = lp.add_source(source).expect("a loop for descriptors");
        let it = lp.clone();
        let called = move || {
            rest.set(rest.get().saturating_sub(1));
            if rest.get() == 0 {
                it.stop();
            }
        };
        source.add_reader(called).expect("it can be watched");
        source
    };
    let _watched: Vec<_> = sources(ALWAYS, true).into_iter().map(watch).collect();
    left(order, |length| {
        rest.set(length);
        lp.run_forever().expect("it runs");
        assert_eq!(rest.get(), 0);
    })
}
