//! How a simulation is judged: on virtual time, with children and threads that it knows of.

use std::io::{Read, Write};
use std::rc::Rc;
use std::time::Duration;

use anyloop::rules::{child, close, policy, run, source};
use anyloop::{AnySource, Command, ExitStatus, Loop, Pid, Policy, Processes};
use anyloop_conformance::program::{Plan, SignalName};
use anyloop_conformance::world::{Children, Ends, Raiser, Signals, Thread, World, threads};
use anyloop_conformance::{Lack, Subject};
use anyloop_sim::{ProcessState, Script, SimEventLoop, SimEventLoopPolicy, SimSocket, Simulation};

/// `sim`: every policy that it makes is of one simulation, and the kit's children are, too.
#[derive(Default)]
pub(crate) struct Sim(Simulation);

const NO_SIGNAL: &str = "no signal tells of a simulated child's end";

impl Subject for Sim {
    fn policy(&self) -> Policy {
        Policy::new(SimEventLoopPolicy::with(&self.0))
    }

    fn lacks(&self) -> Vec<Lack> {
        vec![
            Lack::rule(&child::DESCRIPTORS, "simulated children take no descriptors"),
            Lack::rule(&close::DESCRIPTORS, "simulated loops take no descriptors"),
            Lack::rule(
                &run::INTERRUPTED,
                "simulated loops are not interrupted: there are no signals in virtual time",
            ),
            Lack::rule(
                &child::INTERRUPTED,
                "simulated loops are not interrupted: there are no signals in virtual time",
            ),
            Lack::rule(&child::RESTORED, NO_SIGNAL),
            Lack::rule(&child::CHAINED, NO_SIGNAL),
            Lack::rule(&child::IGNORED, NO_SIGNAL),
            Lack::rule(&child::BLOCKED, NO_SIGNAL),
            Lack::rule(&child::UNSEEN, NO_SIGNAL),
            Lack::family("reaper", "its watcher collects no children but those that are registered"),
            Lack::family("process", "simulated programs have no pipes"),
            Lack::rule(&source::RECYCLED, "the numbers of simulated sockets are never given again"),
            Lack::family("fork", "simulated processes do not fork"),
            Lack::rule(&policy::ELSEWHERE, "it makes a loop in every context, so that tests need not"),
        ]
    }

    fn burn(&self) -> fn(&Loop, Duration) {
        |lp, time| {
            if let Some(simulated) = SimEventLoop::of(lp) {
                simulated.simulation().elapse(time);
            }
        }
    }

    fn world(&self) -> Option<Rc<dyn World>> {
        Some(Rc::new(SimWorld(self.0.clone())))
    }
}

/// Real threads, which the simulation waits for, and simulated children.
struct SimWorld(Simulation);

impl World for SimWorld {
    fn thread(&self, job: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        let outside = self.0.outside();
        Some(threads::start(Box::new(move || {
            let _outside = outside;
            job();
        })))
    }

    fn loop_thread(&self, _: Box<dyn FnOnce() + Send>) -> Option<Box<dyn Thread>> {
        // Time stands still for whoever is outside, and so would every timer until that loop has ended.
        None
    }

    fn children(&self) -> Option<&dyn Children> {
        Some(self)
    }

    fn wire(&self) -> Option<(AnySource, Box<dyn Ends>)> {
        let (near, far) = self.0.socketpair();
        Some((AnySource::new(near.clone()), Box::new(Wire { near, far: Some(far) })))
    }

    fn signals(&self) -> Option<&dyn Signals> {
        Some(self)
    }

    fn try_program(&self, processes: &dyn Processes) -> Option<bool> {
        self.0.program("true", Script::exit(0));
        let started = processes.spawn(&Command::new("true"));
        Some(started.is_ok_and(|child| self.0.collect(child.token.pid()).is_some()))
    }
}

/// Linux's number of a signal.
const fn number(signal: SignalName) -> i32 {
    match signal {
        SignalName::Usr1 => 10,
        SignalName::Usr2 => 12,
        SignalName::Chld => 17,
        SignalName::Kill => 9,
        SignalName::Segv => 11,
        SignalName::Zero => 0,
        SignalName::Huge => 1000,
    }
}

impl Signals for SimWorld {
    fn prepare(&self) {}

    fn number(&self, signal: SignalName) -> i32 {
        number(signal)
    }

    fn raiser(&self) -> Raiser {
        let simulation = self.0.clone();
        Box::new(move |signal| _ = simulation.raise(number(signal)))
    }

    fn is_former(&self, signal: SignalName) -> Option<bool> {
        Some(!self.0.listens(number(signal)))
    }
}

impl Children for SimWorld {
    fn start(&self, plan: Plan) -> Option<Pid> {
        let script = match plan {
            Plan::Exit(code) => Script::exit(code.into()),
            Plan::Signal(signal) => Script::signal(signal.into()),
        };
        self.0.start(script.when_told()).ok()
    }

    fn order(&self, pid: Pid) {
        self.0.finish(pid);
    }

    fn suspend(&self, pid: Pid) {
        self.0.suspend(pid);
    }

    fn resume(&self, pid: Pid) {
        self.0.resume(pid);
    }

    fn await_end(&self, pid: Pid) -> bool {
        matches!(self.0.state(pid), None | Some(ProcessState::Zombie))
    }

    fn is_zombie(&self, pid: Pid) -> bool {
        self.0.state(pid) == Some(ProcessState::Zombie)
    }

    fn collect(&self, pid: Pid) -> Option<ExitStatus> {
        self.0.collect(pid)
    }

    fn await_collected(&self, pid: Pid, _: Duration) -> bool {
        // What is going to be collected at all was collected the moment it ended.
        self.0.state(pid).is_none()
    }

    fn forget(&self, pid: Pid) {
        // A watcher that did not collect it was found out by now.
        let _ = self.0.collect(pid);
    }
}

/// A pair of simulated sockets.
struct Wire {
    near: SimSocket,
    far: Option<SimSocket>,
}

/// Reads all that there is.
fn empty(socket: &SimSocket) -> usize {
    let mut all = Vec::new();
    // It ends with there being no more.
    let _ = socket.clone().read_to_end(&mut all);
    all.len()
}

impl Ends for Wire {
    fn feed(&self) {
        let _ = self.far.clone().map(|mut far| far.write_all(b"x"));
    }

    fn drain(&self) -> usize {
        empty(&self.near)
    }

    fn clog(&self) {
        while matches!(self.near.clone().write(&[0; 4096]), Ok(1..)) {}
    }

    fn unclog(&self) {
        self.far.as_ref().map(empty);
    }

    fn hang_up(&mut self) {
        self.far = None;
    }
}
