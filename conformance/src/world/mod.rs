//! What programs need beside the loop: threads, children, signals and descriptors.
//!
//! | file | answers |
//! | --- | --- |
//! | `mod.rs` | what does a play ask of the world? |
//! | `threads.rs` | how does a thread run a job? |
//! | `unix.rs` | how is a child started and steered, what handles the signal of its end, how does the process fork, and what else is asked of the system? |
//! | `elsewhere.rs` | what is there where none of that can be? |

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::time::Duration;

use anyloop::{AnySource, ChildToken, ExitStatus, Pid, Processes, Readiness, Stdio};
use cfg_if::cfg_if;

use crate::program::{Plan, SignalName};

cfg_if! {
    if #[cfg(all(feature = "std", unix))] {
        pub mod threads;
        #[expect(unsafe_code, reason = "the kit's dealings with the system, the only ones of that kind")]
        pub mod unix;
        pub use unix::{enter_if_child, notice_forks, real};
        pub(crate) use unix::{end_group, hear_no_ends, lead_group, take_stdout};
    } else if #[cfg(feature = "std")] {
        mod elsewhere;
        pub mod threads;
        pub use elsewhere::{enter_if_child, notice_forks, real};
        pub(crate) use elsewhere::{end_group, hear_no_ends, lead_group, take_stdout};
    }
}

/// What a play asks of the world around the loop.
pub trait World {
    /// Runs `job` on a new thread; `None` where there are no threads.
    fn thread(&self, job: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>>;

    /// As [`thread`](Self::thread), for a job that runs a loop of its own; `None` where loops live on one
    /// thread.
    fn loop_thread(&self, job: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        self.thread(job)
    }

    /// Starts and steers children; `None` where there are none.
    fn children(&self) -> Option<&dyn Children>;

    /// Does `section` while this process can open no descriptor; false, and it is not done, where that cannot
    /// be had.
    fn scarce(&self, section: &mut dyn FnMut()) -> bool {
        let _ = section;
        false
    }

    /// How many descriptors this process has open, if that can be known, not counting what steers
    /// the children. As long as there are more than `wanted`, it waits, but for no longer than
    /// `patience`: threads that are about to end may hold some.
    fn descriptors(&self, wanted: usize, patience: Duration) -> Option<usize> {
        let _ = (wanted, patience);
        None
    }

    /// What interrupts the calling thread, from others; `None` where there are no signals. It does
    /// nothing once the thread has ended.
    fn interrupter(&self) -> Option<Interrupter> {
        None
    }

    /// Asks for a source to be watched, and says whether it was, for a moment; `None` where there
    /// is no source to be had.
    fn try_source(&self, readiness: &dyn Readiness) -> Option<bool> {
        let _ = readiness;
        None
    }

    /// A pair of connected sockets: the loop's, and what both sides do with them; `None` where there are none.
    fn wire(&self) -> Option<(AnySource, Box<dyn Ends>)> {
        None
    }

    /// Asks for a program to be started, and says whether it was; it was collected then. `None`
    /// where there are no programs.
    fn try_program(&self, processes: &dyn Processes) -> Option<bool> {
        let _ = processes;
        None
    }

    /// What programs are steered by that the loop starts; `None` where there are no programs.
    fn programs(&self) -> Option<&dyn Programs> {
        None
    }

    /// The signal that tells of a child's end; `None` where there is no such thing.
    fn end_signal(&self) -> Option<&dyn EndSignal> {
        None
    }

    /// The signals that programs raise; `None` where there are none.
    fn signals(&self) -> Option<&dyn Signals> {
        None
    }

    /// Forks this process, and returns in both. In the parent when the child has ended, which it
    /// is made to after `patience`. `None` where there is no forking, or if it failed.
    fn fork(&self, patience: Duration) -> Option<Fork> {
        let _ = patience;
        None
    }
}

/// What came of a fork.
pub enum Fork {
    /// This is the child. It ends with this.
    Child(Ending),
    /// The child has told this, and ended.
    Told(Vec<u8>),
    /// The child has ended without having told anything.
    Died,
    /// The child took too long, and was killed.
    Hung,
}

/// The only way out for a forked child: it tells its parent something, and is gone. If this is
/// dropped, it has nothing to tell, and is gone as well.
pub struct Ending(Box<End>);

/// Tells something, or nothing, and does not return.
type End = dyn FnMut(Option<&[u8]>);

impl Ending {
    /// The end of this process, which tells its parent what it is given. It does not return.
    pub fn new(end: impl FnMut(Option<&[u8]>) + 'static) -> Self {
        Self(Box::new(end))
    }

    /// Tells the parent.
    pub fn tell(mut self, told: &[u8]) {
        (self.0)(Some(told));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        (self.0)(None);
    }
}

/// Sends a signal to one thread, whose handler does nothing.
pub type Interrupter = Box<dyn Fn() + Send>;

/// Has this process receive a signal. It returns when it has.
pub type Raiser = Box<dyn Fn(SignalName) + Send>;

/// The signals that programs raise.
pub trait Signals {
    /// Has a function of the kit's handle SIGUSR1 and SIGUSR2, which would end the process.
    fn prepare(&self);

    /// The number of a signal.
    fn number(&self, signal: SignalName) -> i32;

    /// What raises signals.
    fn raiser(&self) -> Raiser;

    /// Whether what [`prepare`](Self::prepare) has arranged is in force; `None` if it has arranged nothing for
    /// that signal.
    fn is_former(&self, signal: SignalName) -> Option<bool>;
}

/// A thread that runs a job.
pub trait Thread {
    /// Waits for it to end.
    fn join(self: Box<Self>);
}

/// What handles the signal of a child's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// The system's default: nothing happens.
    Default,
    /// It is ignored: the system collects the children.
    Ignored,
    /// A function of the kit's that counts.
    Counted,
    /// Another function. The kit's own does nothing.
    Other,
}

/// The signal that tells a process of a child's end, SIGCHLD: one for all of it.
pub trait EndSignal {
    /// Has it handled like that.
    fn handle(&self, how: Handling);

    /// How it is handled.
    fn handling(&self) -> Handling;

    /// How often the counting function was called since it was installed. As long as that is never, it
    /// waits, but for no longer than `patience`: another thread may be about to.
    fn calls(&self, patience: Duration) -> usize;

    /// Has the calling thread block it, or not any more.
    fn block(&self, on: bool);

    /// Has it come in the middle of a system call of this thread. `None` if that cannot be had.
    fn jolt(&self) -> Option<Jolt>;
}

/// What is noticed of a signal that comes in the middle of a system call.
#[derive(Clone, Copy, Debug)]
pub struct Jolt {
    /// The call failed for it.
    pub interrupted: bool,
    /// Afterwards there was another `errno`.
    pub errno: bool,
}

/// Real children, or what a simulation takes for them.
///
/// All methods may block for a moment, none for ever: they give up after a generous time.
pub trait Children {
    /// Starts a child that waits for orders and then carries out `plan`; `None` if that fails.
    fn start(&self, plan: Plan) -> Option<Pid>;

    /// What identifies the child for a watcher.
    fn token(&self, pid: Pid) -> ChildToken {
        ChildToken::from(pid)
    }

    /// Orders the child to carry out its plan. The second time it does nothing.
    fn order(&self, pid: Pid);

    /// Stops the child (SIGSTOP), and waits until it has stopped.
    fn suspend(&self, pid: Pid);

    /// Lets it go on (SIGCONT).
    fn resume(&self, pid: Pid);

    /// Waits until the child has ended, collected or not, without collecting it. False if the
    /// patience ends first.
    fn await_end(&self, pid: Pid) -> bool;

    /// Whether the child has ended and was not collected, without collecting it.
    fn is_zombie(&self, pid: Pid) -> bool;

    /// Waits for the end of the child and collects it; `None` if somebody else has.
    fn collect(&self, pid: Pid) -> Option<ExitStatus>;

    /// Waits until somebody has collected the child. False if the patience ends first.
    fn await_collected(&self, pid: Pid, patience: Duration) -> bool;

    /// A process that is there and is not a child of this one.
    fn stranger(&self) -> Option<Pid> {
        Pid::new(1)
    }

    /// Forgets a child that was collected.
    fn forget(&self, pid: Pid);
}

/// The two ends of a pair of connected sockets: the loop's, which the source keeps open, and that of the other
/// side. Nothing blocks. Dropping it closes the other end.
pub trait Ends: Send {
    /// The other side sends one byte.
    fn feed(&self);

    /// The loop's side reads all that there is, and says how many bytes that is.
    fn drain(&self) -> usize;

    /// The loop's side writes until nothing more can be written.
    fn clog(&self);

    /// The other side reads all that there is.
    fn unclog(&self);

    /// The other end is closed.
    fn hang_up(&mut self);
}

/// A pipe that a program reads: each call writes a line into it. Dropping it closes the pipe.
pub type Gate = Box<dyn Fn()>;

/// A pipe that a program writes, which is read to its end; `None` if that does not come in time.
pub type Tap = Box<dyn FnOnce(Duration) -> Option<Vec<u8>>>;

/// What the kit knows of programs that a loop starts, and steers them by, beside the loop.
pub trait Programs {
    /// The program's end of a gate, and the kit's.
    fn gate(&self) -> Option<(Stdio, Gate)>;

    /// The program's end of a tap, and the kit's.
    fn tap(&self) -> Option<(Stdio, Tap)>;

    /// Waits until a child has ended, collected or not, without collecting it. False if the patience ends
    /// first.
    fn await_over(&self, pid: Pid, patience: Duration) -> bool;

    /// Whether a child was collected.
    fn is_collected(&self, pid: Pid) -> bool;

    /// Whether this process has any children, ended or not.
    fn any_children(&self) -> bool;

    /// Ends a child and collects it, unless somebody has.
    fn clear(&self, pid: Pid);
}

/// A world with nothing in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWorld;

impl World for NoWorld {
    fn thread(&self, _: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        None
    }

    fn children(&self) -> Option<&dyn Children> {
        None
    }
}

/// A world with neither threads nor children.
#[must_use]
pub fn none() -> Rc<dyn World> {
    Rc::new(NoWorld)
}
