//! Which loop runs here, by default: one for each thread, made by itself on the main thread only.

use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use anyloop::{EventLoopPolicy, Loop, PerContext, PolicyError, ProcessStamp, Watcher};

use crate::{new_event_loop, processes, sys};

/// Where [`get_event_loop`](anyloop::get_event_loop) makes a loop if none was ever set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImplicitLoop {
    /// On the main thread, as asyncio does up to 3.13.
    #[default]
    MainThread,
    /// On every thread.
    EveryThread,
    /// Nowhere, as asyncio does from 3.14 on.
    Never,
}

/// How the policy's own child watcher works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatcherKind {
    /// What the environment variable `ANYLOOP_CHILD_WATCHER` names, `threaded` if it is not set.
    #[default]
    FromEnvironment,
    /// A thread for each child.
    Threaded,
    /// A pidfd for each child, if the kernel has them; else a thread.
    Pidfd,
    /// SIGCHLD, on every loop that has children. On Linux; elsewhere a thread for each child.
    MultiLoop,
    /// SIGCHLD, on the loop of the main thread. On Linux; elsewhere a thread for each child.
    Safe,
    /// The same, and every child of the process is collected. On Linux; elsewhere a thread for each
    /// child.
    Fast,
}

impl WatcherKind {
    /// What a policy really uses, here and now, that is told to use this kind: never
    /// `FromEnvironment`, and `Pidfd` only if the kernel has pidfds.
    ///
    /// ```
    /// use anyloop_os::WatcherKind;
    ///
    /// # #[cfg(unix)]
    /// assert_eq!(WatcherKind::Threaded.in_use(), Ok(WatcherKind::Threaded));
    /// ```
    ///
    /// # Errors
    ///
    /// `Unsupported` if the environment names a kind that is none, or if there are no child
    /// watchers here.
    pub fn in_use(self) -> Result<Self, PolicyError> {
        processes::in_use(self)
    }
}

/// The place of the watcher.
#[derive(Debug)]
struct Place {
    watcher: Option<Watcher>,
    /// Whose the watcher is.
    process: ProcessStamp,
}

impl Default for Place {
    fn default() -> Self {
        Self { watcher: None, process: ProcessStamp::current() }
    }
}

/// The default policy: a loop for each thread, and one child watcher for all.
///
/// It is in force as soon as this crate is linked. To change how it works, make one and set it:
///
/// ```
/// use anyloop::Policy;
/// use anyloop_os::{DefaultEventLoopPolicy, ImplicitLoop};
///
/// let policy = DefaultEventLoopPolicy::new().implicit_loop(ImplicitLoop::Never);
/// let before = anyloop::set_event_loop_policy(Some(Policy::new(policy)));
/// assert!(anyloop::get_event_loop().is_err());
/// # anyloop::set_event_loop_policy(before);
/// ```
///
/// A forked child begins anew: no loop is stored, and there is another watcher.
#[derive(Debug, Default)]
pub struct DefaultEventLoopPolicy {
    /// `None` inside: "no loop" was stored. Nothing at all: nothing was ever stored.
    current: PerContext<Option<Loop>>,
    watcher: Mutex<Place>,
    implicit_loop: ImplicitLoop,
    watcher_kind: WatcherKind,
}

impl DefaultEventLoopPolicy {
    /// The policy as it is in force by default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where a loop is made if none was ever set.
    #[must_use]
    pub const fn implicit_loop(mut self, implicit_loop: ImplicitLoop) -> Self {
        self.implicit_loop = implicit_loop;
        self
    }

    /// Says how the policy's own child watcher works.
    #[must_use]
    pub const fn child_watcher(mut self, kind: WatcherKind) -> Self {
        self.watcher_kind = kind;
        self
    }

    fn makes_loop_here(&self) -> bool {
        match self.implicit_loop {
            ImplicitLoop::MainThread => sys::is_main_thread(),
            ImplicitLoop::EveryThread => true,
            ImplicitLoop::Never => false,
        }
    }

    fn new_child_watcher(&self) -> Result<Watcher, PolicyError> {
        processes::new_child_watcher(self.watcher_kind)
    }

    /// Works on the watcher's place. None of the users' code runs under this lock.
    fn with_watcher<R>(&self, work: impl FnOnce(&mut Option<Watcher>) -> R) -> R {
        let mut place = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if !place.process.is_current() {
            // The parent's. Leaked, since nobody knows what its `Drop` would do here.
            std::mem::forget(place.watcher.take());
            place.process = ProcessStamp::current();
        }
        work(&mut place.watcher)
    }
}

impl EventLoopPolicy for DefaultEventLoopPolicy {
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        match self.current.get()?.as_deref() {
            Some(Some(lp)) => Ok(lp.clone()),
            Some(None) => Err(PolicyError::no_current_loop()),
            None if self.makes_loop_here() => {
                let lp = outer.new_event_loop(outer)?;
                outer.set_event_loop(outer, Some(lp.clone()))?;
                Ok(lp)
            }
            None => Err(PolicyError::no_current_loop()),
        }
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, lp: Option<Loop>) -> Result<(), PolicyError> {
        // Fails where there is no place for a loop, so that after the watcher nothing does.
        drop(self.current.get()?);
        if sys::is_main_thread() {
            let watcher = self.with_watcher(|watcher| watcher.clone());
            if let Some(watcher) = watcher {
                watcher.attach_loop(lp.as_ref())?;
            }
        }
        let displaced = self.current.replace(Some(Rc::new(lp)))?;
        drop(displaced);
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        new_event_loop()
    }

    fn get_child_watcher(&self, _: &dyn EventLoopPolicy) -> Result<Watcher, PolicyError> {
        self.with_watcher(|watcher| match watcher {
            Some(watcher) => Ok(watcher.clone()),
            None => Ok(watcher.insert(self.new_child_watcher()?).clone()),
        })
    }

    fn set_child_watcher(&self, _: &dyn EventLoopPolicy, new: Option<Watcher>) -> Result<(), PolicyError> {
        let former = self.with_watcher(|watcher| match (&watcher, &new) {
            (Some(old), Some(new)) if old.is_same(new) => None,
            _ => core::mem::replace(watcher, new),
        });
        if let Some(former) = former {
            former.close();
        }
        Ok(())
    }
}
