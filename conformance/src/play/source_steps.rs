//! What do the steps about sources do?
//!
//! Each source is one of a pair of sockets whose other end the kit has, so that it is known for what it is
//! ready, and who is going to be called.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use anyloop::{AnySource, AsSource, Source, SourceError};

use super::{Player, player};
use crate::history::{Side, What};
use crate::log::Log;
use crate::platform;
use crate::program::{Body, Label, Step, Wire, WireRef};
use crate::world::Ends;

/// The label of a callback that nobody asked for.
const NOBODY: Label = Label(0);

/// A callback that is called so often removes itself.
const CALLS: u32 = 3;

/// The loop's side of the pairs.
pub(super) type Sources = RefCell<BTreeMap<Wire, Rc<Source<AnySource>>>>;

/// What is known of a pair of sockets.
pub(crate) struct Line {
    ends: Box<dyn Ends>,
    /// So many bytes were sent, and not read yet.
    pending: usize,
    clogged: bool,
    hung_up: bool,
    /// The reader, and the writer.
    callbacks: [Option<Label>; 2],
    /// So many tasks wait for each side.
    waiting: [u32; 2],
}

impl Line {
    /// Whether somebody waits for that side, and it is ready.
    pub(crate) const fn is_expected(&self, side: Side) -> bool {
        let wanted = self.callbacks[side as usize].is_some() || self.waiting[side as usize] > 0;
        let ready = match side {
            Side::Read => self.pending > 0,
            Side::Write => !self.clogged,
        };
        wanted && (ready || self.hung_up)
    }
}

/// The other side sends something. On any context.
pub(super) fn feed(log: &Log, wire: Wire) {
    let known = log.with(|state| state.wires.get(&wire).is_some_and(|line| !line.hung_up));
    if known {
        log.record(What::Feeding { wire });
        log.with_wire(wire, |line| {
            line.ends.feed();
            line.pending += 1;
        });
        log.record(What::Fed { wire });
    }
}

/// The other side goes. On any context.
pub(super) fn hang_up(log: &Log, wire: Wire) {
    log.record(What::HangingUp { wire });
    log.with_wire(wire, |line| {
        line.ends.hang_up();
        line.hung_up = true;
    });
    log.record(What::HungUp { wire });
}

impl Player {
    pub(super) fn source_step(&self, step: &Step) {
        match step {
            Step::Wire { wire } => self.connect(*wire),
            Step::Reader { wire: WireRef(wire), label, body } => self.add(*wire, Side::Read, *label, body),
            Step::Writer { wire: WireRef(wire), label, body } => self.add(*wire, Side::Write, *label, body),
            Step::Unreader { wire: WireRef(wire) } => self.remove(*wire, Side::Read),
            Step::Unwriter { wire: WireRef(wire) } => self.remove(*wire, Side::Write),
            Step::Feed { wire: WireRef(wire) } => feed(&self.log, *wire),
            Step::Hangup { wire: WireRef(wire) } => hang_up(&self.log, *wire),
            Step::Drain { wire: WireRef(wire) } => self.drain(*wire),
            Step::Clog { wire: WireRef(wire) } => self.clog(*wire, true),
            Step::Unclog { wire: WireRef(wire) } => self.clog(*wire, false),
            Step::Unwire { wire: WireRef(wire) } => self.disconnect(*wire),
            // Those that wait are taken by the future itself.
            _ => {}
        }
    }

    fn connect(&self, wire: Wire) {
        let Some((near, ends)) = self.world.wire() else {
            return self.log.record(What::lacking("sockets"));
        };
        let number = i64::try_from(near.as_source().0).unwrap_or_default();
        match self.lp.add_source(near) {
            Ok(source) => {
                let (callbacks, waiting) = ([None, None], [0, 0]);
                let line = Line { ends, pending: 0, clogged: false, hung_up: false, callbacks, waiting };
                self.log.with(|state| state.wires.insert(wire, line));
                self.sources.borrow_mut().insert(wire, Rc::new(source));
                self.log.record(What::Wired { wire, number });
            }
            Err(SourceError::Closed) => {}
            Err(_) => self.log.record(What::lacking("sources")),
        }
    }

    fn source(&self, wire: Wire) -> Option<Rc<Source<AnySource>>> {
        self.sources.borrow().get(&wire).cloned()
    }

    fn add(&self, wire: Wire, side: Side, label: Label, body: &Body) {
        let Some(source) = self.source(wire) else { return };
        let callback =
            Callback { log: self.log.clone(), wire, side, label, body: body.clone(), calls: Cell::default() };
        self.log.record(What::SourceAdding { wire, side, label });
        let result = self.root.add_to_source(&source, side, Box::new(move || callback.call()));
        self.log.with_wire(wire, |line| line.callbacks[side as usize] = result.is_ok().then_some(label));
        self.log.record(What::SourceAdded { label, result });
    }

    fn remove(&self, wire: Wire, side: Side) {
        let Some(source) = self.source(wire) else { return };
        self.log.record(What::SourceRemoving { wire, side });
        let answer = self.root.remove_from_source(&source, side);
        self.log.with_wire(wire, |line| line.callbacks[side as usize] = None);
        self.log.record(What::SourceRemoved { wire, side, answer });
    }

    fn drain(&self, wire: Wire) {
        let amount = self.log.with_wire(wire, |line| {
            let amount = line.ends.drain();
            line.pending = line.pending.saturating_sub(amount);
            amount
        });
        if let Some(amount) = amount {
            self.log.record(What::Drained { wire, amount });
        }
    }

    fn clog(&self, wire: Wire, clogged: bool) {
        let done = self.log.with_wire(wire, |line| {
            if clogged {
                line.ends.clog();
            } else {
                line.ends.unclog();
            }
            line.clogged = clogged;
        });
        if done.is_some() {
            self.log.record(if clogged { What::Clogged { wire } } else { What::Unclogged { wire } });
        }
    }

    /// Drops a source, unless a task has it.
    fn disconnect(&self, wire: Wire) {
        let is_free = self.sources.borrow().get(&wire).is_some_and(|source| Rc::strong_count(source) == 1);
        if is_free {
            let source = self.sources.borrow_mut().remove(&wire);
            self.log.record(What::Unwiring { wire });
            drop(source);
            drop(self.log.cut_wire(wire));
            self.log.record(What::Unwired { wire });
        }
    }

    /// Asks the sources of the closed loop, and drops them.
    pub(super) fn account_for_sources(&self) {
        let wires: Vec<Wire> = self.sources.borrow().keys().copied().collect();
        for wire in wires {
            if self.lp.is_closed() {
                for side in [Side::Read, Side::Write] {
                    self.remove(wire, side);
                    self.add(wire, side, NOBODY, &Body::default());
                }
            }
            self.disconnect(wire);
        }
    }
}

/// A reader or writer.
struct Callback {
    log: Log,
    wire: Wire,
    side: Side,
    label: Label,
    body: Body,
    calls: Cell<u32>,
}

impl Callback {
    fn call(&self) {
        if platform::is_stray() {
            return;
        }
        self.log.record(What::Called { label: self.label });
        let _call = Call(self);
        // On another context there is no player, and the breach is on record.
        let Some(player) = player().filter(|_| self.log.is_home()) else { return };
        let _inside = player.enter();
        let call = self.calls.get() + 1;
        self.calls.set(call);
        if call == CALLS {
            player.remove(self.wire, self.side);
        }
        for step in self.body.0.iter().filter(|_| call == 1) {
            if matches!(step, Step::Panic) {
                player.panic(self.label);
            } else {
                player.step(step);
            }
        }
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        self.log.record_quietly(What::SourceDropped { label: self.label });
    }
}

/// Ends a call, a panic included.
struct Call<'c>(&'c Callback);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.log.record_quietly(What::CallEnded { label: self.0.label });
    }
}

/// A task waits for a source.
pub(super) async fn wait(log: &Log, label: Label, wire: Wire, side: Side) {
    let source = player().and_then(|player| Some((player.root, player.source(wire)?)));
    let Some((root, source)) = source else { return };
    log.record(What::Awaiting { label, wire, side });
    let waiting = Waiting::new(log, wire, side);
    let result = root.source_ready(&source, side).await;
    drop(waiting);
    log.record(What::Awaited { label, wire, side, result });
}

/// Counts who waits for a source, until that is given up, too.
struct Waiting<'l> {
    log: &'l Log,
    wire: Wire,
    side: Side,
}

impl<'l> Waiting<'l> {
    fn new(log: &'l Log, wire: Wire, side: Side) -> Self {
        log.with_wire(wire, |line| line.waiting[side as usize] += 1);
        Self { log, wire, side }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let count = |line: &mut Line| line.waiting[self.side as usize] -= 1;
        self.log.with_wire(self.wire, count);
    }
}
