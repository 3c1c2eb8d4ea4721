//! What does a forked child try with child watchers? The inherited one has to refuse, and a new one to work.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use anyloop::{ChildToken, ExitStatus, Loop, Pid, Watcher};

use super::Player;
use super::takeover_step::run_for;
use crate::platform;
use crate::program::{Plan, Units};
use crate::world::{Children, Handling, World};

/// How the child ends that the forked child starts.
const CODE: u8 = 7;

/// Whether its end was told, and as it was. The forked child has a copy of its own.
static TOLD: AtomicBool = AtomicBool::new(false);

impl Player {
    /// Asks the watcher of the parent for what it must not do here.
    pub(super) fn try_inherited(&self, watcher: &Watcher) -> Result<(), String> {
        let lp = self.new_loop()?;
        if watcher.is_active() {
            return Err("it said that it is active".to_owned());
        }
        let stranger = self.world.children().and_then(Children::stranger);
        if let Some(pid) = stranger {
            let never = |_, _| _ = platform::is_stray();
            if watcher.watch_on(&lp, ChildToken::from(pid), never).is_ok() {
                return Err("it accepted a registration".to_owned());
            }
        }
        match self.kids.pids().into_iter().any(|pid| watcher.remove_child_handler(pid)) {
            true => Err("it removed a registration of the parent's".to_owned()),
            false => lp.close().map_err(|error| format!("{error}")),
        }
    }

    /// Has a new watcher tell of a child of this process.
    pub(super) fn watch_anew(&self, inherited: &Watcher) -> Result<(), String> {
        let policy = self.booth.seat().policy();
        let watcher = policy.get_child_watcher().map_err(|error| format!("it was not made: {error}"))?;
        if watcher.is_same(inherited) {
            return Err("the policy gave the parent's".to_owned());
        }
        let lp = self.new_loop()?;
        if self.kids.is_bound() {
            watcher.attach_loop(Some(&lp)).map_err(|error| format!("it was not attached: {error}"))?;
        }
        let world: Rc<dyn World> = self.world.clone();
        let children = world.children().ok_or("there are no children")?;
        let pid = children.start(Plan::Exit(CODE)).ok_or("no child was started")?;
        TOLD.store(false, Ordering::Relaxed);
        let tell = move |told: Pid, status: ExitStatus| {
            TOLD.store(told == pid && status == ExitStatus::Exited(CODE.into()), Ordering::Relaxed);
        };
        if let Err(rejected) = watcher.watch_on(&lp, children.token(pid), tell) {
            return Err(format!("it refused a child: {}", rejected.reason));
        }
        children.order(pid);
        // What comes from threads takes its time even if that of the loop is virtual.
        let (moment, mut spent) = (Units(4).duration(), Duration::ZERO);
        while !TOLD.load(Ordering::Relaxed) && spent < self.fork_patience / 2 {
            run_for(&lp, self.root, moment);
            platform::burn_elsewhere(moment);
            spent += moment * 2;
        }
        children.forget(pid);
        if !TOLD.load(Ordering::Relaxed) {
            return Err("the end of a child was not told, or not as it was".to_owned());
        }
        watcher.close();
        lp.close().map_err(|error| format!("the loop refused to be closed: {error}"))?;
        match self.world.end_signal().map(|signal| signal.handling()) {
            Some(Handling::Other) => Err("it was closed, and left a handler of SIGCHLD behind".to_owned()),
            _ => Ok(()),
        }
    }

    fn new_loop(&self) -> Result<Loop, String> {
        let made = self.booth.seat().policy().new_event_loop();
        made.map_err(|error| format!("there was no new loop: {error}"))
    }
}
