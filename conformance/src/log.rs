//! What a play remembers while it is under way: its events, and what it still waits for.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::task::Waker;

use anyloop::{ContextId, Pid, Policy, Remote};

use crate::history::{Event, History, Side, What};
use crate::platform::{Shared, happened};
use crate::play::{Line, player};
use crate::program::{Kid, Label, SignalName, Wire};

/// Something that a run is waited for: as long as there is one, the player does not stop the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Token {
    /// A callback that was accepted and is going to run.
    Callback(Label),
    /// A thread.
    Thread(Label),
    /// A future that is to be polled.
    Wake(Label),
    /// A future that is being polled.
    Poll(Label),
    /// A future that sleeps.
    Sleep(Label),
    /// A future that is to be dropped.
    Abort(Label),
    /// A child that nobody has registered, and that a watcher is to tell of.
    Stranger(Kid),
    /// A scene with a program.
    Scene(Label),
    /// A reader or writer that is going to be called, or a task that waits for the same.
    Source(Wire, Side),
    /// A signal that was raised, and that the loop's handler is to hear.
    Signal(SignalName),
}

/// What the contexts of a play share.
#[derive(Default)]
pub(crate) struct State {
    events: Vec<Event>,
    tokens: BTreeSet<Token>,
    /// Contexts in the order of their numbers; the loop's is the first.
    contexts: Vec<ContextId>,
    pub(crate) running: bool,
    /// Set by the watchdog: patience is at its end.
    pub(crate) gave_up: bool,
    pub(crate) remote: Option<Remote>,
    /// Futures that are there.
    pub(crate) alive: BTreeSet<Label>,
    /// The wakers of the futures that are parked.
    pub(crate) parked: BTreeMap<Label, Waker>,
    /// `p`, `q`, and the policies that were met since.
    pub(crate) policies: Vec<Policy>,
    pub(crate) loops: u32,
    pub(crate) guards: u32,
    /// How many numbers were kept.
    pub(crate) kept: u32,
    /// Whether the factory of `p` fails: in how many steps.
    pub(crate) failing: u32,
    /// Whether the next attempt to attach one of the kit's watchers fails.
    pub(crate) refusing: bool,
    /// Callbacks that a watcher holds, or is calling.
    pub(crate) registered: BTreeSet<Label>,
    /// The children's numbers.
    pub(crate) pids: BTreeMap<Kid, Pid>,
    /// Children whose registration another thread than the loop's tried to remove.
    pub(crate) snatched: BTreeSet<Kid>,
    /// Children that nobody had registered, and of whose end a watcher told.
    pub(crate) handed: BTreeSet<Kid>,
    /// The loops of other threads that have taken a child over, or failed to.
    pub(crate) takers: BTreeMap<Label, Option<Remote>>,
    /// The pairs of sockets that are connected.
    pub(crate) wires: BTreeMap<Wire, Line>,
    /// What waited on a loop that went away: how many ran, and how many were dropped.
    pub(crate) leavings: [u32; 2],
    /// The signals that the loop has a handler for.
    pub(crate) listening: BTreeSet<SignalName>,
    /// How often each signal was raised.
    pub(crate) raised: BTreeMap<SignalName, u32>,
}

impl State {
    /// Whether a run is under way, and nothing is left to wait for.
    fn is_over(&self) -> bool {
        self.running && self.tokens.is_empty()
    }
}

/// The record of a play: cheap to clone, and it may be held on any context.
#[derive(Clone)]
pub(crate) struct Log(Shared);

impl Log {
    pub(crate) fn new() -> Self {
        let contexts = ContextId::current().into_iter().collect();
        Self(Shared::new(State { contexts, ..State::default() }))
    }

    pub(crate) fn with<R>(&self, section: impl FnOnce(&mut State) -> R) -> R {
        self.0.with(section)
    }

    /// Whether the caller is on the loop's context.
    pub(crate) fn is_home(&self) -> bool {
        let here = ContextId::current();
        self.with(|state| here.is_ok_and(|here| state.contexts.first() == Some(&here)))
    }

    /// Records `what`, with the time if it can be told here.
    pub(crate) fn record(&self, what: What) {
        let at = player().map(|player| player.now());
        self.write(at, what);
    }

    /// Records `what` without asking the loop for the time: it may be in the middle of something.
    pub(crate) fn record_quietly(&self, what: What) {
        self.write(None, what);
    }

    fn write(&self, at: Option<u64>, what: What) {
        let here = ContextId::current();
        self.with(|state| {
            let context = here.map_or(u32::MAX, |here| {
                let known = state.contexts.iter().position(|context| *context == here);
                let index = known.unwrap_or_else(|| {
                    state.contexts.push(here);
                    state.contexts.len() - 1
                });
                u32::try_from(index).unwrap_or(u32::MAX)
            });
            let event = Event { at, context, what };
            happened(&event);
            state.events.push(event);
        });
    }

    /// From now on the run is not over before `token` is released.
    pub(crate) fn hold(&self, token: Token) {
        self.with(|state| state.tokens.insert(token));
    }

    /// As [`hold`](Self::hold), for a callback that a watcher has, unless another thread has just
    /// removed it.
    pub(crate) fn hold_registered(&self, label: Label) {
        self.with(|state| {
            if state.registered.contains(&label) {
                state.tokens.insert(Token::Callback(label));
            }
        });
    }

    /// As [`hold`](Self::hold), for a signal, if the loop has a handler for it.
    pub(crate) fn hold_heard(&self, signal: SignalName) {
        self.with(|state| {
            if state.listening.contains(&signal) {
                state.tokens.insert(Token::Signal(signal));
            }
        });
    }

    /// Whether a watcher still holds that callback.
    pub(crate) fn is_registered(&self, label: Label) -> bool {
        self.with(|state| state.registered.contains(&label))
    }

    /// Whether the run is not over before `token` is released.
    pub(crate) fn holds(&self, token: Token) -> bool {
        self.with(|state| state.tokens.contains(&token))
    }

    /// Nobody waits for `token` any more. If it was the last one, the run has no reason to go on.
    pub(crate) fn release(&self, token: Token) {
        let removed = self.with(|state| state.tokens.remove(&token) && state.is_over());
        if removed {
            self.end_run();
        }
    }

    /// Does something with a pair of sockets, if there is one of that name. Who is going to be called now is
    /// waited for, and who is not any more is not.
    pub(crate) fn with_wire<R>(&self, wire: Wire, section: impl FnOnce(&mut Line) -> R) -> Option<R> {
        let (result, over) = self.with(|state| {
            let line = state.wires.get_mut(&wire)?;
            let result = section(line);
            let mut removed = false;
            for side in [Side::Read, Side::Write] {
                let token = Token::Source(wire, side);
                if line.is_expected(side) {
                    state.tokens.insert(token);
                } else {
                    removed |= state.tokens.remove(&token);
                }
            }
            Some((result, removed && state.is_over()))
        })?;
        if over {
            self.end_run();
        }
        Some(result)
    }

    /// Forgets a pair of sockets, and gives it.
    pub(crate) fn cut_wire(&self, wire: Wire) -> Option<Line> {
        let line = self.with(|state| state.wires.remove(&wire));
        for side in [Side::Read, Side::Write] {
            self.release(Token::Source(wire, side));
        }
        line
    }

    /// Ends the run: it has no reason to go on.
    fn end_run(&self) {
        let Some(remote) = self.with(|state| state.remote.clone()) else { return };
        match player() {
            Some(player) => player.stop(),
            None => {
                self.record(What::Stop);
                remote.stop();
            }
        }
    }

    /// Whether nothing is waited for.
    pub(crate) fn is_idle(&self) -> bool {
        self.with(|state| state.tokens.is_empty())
    }

    /// Whether patience was at its end, which is said once.
    pub(crate) fn take_gave_up(&self) -> bool {
        self.with(|state| core::mem::take(&mut state.gave_up))
    }

    /// The number of a policy: 0 and 1 for `p` and `q`.
    pub(crate) fn policy(&self, policy: &Policy) -> u32 {
        self.with(|state| {
            let known = state.policies.iter().position(|other| other.is_same(policy));
            let index = known.unwrap_or_else(|| {
                state.policies.push(policy.clone());
                state.policies.len() - 1
            });
            u32::try_from(index).unwrap_or(u32::MAX)
        })
    }

    /// A number for a loop that was not seen before.
    pub(crate) fn next_loop(&self) -> u32 {
        self.with(|state| {
            state.loops += 1;
            state.loops
        })
    }

    /// What has happened until now.
    #[cfg_attr(not(feature = "std"), expect(dead_code, reason = "for a play that is noticed to hang"))]
    pub(crate) fn so_far(&self) -> History {
        self.with(|state| History { events: state.events.clone() })
    }

    /// Takes the events out.
    pub(crate) fn finish(&self) -> History {
        let mut left = self.with(core::mem::take);
        History { events: core::mem::take(&mut left.events) }
    }
}
