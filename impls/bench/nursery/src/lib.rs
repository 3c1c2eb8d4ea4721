//! What do all have in common who are measured while they watch over children?
//!
//! | file | answers |
//! | --- | --- |
//! | `gate.rs` | how is a child told to end, and how? |
//! | `meter.rs` | what did it cost, the spawning excluded? |
//! | `deadline.rs` | and if an end is never told? |
//!
//! So many others are alive and watched all the time. One child after the other is spawned, watched,
//! told to end, and its end awaited; at last the others are told to end, all at once. Every child
//! ends with a code of its own, and a wrong one ends the program.

mod deadline;
mod gate;
mod meter;

use std::io::PipeReader;
use std::process::Command;

use gate::Gate;
use meter::Meter;

/// The program that each child runs.
pub const CHILD: &str = env!("CHILD");

/// A child with that input, for those who start it as std does.
pub fn command(input: PipeReader) -> Command {
    let mut command = Command::new(CHILD);
    command.stdin(input);
    command
}

/// The numbers of one run, by the names of their metrics.
pub type Numbers = Vec<(&'static str, f64)>;

/// Somebody who watches over children.
pub trait Watch {
    /// A child that is there, and is not watched yet.
    type Child;

    /// Starts [`CHILD`] with that input. This is measured only if its whole life is.
    fn spawn(&mut self, input: PipeReader) -> Self::Child;

    /// Watches for its end, if spawning it did not see to that already.
    fn watch(&mut self, child: Self::Child);

    /// Does now what [`watch`](Self::watch) has put off, so that the first end does not pay for all: a task for a
    /// child is polled once.
    fn settle(&mut self) {}

    /// Waits until another child has ended, and says with which code: one that is below zero if it
    /// has none.
    fn next(&mut self) -> i32;
}

/// So many ends before anything is measured: what is made once is made then.
const FIRST: u64 = 3;

/// What of a child's life is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Its end: watching for it, noticing it, collecting.
    End,
    /// All of it: the child is told to end before it is started.
    Life,
}

/// Has `length` children end one by one while `others` are alive, and then these.
pub fn observe(watch: &mut impl Watch, measured: Measured, others: u64, length: u64) -> Numbers {
    deadline::set();
    meter::raise_descriptors();
    let (gate, gate_of_others) = (Gate::new(), Gate::new());
    let once = |watch: &mut _, meter: &mut Meter, number| match measured {
        Measured::End => end(watch, meter, &gate, number),
        Measured::Life => life(watch, meter, &gate, number),
    };
    (0..FIRST).for_each(|number| once(watch, &mut Meter::start(), number));

    let empty = meter::memory();
    for _ in 0..others {
        let child = watch.spawn(gate_of_others.input());
        watch.watch(child);
    }
    watch.settle();
    let (full, threads) = (meter::memory(), meter::threads());

    deadline::set();
    let mut meter = Meter::start();
    (0..length).for_each(|number| once(watch, &mut meter, number));
    let [cpu, wall] = meter.each(length);

    deadline::set();
    let meter = Meter::start();
    let sent: i32 = (0..others).map(|number| gate_of_others.send(number)).sum();
    let told: i32 = (0..others).map(|_| watch.next()).sum();
    assert!(told == sent, "the others ended with the wrong codes");
    let [together, _] = meter.each(others.max(1));
    let memory = (full - empty) / others.max(1) as f64;
    vec![("cpu", cpu), ("wall", wall), ("together", together), ("memory", memory), ("threads", threads)]
}

fn end(watch: &mut impl Watch, meter: &mut Meter, gate: &Gate, number: u64) {
    let child = meter.without(|| watch.spawn(gate.input()));
    watch.watch(child);
    let sent = gate.send(number);
    let code = watch.next();
    assert!(code == sent, "child {number} ended with {code} and not {sent}");
}

fn life(watch: &mut impl Watch, meter: &mut Meter, gate: &Gate, number: u64) {
    let (sent, input) = meter.without(|| (gate.send(number), gate.input()));
    let child = watch.spawn(input);
    watch.watch(child);
    let code = watch.next();
    assert!(code == sent, "child {number} ended with {code} and not {sent}");
}
