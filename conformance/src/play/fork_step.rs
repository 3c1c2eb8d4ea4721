//! What does a forked child try? Whatever it must not be able to do with what it inherits, and what
//! it must be able to do by itself.
//!
//! The child takes no step of the program and records nothing: the threads of the parent are not
//! there, and neither is whoever holds a lock. It fills in a form, and sends that to the parent as
//! bytes: at once, or, if a callback has forked, when the run has ended that it inherits.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use anyloop::{
    CloseError, Handle, Instant, Loop, LoopState, PolicyError, RejectReason, Rejected, RunError, Watcher,
};

use super::Player;
use crate::history::{Current, Heritage, Reply, What};
use crate::platform;
use crate::program::{Step, Units};
use crate::world::{Ending, Fork};

/// Whether a callback came through the remote half. The child has a copy of its own.
static POSTED: AtomicBool = AtomicBool::new(false);

/// The form.
struct Found {
    current: Current,
    state: LoopState,
    asked: Heritage,
    ambient: Heritage,
    run: Reply,
    closed: Reply,
    soon: Reply,
    post: Reply,
    ended: Option<Reply>,
    dropped: Option<u32>,
    ran: u32,
    fresh: Option<String>,
    inherited: Option<String>,
    heir: Option<String>,
}

/// How many callbacks of a spare loop were dropped.
static DROPPED: AtomicU32 = AtomicU32::new(0);

/// What waits on a spare loop.
struct Keepsake;

impl Keepsake {
    fn run(self) {
        platform::is_stray();
    }
}

impl Drop for Keepsake {
    fn drop(&mut self) {
        // One context drops them, and not every target can add in one step.
        DROPPED.store(DROPPED.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// What a forked child has found so far, and how it ends.
pub(super) struct Leaving {
    found: Found,
    ending: Ending,
}

impl Leaving {
    /// Ends the child in which an inherited run has ended, like that.
    pub(super) fn leave(self, ended: &Result<Result<(), &RunError>, &String>) {
        let Self { mut found, ending } = self;
        found.ended = Some(match ended {
            Ok(Ok(())) => Reply::Done,
            Ok(Err(RunError::WrongProcess)) => Reply::WrongProcess,
            Ok(Err(_)) => Reply::Refused,
            Err(_) => Reply::Panicked,
        });
        found.ran = platform::strays();
        ending.tell(&found.to_bytes());
    }
}

impl Player {
    /// Takes the step `fork`.
    pub(super) fn fork(&self) {
        // What is there is fetched before, so that the child has the parent's.
        let watcher = (!self.kids.pids().is_empty())
            .then(|| self.booth.seat().policy().get_child_watcher().ok())
            .flatten();
        let spare = self.spare_loop();
        // A child that hangs is a verdict of its own, and not the run's fault.
        self.watch.again();
        let fork = self.world.fork(self.fork_patience);
        let told = match fork {
            None => return self.log.record(What::lacking(Step::Fork.word())),
            Some(Fork::Child(ending)) => return self.be_fork(ending, watcher.as_ref(), spare),
            Some(Fork::Told(bytes)) => Found::from_bytes(&bytes).ok_or("ended before it had told"),
            Some(Fork::Died) => Err("died"),
            Some(Fork::Hung) => Err("did not come to an end"),
        };
        self.watch.again();
        if let Some(spare) = spare {
            let _ = spare.close();
        }
        let lost = told.as_ref().err().map(|why| (*why).to_owned());
        let found = told.unwrap_or(Found::NOTHING);
        self.log.record(found.told(lost));
    }

    /// Another loop, on which work of each kind waits.
    fn spare_loop(&self) -> Option<Loop> {
        let lp = self.booth.seat().policy().new_event_loop().ok()?;
        let [soon, at, post] = [Keepsake, Keepsake, Keepsake];
        let accepted = lp.call_soon(move || soon.run()).is_ok()
            && lp.call_at(Instant::NEVER, move || at.run()).is_ok()
            && lp.remote().call_soon(move || post.run()).is_ok();
        accepted.then_some(lp)
    }

    /// Is the child. Outside of a callback this is its end.
    fn be_fork(&self, ending: Ending, watcher: Option<&Watcher>, spare: Option<Loop>) {
        platform::be_fork();
        DROPPED.store(0, Ordering::Relaxed);
        let Ok(found) = platform::catch(|| self.try_all(watcher, spare)) else { return drop(ending) };
        if self.inside.get() == 0 {
            ending.tell(&found.to_bytes());
        } else {
            self.leaving.replace(Some(Leaving { found, ending }));
        }
    }

    /// Fills in the form.
    fn try_all(&self, watcher: Option<&Watcher>, spare: Option<Loop>) -> Found {
        let policy = self.booth.seat().policy();
        let current = match self.root.running() {
            None => Current::None,
            Some(lp) if lp.is_same(&self.lp) => Current::This,
            Some(_) => Current::Other,
        };
        let state = match (self.lp.is_running(), self.lp.is_closed()) {
            (true, _) => LoopState::Running,
            (_, true) => LoopState::Closed,
            (false, false) => LoopState::Idle,
        };
        let asked = self.heritage(|| policy.get_event_loop());
        let ambient = self.heritage(|| self.root.get_event_loop());
        // What stops a run stands first, so that one that is not refused comes back.
        let run = reply(
            || {
                self.lp.stop();
                self.remote.stop();
                self.root.run_forever(&self.lp)
            },
            |error| *error == RunError::WrongProcess,
        );
        let soon = offer(|called| {
            self.lp.call_soon(move || called.set(true)).map(drop).map_err(|Rejected { reason, item }| {
                item.call();
                reason
            })
        });
        let post = offer(|called| {
            POSTED.store(false, Ordering::Relaxed);
            let posted = self.remote.call_soon(|| POSTED.store(true, Ordering::Relaxed));
            posted.map_err(|Rejected { reason, item }| {
                item.call();
                called.set(POSTED.load(Ordering::Relaxed));
                reason
            })
        });
        let inherited = watcher.and_then(|watcher| tried(|| self.try_inherited(watcher)));
        let _ = platform::catch(|| self.meddle(watcher));
        let closed = reply(|| self.lp.close(), |error| *error == CloseError::WrongProcess);
        let fresh = tried(|| self.begin_anew());
        let heir = watcher.and_then(|watcher| tried(|| self.watch_anew(watcher)));
        let dropped = spare.map(|spare| {
            let _ = platform::catch(|| drop(spare));
            DROPPED.load(Ordering::Relaxed)
        });
        let ran = platform::strays();
        Found {
            current,
            state,
            asked,
            ambient,
            run,
            closed,
            soon,
            post,
            ended: None,
            dropped,
            ran,
            fresh,
            inherited,
            heir,
        }
    }

    /// Where the loop comes from that a policy gives.
    fn heritage(&self, ask: impl FnOnce() -> Result<Loop, PolicyError>) -> Heritage {
        match platform::catch(ask) {
            Ok(Ok(lp)) if self.booth.knows(&lp) => Heritage::Inherited,
            Ok(Ok(_)) => Heritage::Fresh,
            Ok(Err(PolicyError::NoCurrentLoop { .. })) => Heritage::None,
            _ => Heritage::Failed,
        }
    }

    /// Tidies up what is the parent's: answers do not matter, what they do to the parent does.
    fn meddle(&self, watcher: Option<&Watcher>) {
        let handles: Vec<Handle> = self.handles.borrow().values().copied().collect();
        for handle in handles {
            self.lp.cancel(handle);
        }
        if let Some(watcher) = watcher {
            for pid in self.kids.pids() {
                watcher.remove_child_handler(pid);
            }
            watcher.close();
        }
    }

    /// Makes a loop, stores it, has it run one callback of each kind, and closes it.
    fn begin_anew(&self) -> Result<(), String> {
        let policy = self.booth.seat().policy();
        let lp = policy.new_event_loop().map_err(|error| format!("it was not made: {error}"))?;
        policy.set_event_loop(Some(lp.clone())).map_err(|error| format!("it was not stored: {error}"))?;
        if !policy.get_event_loop().is_ok_and(|stored| stored.is_same(&lp)) {
            return Err("it was stored, and another was given".to_owned());
        }
        let ran = Rc::new(Cell::new([false; 2]));
        POSTED.store(false, Ordering::Relaxed);
        let (soon, timer, stops) = (ran.clone(), ran.clone(), lp.clone());
        let scheduled = lp
            .call_soon(move || soon.set([true, soon.get()[1]]))
            .map_err(|rejected| rejected.reason)
            .and_then(|_| {
                let posted = lp.remote().call_soon(|| POSTED.store(true, Ordering::Relaxed));
                posted.map_err(|rejected| rejected.reason)
            })
            .and_then(|()| {
                let fire = move || {
                    timer.set([timer.get()[0], true]);
                    stops.stop();
                };
                lp.call_later(Units(1).duration(), fire).map_err(|rejected| rejected.reason)
            });
        scheduled.map_err(|reason| format!("it refused a callback: {reason}"))?;
        self.root.run_forever(&lp).map_err(|error| format!("it refused to run: {error}"))?;
        if ran.get() != [true; 2] || !POSTED.load(Ordering::Relaxed) {
            return Err("it did not run all callbacks".to_owned());
        }
        lp.close().map_err(|error| format!("it refused to be closed: {error}"))
    }
}

/// What was wrong with something that should work, if anything was.
fn tried(attempt: impl FnOnce() -> Result<(), String>) -> Option<String> {
    match platform::catch(attempt) {
        Ok(done) => done.err(),
        Err(panic) => Some(format!("it panicked: {panic}")),
    }
}

/// What came of something that has to be refused.
fn reply<E>(ask: impl FnOnce() -> Result<(), E>, is_right: impl FnOnce(&E) -> bool) -> Reply {
    match platform::catch(ask) {
        Ok(Ok(())) => Reply::Done,
        Ok(Err(error)) if is_right(&error) => Reply::WrongProcess,
        Ok(Err(_)) => Reply::Refused,
        Err(_) => Reply::Panicked,
    }
}

/// What came of a callback that has to be handed back: called then, it sets the flag.
fn offer(ask: impl FnOnce(Rc<Cell<bool>>) -> Result<(), RejectReason>) -> Reply {
    let called = Rc::new(Cell::new(false));
    let flag = called.clone();
    match reply(|| ask(flag), |reason| *reason == RejectReason::WrongProcess) {
        Reply::WrongProcess | Reply::Refused if !called.get() => Reply::Kept,
        reply => reply,
    }
}

const CURRENTS: [Current; 3] = [Current::None, Current::This, Current::Other];
const STATES: [LoopState; 3] = [LoopState::Idle, LoopState::Running, LoopState::Closed];
const HERITAGES: [Heritage; 4] = [Heritage::Inherited, Heritage::Fresh, Heritage::None, Heritage::Failed];
const REPLIES: [Reply; 5] = [Reply::Done, Reply::WrongProcess, Reply::Refused, Reply::Kept, Reply::Panicked];

/// The byte for what is not there, and the greatest number that one can be.
const NOTHING: u8 = u8::MAX;
const MANY: u32 = 254;

/// What stands between words.
const BETWEEN: &str = "\0";

/// The place of `item` among `all`.
fn place<T: PartialEq>(all: &[T], item: T) -> u8 {
    all.iter().position(|known| *known == item).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

impl Found {
    const NOTHING: Self = Self {
        current: Current::None,
        state: LoopState::Idle,
        asked: Heritage::None,
        ambient: Heritage::None,
        run: Reply::WrongProcess,
        closed: Reply::WrongProcess,
        soon: Reply::WrongProcess,
        post: Reply::WrongProcess,
        ended: None,
        dropped: None,
        ran: 0,
        fresh: None,
        inherited: None,
        heir: None,
    };

    /// As an event.
    fn told(self, lost: Option<String>) -> What {
        let Self { current, state, asked, ambient, run, closed, soon, post, .. } = self;
        let Self { ended, dropped, ran, fresh, inherited, heir, .. } = self;
        What::Forked {
            lost,
            current,
            state,
            asked,
            ambient,
            run,
            closed,
            soon,
            post,
            ended,
            dropped,
            ran,
            fresh,
            inherited,
            heir,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::from([
            place(&CURRENTS, self.current),
            place(&STATES, self.state),
            place(&HERITAGES, self.asked),
            place(&HERITAGES, self.ambient),
        ]);
        bytes.extend([self.run, self.closed, self.soon, self.post].map(|reply| place(&REPLIES, reply)));
        bytes.push(self.ended.map_or(NOTHING, |reply| place(&REPLIES, reply)));
        bytes.push(self.dropped.map_or(NOTHING, |dropped| dropped.min(MANY) as u8));
        bytes.extend(self.ran.to_le_bytes());
        // Words are never empty.
        let words =
            [&self.fresh, &self.inherited, &self.heir].map(|words| words.as_deref().unwrap_or_default());
        bytes.extend(words.join(BETWEEN).bytes());
        bytes
    }

    /// `None` if the bytes are no form, or not all of one.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        fn item<T: Copy>(all: &[T], byte: u8) -> Option<T> {
            all.get(usize::from(byte)).copied()
        }
        let (answers, rest) = bytes.split_first_chunk::<8>()?;
        let ([ended, dropped], rest) = rest.split_first_chunk::<2>()?;
        let (ran, words) = rest.split_first_chunk::<4>()?;
        let [current, state, asked, ambient, run, closed, soon, post] = *answers;
        let words = String::from_utf8_lossy(words);
        let mut words = words.split(BETWEEN).map(|words| (!words.is_empty()).then(|| words.to_owned()));
        Some(Self {
            current: item(&CURRENTS, current)?,
            state: item(&STATES, state)?,
            asked: item(&HERITAGES, asked)?,
            ambient: item(&HERITAGES, ambient)?,
            run: item(&REPLIES, run)?,
            closed: item(&REPLIES, closed)?,
            soon: item(&REPLIES, soon)?,
            post: item(&REPLIES, post)?,
            ended: if *ended == NOTHING { None } else { Some(item(&REPLIES, *ended)?) },
            dropped: (*dropped != NOTHING).then_some(u32::from(*dropped)),
            ran: u32::from_le_bytes(*ran),
            fresh: words.next()?,
            inherited: words.next()?,
            heir: words.next()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_arrives_as_it_was_sent_and_half_of_one_does_not() {
        let sent = Found {
            current: Current::Other,
            state: LoopState::Closed,
            asked: Heritage::Failed,
            run: Reply::Panicked,
            post: Reply::Kept,
            ended: Some(Reply::Done),
            dropped: Some(3),
            ran: 70_000,
            fresh: Some("it was not made: ü".to_owned()),
            heir: Some("its end was not told".to_owned()),
            ..Found::NOTHING
        };
        let bytes = sent.to_bytes();
        let came = Found::from_bytes(&bytes).unwrap();
        assert_eq!(came.to_bytes(), bytes);
        assert_eq!(
            (came.current, came.asked, came.post, came.ran),
            (sent.current, sent.asked, sent.post, 70_000)
        );
        assert_eq!((came.ended, came.dropped), (sent.ended, sent.dropped));
        assert_eq!((came.fresh, came.inherited, came.heir), (sent.fresh, None, sent.heir));
        assert!((0..14).all(|length| Found::from_bytes(&bytes[..length]).is_none()));
        assert_eq!(Found::from_bytes(&Found::NOTHING.to_bytes()).unwrap().fresh, None);
    }
}
