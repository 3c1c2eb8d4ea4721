//! What can be asked of a loop: the little language that programs are written in.
//!
//! A program is a list of steps; the body of a callback is a program too. Every sub-program is a
//! program, and every step means something in every state: cancelling a callback that was not
//! asked for yet does nothing. So there are no preconditions, generated programs are never
//! rejected, and making one smaller is deleting steps.
//!
//! Steps name callbacks, tasks and threads by labels such as `#3`, and children by `%1`. A label
//! is given once, when the program is generated, and survives when its neighbours are deleted: the
//! label in a verdict is the one in the printed program. Pairs of sockets are named likewise, by `~1`.

mod names;
mod scene;
mod signal_name;

use alloc::vec::Vec;

pub use names::{Kid, KidRef, Label, LoopName, PolicyName, Ref, Units, Wire, WireRef};
pub use scene::Scene;
pub use signal_name::SignalName;

/// How a child is to end, once it is ordered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plan {
    /// Exit by itself with this code.
    Exit(u8),
    /// Die of this signal.
    Signal(u8),
}

impl Default for Plan {
    fn default() -> Self {
        Self::Exit(0)
    }
}

/// The steps that a callback, a task or a thread takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Body(pub Vec<Step>);

/// What is played: the steps that are taken outside of every callback.
///
/// At the end of every program the loop is run until nothing is left to wait for, and closed.
pub type Program = Body;

/// One operand of a step, so that printing, labelling and minimising need not know the steps.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "a variant is its type")]
pub enum Part<'a> {
    Label(&'a Label),
    Ref(&'a Ref),
    Kid(&'a Kid),
    KidRef(&'a KidRef),
    Wire(&'a Wire),
    WireRef(&'a WireRef),
    Units(&'a Units),
    Loop(&'a LoopName),
    Policy(&'a PolicyName),
    Plan(&'a Plan),
    Scene(&'a Scene),
    Signal(&'a SignalName),
    Body(&'a Body),
}

/// As [`Part`], to be changed.
#[derive(Debug)]
#[expect(missing_docs, reason = "a variant is its type")]
pub enum PartMut<'a> {
    Label(&'a mut Label),
    Ref(&'a mut Ref),
    Kid(&'a mut Kid),
    KidRef(&'a mut KidRef),
    Wire(&'a mut Wire),
    WireRef(&'a mut WireRef),
    Units(&'a mut Units),
    Loop(&'a mut LoopName),
    Policy(&'a mut PolicyName),
    Plan(&'a mut Plan),
    Scene(&'a mut Scene),
    Signal(&'a mut SignalName),
    Body(&'a mut Body),
}

macro_rules! parts {
    ($($variant:ident: $kind:ty;)*) => {$(
        impl<'a> From<&'a $kind> for Part<'a> {
            fn from(part: &'a $kind) -> Self {
                Self::$variant(part)
            }
        }

        impl<'a> From<&'a mut $kind> for PartMut<'a> {
            fn from(part: &'a mut $kind) -> Self {
                Self::$variant(part)
            }
        }
    )*};
}

parts! {
    Label: Label;
    Ref: Ref;
    Kid: Kid;
    KidRef: KidRef;
    Wire: Wire;
    WireRef: WireRef;
    Units: Units;
    Loop: LoopName;
    Policy: PolicyName;
    Plan: Plan;
    Scene: Scene;
    Signal: SignalName;
    Body: Body;
}

/// Declares the language once: the steps, their words, and their operands in the order in which
/// they are printed.
macro_rules! steps {
    ($($(#[$meta:meta])* $word:literal $name:ident $({ $($field:ident: $kind:ty),* })?;)*) => {
        /// One step.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the operands are explained with the step")]
        pub enum Step {
            $($(#[$meta])* $name $({ $($field: $kind),* })?,)*
        }

        impl Step {
            /// Every word of the language.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that the step is printed with.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $word,)*
                }
            }

            /// The step that `word` stands for, all operands zero; `None` for other words.
            #[must_use]
            pub fn blank(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name $({ $($field: Default::default()),* })?),)*
                    _ => None,
                }
            }

            /// The operands.
            #[must_use]
            pub fn parts(&self) -> Vec<Part<'_>> {
                match self {
                    $(Self::$name $({ $($field),* })? => Vec::from([$($(Part::from($field)),*)?]),)*
                }
            }

            /// The operands, to be changed.
            #[must_use]
            pub fn parts_mut(&mut self) -> Vec<PartMut<'_>> {
                match self {
                    $(Self::$name $({ $($field),* })? => Vec::from([$($(PartMut::from($field)),*)?]),)*
                }
            }
        }
    };
}

steps! {
    // Callbacks.
    /// `call_soon` of a callback that does `body`.
    "soon" Soon { label: Label, body: Body };
    /// `call_at`, so many units after the start of the play. It may be past by now.
    "at" At { when: Units, label: Label, body: Body };
    /// `call_at` with a deadline that is never reached.
    "never" Never { label: Label, body: Body };
    /// `soon`, and when the callback is dropped uncalled, it calls the loop.
    "touchy" Touchy { label: Label, body: Body };
    /// Cancels a callback.
    "cancel" Cancel { of: Ref };
    /// Cancels a callback on a loop that is not its own, and one of that loop's on this one.
    "foreign" Foreign { of: Ref };
    /// Cancels a callback by dropping a `CancelOnDrop`.
    "scope" Scope { of: Ref };
    /// Sets an exception handler, in the place of the one before.
    "handler" Handler;
    /// Sets an exception handler that panics.
    "fragile" Fragile;
    /// Keeps the loop, or the thread, busy.
    "burn" Burn { time: Units };
    /// A callback that waits, busily, until the timer is due, and then schedules itself until
    /// the timer has run or has been starved; or until what waits for the end of a child has run, if
    /// the child was ordered to end.
    "spin" Spin { label: Label, until: Ref };
    /// `stop`: of the loop, or of its remote half in a thread.
    "stop" Stop;
    /// `run_forever`. Inside a callback, an attempt that has to be refused.
    "run" Run;
    /// `run_forever` of another loop. Inside a callback, an attempt that has to be refused.
    "other" Other;
    /// `close`. Inside a callback, an attempt that has to be refused.
    "close" Close;
    /// The callback panics.
    "panic" Panic;

    // Threads and the remote half.
    /// A thread that takes the steps `soon`, `post`, `stop`, `wake` and `burn`, with the remote
    /// half, and `unwatch`, `closewatcher`, `interrupt`, `raise`, `feed` and `hangup`. It is joined by `join`, and
    /// after each run.
    "thread" Thread { label: Label, body: Body };
    /// Waits for the threads to end.
    "join" Join;
    /// `call_soon` of the remote half.
    "post" Post { label: Label, body: Body };
    /// Interrupts the loop's thread by a signal. In a thread.
    "interrupt" Interrupt;

    // Tasks. `yield`, `sleep`, `park` and `await` mean nothing outside of a task.
    /// `spawn_local` of a task that takes the steps of `body`.
    "task" Task { label: Label, body: Body };
    /// `run_until_complete` of a future that takes the steps of `body`.
    "until" Until { label: Label, body: Body };
    /// Lets the loop go on, and is woken at once.
    "yield" Yield;
    /// `sleep`.
    "sleep" Sleep { time: Units };
    /// Waits until somebody wakes this task.
    "park" Park;
    /// Awaits another task.
    "await" Await { of: Ref };
    /// Wakes a task.
    "wake" Wake { of: Ref };
    /// Drops the handle of a task.
    "detach" Detach { of: Ref };
    /// Cancels a task by dropping what `cancel_on_drop` gave.
    "taskscope" TaskScope { of: Ref };
    /// Cancels a task.
    "abort" Abort { of: Ref };

    // Policies.
    /// Stores a loop in this context, with the policy `p`.
    "store" Store { which: LoopName };
    /// Stores "none" in this context.
    "clear" Clear;
    /// Asks the policy `p` for the loop of this context.
    "ask" Ask;
    /// Asks `anyloop::get_event_loop`.
    "ambient" Ambient;
    /// Makes a loop with the policy `p`; it is `a` or `b` of this context from now on.
    "new" New { which: LoopName };
    /// The factory of the policy `p` fails while `body` is played.
    "failing" Failing { body: Body };
    /// Puts a number into a place of this context, and looks what was there.
    "keep" Keep;
    /// Takes steps about policies on another thread, and waits for it.
    "elsewhere" Elsewhere { body: Body };
    /// Puts a policy in force.
    "set" Set { which: PolicyName };
    /// Sets the policy to none.
    "reset" Reset;
    /// Asks which policy is in force.
    "lookup" Lookup;
    /// Overrides the policy while `body` is played, or until an `unguard` inside of it.
    "guard" Guard { which: PolicyName, body: Body };
    /// Drops the oldest guard that is there: out of order, if there are two.
    "unguard" Unguard;
    /// Asks the policy `p` for its child watcher.
    "watcher" Watcher;
    /// Sets a child watcher in the policy `p`: one of two.
    "setwatcher" SetWatcher { which: LoopName };
    /// Sets the child watcher of the policy `p` to none.
    "unsetwatcher" UnsetWatcher;
    /// The next attempt to attach one of the two watchers fails.
    "refuse" Refuse;

    // Children.
    /// Starts a child, which waits for orders. Before the first one the loop is run for a moment,
    /// so that it has opened what it needs.
    "child" Child { kid: Kid, plan: Plan };
    /// Orders a child to carry out its plan.
    "end" End { kid: KidRef };
    /// As `end`, and waits until the child has ended. It is not collected.
    "ended" Ended { kid: KidRef };
    /// Stops a child, unless it was ordered to end.
    "sigstop" Sigstop { kid: KidRef };
    /// Continues a child.
    "sigcont" Sigcont { kid: KidRef };
    /// Registers a child with the watcher of the policy.
    "watch" Watch { kid: KidRef, label: Label, body: Body };
    /// Registers a child for another loop: `a` of the same thread, the one that `other` runs, or `b` of
    /// another thread. It is run at the end of the program, and closed.
    "takeover" TakeOver { which: LoopName, kid: KidRef, label: Label };
    /// Removes the registration of a child.
    "unwatch" Unwatch { kid: KidRef };
    /// Collects a child that has ended, behind the watcher's back.
    "steal" Steal { kid: KidRef };
    /// Registers a process that is not a child of this one.
    "alien" Alien { label: Label, body: Body };
    /// Closes the watcher.
    "closewatcher" CloseWatcher;
    /// Attaches the watcher of the policy `p` to the loop that is judged, `a`, or to another.
    "attach" Attach { which: LoopName };
    /// Attaches the watcher of the policy `p` to none.
    "unattach" Unattach;
    /// Has SIGCHLD handled by a function that counts. Means nothing once there was a child.
    "heed" Heed;
    /// Has SIGCHLD ignored. Means nothing once there was a child.
    "ignore" Ignore;
    /// Has the thread of the loop block SIGCHLD. Means nothing once there was a child.
    "block" Block;
    /// Has SIGCHLD come in the middle of a system call, and looks what that notices.
    "jolt" Jolt;
    /// Takes the steps `watch`, `alien`, `takeover a` and `attach` while no descriptor is to be had.
    "scarce" Scarce { body: Body };
    /// Has the watcher tell of children that nobody has registered.
    "adopt" Adopt;
    /// Asks the watcher how a child has ended that nobody had registered.
    "claim" Claim { kid: KidRef };
    /// Says that children are about to be started and registered, while `body` is played.
    "bracket" Bracket { body: Body };

    // Programs.
    /// Has the loop start a program, which ends like that if it is let, and go through a scene with it,
    /// in a task.
    "program" Program { label: Label, scene: Scene, plan: Plan };

    // Sources.
    /// Connects a pair of sockets: the loop's, which becomes a source that is not watched yet, and that of
    /// the other side.
    "wire" Wire { wire: Wire };
    /// Adds a reader, in the place of the one before. It does `body` when it is called first, and removes itself when
    /// it is called for the third time.
    "reader" Reader { wire: WireRef, label: Label, body: Body };
    /// Adds a writer, likewise.
    "writer" Writer { wire: WireRef, label: Label, body: Body };
    /// Removes the reader.
    "unreader" Unreader { wire: WireRef };
    /// Removes the writer.
    "unwriter" Unwriter { wire: WireRef };
    /// The other side sends something.
    "feed" Feed { wire: WireRef };
    /// Reads all that there is.
    "drain" Drain { wire: WireRef };
    /// Writes until nothing more can be written.
    "clog" Clog { wire: WireRef };
    /// The other side reads all that there is.
    "unclog" Unclog { wire: WireRef };
    /// The other side goes.
    "hangup" Hangup { wire: WireRef };
    /// Drops the source, and closes its socket. Not while a task waits for it.
    "unwire" Unwire { wire: WireRef };
    /// Waits until the source can be read. In a task.
    "readable" Readable { wire: WireRef };
    /// Waits until the source can be written. In a task.
    "writable" Writable { wire: WireRef };

    // What a loop offers, and what it leaves behind.
    /// Looks at what the loop offers; once it is closed, asks it for some of that.
    "probe" Probe;
    /// Makes another loop, has it run and wait for something, and closes it.
    "discard" Discard;
    /// As `discard`, but only drops it.
    "abandon" Abandon;

    /// Takes one step, waiting at most so long. Inside a callback, an attempt that has to be refused.
    "turn" Turn { wait: Units };

    // The process.
    /// Forks. The child does with the loop, its remote half, the policy and the watcher whatever it
    /// must not be able to do, makes a loop of its own, reports, and ends; the program goes on in
    /// the parent.
    "fork" Fork;

    // Signals.
    /// Sets the handler of a signal, which takes the steps of `body` when it is called first.
    "onsignal" OnSignal { signal: SignalName, label: Label, body: Body };
    /// Removes the handler of a signal.
    "unsignal" UnSignal { signal: SignalName };
    /// Raises a signal, unless it is one that ends the process.
    "raise" Raise { signal: SignalName };
    /// Has another loop listen for a signal, too. It is run at the end of the program, and closed.
    "also" Also { signal: SignalName };
}

impl Step {
    /// The steps inside of it, if it can have any.
    #[must_use]
    pub fn body(&self) -> Option<&Body> {
        self.parts().into_iter().find_map(|part| match part {
            Part::Body(body) => Some(body),
            _ => None,
        })
    }

    /// The steps inside of it, to be changed.
    #[must_use]
    pub fn body_mut(&mut self) -> Option<&mut Body> {
        self.parts_mut().into_iter().find_map(|part| match part {
            PartMut::Body(body) => Some(body),
            _ => None,
        })
    }
}

impl Body {
    /// The number of steps, inner ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|step| 1 + step.body().map_or(0, Self::len)).sum()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Numbers the labels in the order in which they are printed, from one, and makes every
    /// mention name one of them. Called once, on a program that was just generated.
    #[must_use]
    pub fn labelled(mut self) -> Self {
        let (mut labels, mut kids, mut wires) = (0, 0, 0);
        self.change(&mut |part| match part {
            PartMut::Label(label) => {
                labels += 1;
                *label = Label(labels);
            }
            PartMut::Ref(Ref(Label(number))) if *number >= Ref::NEAR => {
                *number = (labels + *number - Ref::NEAR).saturating_sub(Ref::BACK);
            }
            PartMut::Kid(kid) => {
                kids += 1;
                *kid = Kid(kids);
            }
            PartMut::Wire(wire) => {
                wires += 1;
                *wire = Wire(wires);
            }
            _ => {}
        });
        self.change(&mut |part| match part {
            PartMut::Ref(Ref(Label(number))) => *number = *number % labels.max(1) + 1,
            PartMut::KidRef(KidRef(Kid(number))) => *number = *number % kids.max(1) + 1,
            PartMut::WireRef(WireRef(Wire(number))) => *number = *number % wires.max(1) + 1,
            _ => {}
        });
        self
    }

    /// Shows every operand, outer steps first.
    fn change(&mut self, see: &mut dyn FnMut(PartMut<'_>)) {
        for step in &mut self.0 {
            for part in step.parts_mut() {
                match part {
                    PartMut::Body(body) => body.change(see),
                    other => see(other),
                }
            }
        }
    }
}

impl From<Vec<Step>> for Body {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}
