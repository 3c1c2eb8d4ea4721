//! What do other loops take? calloop calls back, and tokio's tasks await.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use calloop::generic::Generic;
use calloop::{EventLoop, Interest, Mode, PostAction};
use tokio::io::unix::AsyncFd;
use tokio::runtime::LocalRuntime;

use super::court::{Court, Loop};
use crate::{peers, uv};

/// calloop, whose callbacks are told whether the game is over.
pub(super) struct Calloop(EventLoop<'static, bool>);

impl Loop for Calloop {
    fn new() -> Self {
        Self(EventLoop::try_new().expect("a loop"))
    }

    fn idle(&mut self, source: OwnedFd) {
        let source = Generic::new(source, Interest::READ, Mode::Level);
        let added = self.0.handle().insert_source(source, |_, _, _| unreachable!("it is idle"));
        added.expect("it can be watched");
    }

    fn play(&mut self, court: &'static Court) {
        let handle = self.0.handle();
        let watched = [0, 1].map(|at| {
            let source = Generic::new(&court.ends()[at], Interest::READ, Mode::Level);
            let hop = move |_, _: &mut _, is_over: &mut bool| {
                *is_over |= court.hop(at);
                Ok(PostAction::Continue)
            };
            handle.insert_source(source, hop).expect("it can be watched")
        });
        court.serve();
        let mut is_over = false;
        while !is_over {
            self.0.dispatch(None, &mut is_over).expect("it runs");
        }
        watched.into_iter().for_each(|token| handle.remove(token));
    }
}

/// tokio, with a task for each source.
pub(super) struct Tokio(LocalRuntime);

impl Loop for Tokio {
    fn new() -> Self {
        Self(peers::tokio_local())
    }

    fn idle(&mut self, source: OwnedFd) {
        self.0.block_on(async {
            tokio::task::spawn_local(async {
                let source = watched(source);
                let _ready = source.readable().await;
                unreachable!("it is idle");
            });
            // The task runs until it has to wait.
            tokio::task::yield_now().await;
        });
    }

    fn play(&mut self, court: &'static Court) {
        self.0.block_on(async {
            let players = [0, 1].map(|at| tokio::task::spawn_local(player(court, at)));
            court.serve();
            // The other goes on waiting.
            let [one, other] = players;
            let last = if court.length() % 2 == 1 { one } else { other };
            last.await.expect("it plays");
        });
    }
}

fn watched<S: AsRawFd>(source: S) -> AsyncFd<S> {
    // SAFETY: it is the same descriptor each time, and stays open for as long as this value is there.
    let watched = unsafe { AsyncFd::register_with_interest(source, tokio::io::Interest::READABLE) };
    watched.expect("it can be watched")
}

async fn player(court: &'static Court, at: usize) {
    let end = watched(court.ends()[at].as_fd());
    let mut is_over = false;
    while !is_over {
        let mut ready = end.readable().await.expect("it can be watched");
        is_over = court.hop(at);
        // There was one byte: to be told so by the system is a call that may be saved.
        ready.clear_ready();
    }
}

impl Loop for uv::Watched {
    fn new() -> Self {
        Self::new()
    }

    fn idle(&mut self, source: OwnedFd) {
        uv::Watched::idle(self, source);
    }

    fn play(&mut self, court: &'static Court) {
        court.played(uv::Watched::play(self, court.ends(), court.length()));
    }
}
