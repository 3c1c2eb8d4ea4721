//! How does a loop go through a scene with a program that it starts? A task of it does, and tells what it
//! finds.
//!
//! Every program is a line for `/bin/sh`, so that what is right is known. What it does next it is told by
//! pipes, never by a clock.
//!
//! | file | answers |
//! | --- | --- |
//! | `program_step.rs` | what does the task need, and how does it tell? |
//! | `program_step/scenes.rs` | what happens in each scene? |

mod scenes;

use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use anyloop::{Child, Command, Loop, Pid, PipeReader, SignalError, SpawnError, Stdio, Watcher};

use super::Player;
use super::policy_steps::Seat;
use crate::history::{Launch, Sending, Stream, What};
use crate::log::{Log, Token};
use crate::platform;
use crate::program::{Label, Plan, Scene, Step, Units};
use crate::root::Root;
use crate::world::{Gate, Programs, World};

impl Player {
    /// Takes the step `program`.
    pub(super) fn perform(&self, label: Label, scene: Scene, plan: Plan) {
        let offered = self.lp.capabilities().processes.is_some();
        if !offered || self.world.programs().is_none() {
            return self.log.record(What::lacking(Step::Program { label, scene, plan }.word()));
        }
        let Some(watcher) = self.watcher() else { return };
        let (log, token) = (self.log.clone(), Token::Scene(label));
        self.log.hold(token);
        let actor = Actor {
            log: self.log.clone(),
            root: self.root,
            lp: self.lp.clone(),
            world: self.world.clone(),
            seat: self.booth.seat().clone(),
            watcher,
            patience: self.kids.patience(),
            label,
            scene,
            plan,
            started: RefCell::default(),
        };
        match self.lp.spawn_local(async move {
            if !platform::is_stray() {
                actor.act().await;
            }
        }) {
            Ok(task) => drop(task),
            Err(refused) => {
                drop(refused);
                log.release(token);
            }
        }
    }
}

/// Whoever goes through a scene.
struct Actor {
    log: Log,
    root: &'static dyn Root,
    lp: Loop,
    world: Rc<dyn World>,
    seat: Seat,
    watcher: Watcher,
    /// How long what is certain to come may take.
    patience: Duration,
    label: Label,
    scene: Scene,
    plan: Plan,
    /// What has to be ended if the scene breaks off.
    started: RefCell<Vec<Pid>>,
}

impl Drop for Actor {
    fn drop(&mut self) {
        if let Some(programs) = self.world.programs().filter(|_| !platform::is_fork()) {
            self.started.take().into_iter().for_each(|pid| programs.clear(pid));
        }
        self.log.release(Token::Scene(self.label));
    }
}

impl Actor {
    async fn act(&self) {
        let world = self.world.clone();
        let Some(programs) = world.programs() else { return };
        let performed: Option<()> = match self.scene {
            Scene::Awaited => self.awaited(programs).await,
            Scene::Outlived => self.outlived(programs).await,
            Scene::Line => self.line().await,
            Scene::Flood => self.flood().await,
            Scene::Filter => self.filter(programs).await,
            Scene::Talk => self.talk().await,
            Scene::Deaf => self.deaf(programs).await,
            Scene::Signalled => self.signalled(programs).await,
            Scene::Late => self.late(programs).await,
            Scene::Killed | Scene::Detached => self.dropped(programs).await,
            Scene::Orphaned | Scene::Untold => self.orphaned(programs).await,
            Scene::Inactive => self.inactive(programs),
            Scene::Missing | Scene::Nowhere => self.missing(programs),
            Scene::Given => self.given(programs).await,
            Scene::Merged => self.merged(programs).await,
            Scene::Piped => self.piped().await,
            Scene::Null => self.null(programs).await,
        };
        if performed.is_some() {
            self.tell(What::Performed { label: self.label });
        }
    }

    fn tell(&self, what: What) {
        self.log.record(what);
    }

    /// A program that does what `line` says and ends according to plan. It is given no stream of this process.
    fn shell(&self, line: &str) -> Command {
        let end = match self.plan {
            Plan::Exit(code) => format!("exit {code}"),
            Plan::Signal(signal) => format!("kill -{signal} $$; exit 121"),
        };
        let line = if line.is_empty() { end } else { format!("{line}; {end}") };
        Command::shell(line).stdin(Stdio::Null).stdout(Stdio::Null).stderr(Stdio::Null)
    }

    fn start(&self, command: Command) -> Option<Child> {
        self.start_on(&self.lp, command)
    }

    fn start_on(&self, lp: &Loop, command: Command) -> Option<Child> {
        let (label, scene, plan) = (self.label, self.scene, self.plan);
        self.tell(What::Launching { label, scene, plan });
        let started = self.root.start_program(lp, &self.watcher, &command);
        // It holds the program's ends of the kit's pipes.
        drop(command);
        let result = match &started {
            Ok(_) => Launch::Done,
            Err(SpawnError::Inactive) => Launch::Inactive,
            Err(SpawnError::Os(failure)) => Launch::Os(failure.error()),
            Err(other) => Launch::Failed(format!("{other}")),
        };
        if let Ok(child) = &started {
            self.started.borrow_mut().push(child.pid());
        }
        self.tell(What::Launched { label, result });
        started.ok()
    }

    fn look(&self, child: &Child) {
        let status = self.root.status(child);
        self.tell(What::StatusSaw { label: self.label, status });
    }

    /// Waits for the end, and tells of it.
    async fn end(&self, child: &mut Child, waiter: u32) {
        let status = self.root.wait(child).await;
        self.tell(What::Waited { label: self.label, waiter, status });
    }

    fn release(&self, gate: Gate) {
        self.tell(What::Released { label: self.label });
        gate();
    }

    /// Reads a pipe to its end.
    async fn hear(&self, pipe: Option<PipeReader>, stream: Stream, expected: &[u8]) {
        let mut heard = Vec::new();
        let failed = match pipe {
            Some(mut pipe) => pipe.read_to_end(&mut heard).await.err(),
            None => None,
        };
        let (label, bytes, right) = (self.label, heard.len(), heard == expected);
        self.tell(What::Heard { label, stream, bytes, right, failed });
    }

    /// The same, of what was given to the program.
    fn heard(&self, told: Option<Vec<u8>>, stream: Stream, expected: &[u8]) {
        let right = told.as_deref() == Some(expected);
        let bytes = told.map_or(0, |told| told.len());
        self.tell(What::Heard { label: self.label, stream, bytes, right, failed: None });
    }

    fn send(&self, child: &Child, signal: i32) {
        self.tell(What::Signalling { label: self.label, signal });
        let result = match self.root.send_signal(child, signal) {
            Ok(()) => Sending::Done,
            Err(SignalError::Over) => Sending::Over,
            Err(other) => Sending::Failed(format!("{other}")),
        };
        self.tell(What::Signalled { label: self.label, result });
    }

    /// Lets the loop go on until the child was collected.
    async fn settle(&self, programs: &dyn Programs, pid: Pid) {
        let (moment, mut spent) = (Units(1).duration(), Duration::ZERO);
        while !programs.is_collected(pid) && spent < self.patience {
            // Collecting takes its time even if that of the loop is virtual.
            platform::burn_elsewhere(moment);
            spent += moment;
            let _ = self.lp.sleep(moment).await;
        }
        self.tell(What::Settled { label: self.label, collected: programs.is_collected(pid) });
    }
}
