//! What anyloop itself does for every loop, behind a trait, so that the zoo can break it.
//!
//! Some rules are kept by the root crate and not by the loop: that nested runs are refused, which
//! policy is in force, which loop is running. A judge of them needs a specimen that breaks them.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::any::Any;
use core::future::Future;
use core::pin::Pin;

use anyloop::{
    AnySource, CancelOnDrop, Child, Command, CommunicateError, ExitStatus, Handle, Loop, Output, PerContext,
    Policy, PolicyError, PolicyGuard, RunError, SignalError, Source, SourceError, SpawnError, Task, Watcher,
};

use crate::history::Side;

/// The future of a wait for the end of a program.
pub type Waiting = Pin<Box<dyn Future<Output = ExitStatus>>>;

/// The future of a conversation with a program.
pub type Talking<'t> = Pin<Box<dyn Future<Output = Result<Output, CommunicateError>> + 't>>;

/// The future of a wait for a source.
pub type Ready<'s> = Pin<Box<dyn Future<Output = Result<(), SourceError>> + 's>>;

static KEPT: PerContext<u32> = PerContext::new();

/// The functions of the root crate that rules are about.
pub trait Root: Sync {
    /// [`Loop::run_forever`].
    ///
    /// # Errors
    ///
    /// As there.
    fn run_forever(&self, lp: &Loop) -> Result<(), RunError> {
        lp.run_forever()
    }

    /// [`Loop::run_until_complete`].
    ///
    /// # Errors
    ///
    /// As there.
    fn run_until_complete(
        &self,
        lp: &Loop,
        future: Pin<&mut dyn Future<Output = u32>>,
    ) -> Result<u32, RunError> {
        lp.run_until_complete(future)
    }

    /// Puts a number into a [`PerContext`], and gives what was there.
    fn keep(&self, number: Option<u32>) -> Option<u32> {
        KEPT.replace(number.map(Rc::new)).ok().flatten().map(|former| *former)
    }

    /// Drops a [`CancelOnDrop`].
    fn scope(&self, lp: &Loop, handle: Handle) {
        drop(CancelOnDrop::new(lp, handle));
    }

    /// Drops a [`Task`].
    fn detach(&self, task: Task<u32>) {
        drop(task);
    }

    /// [`Task::is_finished`].
    fn is_finished(&self, task: &Task<u32>) -> bool {
        task.is_finished()
    }

    /// Drops what [`Task::cancel_on_drop`] gives.
    fn task_scope(&self, task: Task<u32>) {
        drop(task.cancel_on_drop());
    }

    /// [`anyloop::get_running_loop`].
    fn running(&self) -> Option<Loop> {
        anyloop::get_running_loop().ok()
    }

    /// [`anyloop::get_event_loop`].
    ///
    /// # Errors
    ///
    /// As there.
    fn get_event_loop(&self) -> Result<Loop, PolicyError> {
        anyloop::get_event_loop()
    }

    /// [`anyloop::get_event_loop_policy`].
    ///
    /// # Errors
    ///
    /// As there.
    fn get(&self) -> Result<Policy, PolicyError> {
        anyloop::get_event_loop_policy()
    }

    /// [`anyloop::set_event_loop_policy`].
    fn set(&self, policy: Option<Policy>) -> Option<Policy> {
        anyloop::set_event_loop_policy(policy)
    }

    /// [`PolicyGuard::new`].
    fn guard(&self, policy: Policy) -> Box<dyn Any> {
        Box::new(PolicyGuard::new(policy))
    }

    /// [`Loop::subprocess_exec_with`].
    ///
    /// # Errors
    ///
    /// As there.
    fn start_program(&self, lp: &Loop, watcher: &Watcher, command: &Command) -> Result<Child, SpawnError> {
        lp.subprocess_exec_with(watcher, command)
    }

    /// [`Child::wait`].
    fn wait(&self, child: &mut Child) -> Waiting {
        Box::pin(child.wait())
    }

    /// [`Child::status`].
    fn status(&self, child: &Child) -> Option<ExitStatus> {
        child.status()
    }

    /// [`Child::send_signal`].
    ///
    /// # Errors
    ///
    /// As there.
    fn send_signal(&self, child: &Child, signal: i32) -> Result<(), SignalError> {
        child.send_signal(signal)
    }

    /// [`Child::communicate`].
    fn communicate<'t>(&self, child: &'t mut Child, input: &'t [u8]) -> Talking<'t> {
        Box::pin(child.communicate(input))
    }

    /// [`Source::add_reader`] or [`Source::add_writer`].
    ///
    /// # Errors
    ///
    /// As there.
    fn add_to_source(
        &self,
        source: &Source<AnySource>,
        side: Side,
        callback: Box<dyn Fn()>,
    ) -> Result<(), SourceError> {
        match side {
            Side::Read => source.add_reader(callback),
            Side::Write => source.add_writer(callback),
        }
    }

    /// [`Source::remove_reader`] or [`Source::remove_writer`].
    fn remove_from_source(&self, source: &Source<AnySource>, side: Side) -> bool {
        match side {
            Side::Read => source.remove_reader(),
            Side::Write => source.remove_writer(),
        }
    }

    /// [`Source::readable`] or [`Source::writable`].
    fn source_ready<'s>(&self, source: &'s Source<AnySource>, side: Side) -> Ready<'s> {
        match side {
            Side::Read => Box::pin(source.readable()),
            Side::Write => Box::pin(source.writable()),
        }
    }

    /// Drops a [`Child`].
    fn drop_child(&self, child: Child) {
        drop(child);
    }
}

/// The root crate as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anyloop;

impl Root for Anyloop {}
