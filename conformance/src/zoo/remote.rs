//! What can be wrong with the half of a loop that other threads hold.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use anyloop::{ProcessStamp, RejectReason, Rejected, RemoteLoop, Runnable, SendCallback};

use super::loop_::Bug;
use crate::world::threads;

/// What the remote half holds.
pub(super) struct Shared {
    bug: Option<Bug>,
    process: ProcessStamp,
    owner: ThreadId,
    queue: Mutex<Queue>,
    woken: Condvar,
    /// Whether a task is being polled. The poll may end in a forked child, so no lock guards it.
    pub(super) in_task: AtomicBool,
}

/// Its queue, and what else it has to say.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) work: VecDeque<Work>,
    pub(super) stop: bool,
    pub(super) woken: bool,
    pub(super) closed: bool,
    /// How many polls were asked for.
    polls: u32,
}

/// What comes through it.
pub(super) enum Work {
    Call(SendCallback),
    Poll(Runnable),
}

impl Shared {
    pub(super) fn new(bug: Option<Bug>, process: ProcessStamp) -> Self {
        let owner = thread::current().id();
        Self {
            bug,
            process,
            owner,
            queue: Mutex::default(),
            woken: Condvar::new(),
            in_task: AtomicBool::new(false),
        }
    }

    /// Whether it belongs to the process that forked this one, a thread of which may hold the lock.
    fn is_inherited(&self) -> bool {
        !self.process.is_current()
    }

    /// Why it takes no work.
    fn refusal(&self) -> RejectReason {
        if self.is_inherited() { RejectReason::WrongProcess } else { RejectReason::Closed }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for other threads, or for a signal to be `heard`; false if there is no thread that could still do anything.
    pub(super) fn wait(&self, heard: &dyn Fn() -> bool) -> bool {
        let mut queue = self.queue();
        loop {
            let seen = !queue.work.is_empty() && self.bug != Some(Bug::SleepsOn);
            if queue.woken || seen || queue.stop || heard() {
                return true;
            }
            if threads::alive() == 0 {
                return false;
            }
            // Threads do not say when they end.
            let waited = self.woken.wait_timeout(queue, Duration::from_micros(200));
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The remote half.
pub(super) struct Half(pub(super) Arc<Shared>);

impl Half {
    fn push(&self, work: Work) -> Result<(), Work> {
        let shared = &self.0;
        if shared.is_inherited() {
            return if shared.bug == Some(Bug::RemoteAcceptsInChild) { Ok(()) } else { Err(work) };
        }
        let mut queue = shared.queue();
        if queue.closed && shared.bug != Some(Bug::SwallowsWhenClosed) {
            return Err(work);
        }
        let mut lost = None;
        match shared.bug {
            _ if queue.closed => lost = Some(work),
            Some(Bug::RemoteNewestFirst) => queue.work.push_front(work),
            Some(Bug::TasksNewestFirst) if matches!(work, Work::Poll(_)) => queue.work.push_front(work),
            Some(Bug::RoomForOne) if matches!(work, Work::Call(_)) => {
                lost = queue.work.pop_front();
                queue.work.push_back(work);
            }
            _ => queue.work.push_back(work),
        }
        if shared.bug != Some(Bug::SleepsOn) {
            queue.woken = true;
            shared.woken.notify_one();
        }
        drop(queue);
        drop(lost);
        Ok(())
    }
}

impl RemoteLoop for Half {
    fn call_soon(&self, callback: SendCallback) -> Result<(), Rejected<SendCallback>> {
        if self.0.bug == Some(Bug::RemoteRunsHere) && !self.is_closed() {
            callback.call();
            return Ok(());
        }
        match self.push(Work::Call(callback)) {
            Err(Work::Call(callback)) => Err(Rejected::new(self.0.refusal(), callback)),
            _ => Ok(()),
        }
    }

    fn schedule(&self, task: Runnable) -> Result<(), Rejected<Runnable>> {
        if self.0.is_inherited() {
            return Err(Rejected::new(self.0.refusal(), task));
        }
        let (inside, polls) = {
            let mut queue = self.0.queue();
            queue.polls += 1;
            (self.0.in_task.load(Ordering::Relaxed), queue.polls)
        };
        if self.0.bug == Some(Bug::PollsAtOnce) && self.is_owner() && !self.is_closed() {
            drop(task.run());
            return Ok(());
        }
        let lost = match self.0.bug {
            Some(Bug::LosesWakes) => !self.0.queue().work.is_empty(),
            Some(Bug::LosesWakesInside) => inside,
            Some(Bug::ForgetsFirstPoll) => polls == 1,
            Some(Bug::LosesOwnWakes) => self.is_owner() && !inside,
            _ => false,
        };
        if lost {
            mem::forget(task);
            return Ok(());
        }
        match self.push(Work::Poll(task)) {
            Err(Work::Poll(task)) => Err(Rejected::new(self.0.refusal(), task)),
            _ => Ok(()),
        }
    }

    fn stop(&self) {
        if self.0.is_inherited() {
            return;
        }
        let mut queue = self.0.queue();
        queue.stop = true;
        queue.woken = true;
        self.0.woken.notify_one();
    }

    fn is_closed(&self) -> bool {
        !self.0.is_inherited() && self.0.queue().closed && self.0.bug != Some(Bug::RemoteNeverClosed)
    }

    fn is_owner(&self) -> bool {
        thread::current().id() == self.0.owner || self.0.bug == Some(Bug::RemoteAlwaysOwner)
    }
}
