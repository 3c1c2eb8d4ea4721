//! Who is calling: the flow of control that loops, policies and tasks belong to.
//!
//! asyncio's policies page speaks of *contexts* and means threads. Here a context is whatever a
//! [`Context`] says: with the feature `std` it is the thread, and nothing has to be done; a board
//! registers its own with [`register_context`], for example one for the main program and none for
//! interrupts. Each context has one [`ContextSlot`], which remembers the loop that runs there and
//! what policies keep there with [`PerContext`].

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU64;
use core::ptr::NonNull;

use crate::platform::{self, Counter, Lock};
use crate::{Loop, NoRunningLoop, PolicyError, ProcessStamp, RunError};

/// Tells flows of control apart, on a host without threads of `std`.
///
/// # Safety
///
/// [`slot`](Self::slot) must never give the same slot to two flows that can run in parallel or
/// preempt one another: everything `!Send` in this crate relies on it. Answer `None` where in
/// doubt, in an interrupt handler for example.
///
/// # Example
///
/// A board with one flow of control besides its interrupts:
///
/// ```
/// use anyloop::{Context, ContextSlot};
///
/// struct MainOnly(ContextSlot);
///
/// // SAFETY: `slot` answers only outside of interrupt handlers, so one flow sees the slot.
/// unsafe impl Sync for MainOnly {}
/// // SAFETY: as above.
/// unsafe impl Context for MainOnly {
///     fn slot(&self) -> Option<&ContextSlot> {
///         (!in_interrupt()).then_some(&self.0)
///     }
/// }
///
/// static CONTEXT: MainOnly = MainOnly(ContextSlot::new());
/// # fn in_interrupt() -> bool { false }
/// ```
pub unsafe trait Context: Sync {
    /// The slot of the calling flow; `None` where no loop may be used.
    fn slot(&self) -> Option<&ContextSlot>;
}

/// Makes `context` the one that tells flows apart, for the rest of the program.
///
/// Call it once, before anything else of this crate, on a host without `std`.
///
/// # Errors
///
/// [`RegisterContextError::AlreadyRegistered`] the second time, and
/// [`RegisterContextError::Hosted`] with the feature `std`, where threads are the contexts. Both
/// change nothing.
pub fn register_context(context: &'static dyn Context) -> Result<(), RegisterContextError> {
    platform::register_context(context)
}

/// Why a context was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterContextError {
    /// The feature `std` is on: threads are the contexts.
    Hosted,
    /// Another one is registered.
    AlreadyRegistered,
}

impl fmt::Display for RegisterContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hosted => "the feature `std` makes threads the contexts: there is nothing to register",
            Self::AlreadyRegistered => "a context is registered already: register once, at start",
        })
    }
}

impl Error for RegisterContextError {}

/// Nothing tells flows of control apart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoContext(());

impl NoContext {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for NoContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PolicyError::NoContext.fmt(f)
    }
}

impl Error for NoContext {}

impl From<NoContext> for PolicyError {
    fn from(_: NoContext) -> Self {
        Self::NoContext
    }
}

impl From<NoContext> for RunError {
    fn from(_: NoContext) -> Self {
        Self::NoContext
    }
}

/// A number that one context has and no other ever had. In a forked child it is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContextId(NonZeroU64);

impl ContextId {
    /// The number of the calling context.
    ///
    /// # Errors
    ///
    /// [`NoContext`] where none is registered.
    #[inline]
    pub fn current() -> Result<Self, NoContext> {
        platform::with_marks(Marks::id)
    }
}

/// Numbers for contexts and for [`PerContext`] values.
static NUMBERS: Counter = Counter::new(1);

fn next_number() -> NonZeroU64 {
    NonZeroU64::new(NUMBERS.take(1)).unwrap_or(NonZeroU64::MIN)
}

/// What is looked up all the time: who this is, and which loop runs here. It needs no `Drop`, so a
/// thread-local of it is a plain memory access.
pub(crate) struct Marks {
    id: Cell<Option<ContextId>>,
    /// Points to the handle that the innermost run borrows.
    running: Cell<Option<NonNull<Loop>>>,
}

impl Marks {
    pub(crate) const fn new() -> Self {
        Self { id: Cell::new(None), running: Cell::new(None) }
    }

    #[inline]
    fn id(&self) -> ContextId {
        self.id.get().unwrap_or_else(|| self.assign_id())
    }

    #[cold]
    fn assign_id(&self) -> ContextId {
        let id = ContextId(next_number());
        self.id.set(Some(id));
        id
    }

    #[inline]
    fn running(&self) -> Option<&Loop> {
        // SAFETY: `enter` stored a pointer to a handle that `Entered` borrows, and `Entered` takes
        // the pointer out before that borrow ends, if `leave_parent` has not done so before.
        self.running.get().map(|lp| unsafe { lp.as_ref() })
    }
}

/// What this crate remembers for one context.
pub struct ContextSlot {
    pub(crate) marks: Marks,
    values: RefCell<Values>,
    /// Whose the values are.
    process: Cell<ProcessStamp>,
}

/// What each [`PerContext`] has in one context.
type Values = Vec<(NonZeroU64, Rc<dyn Any>)>;

impl ContextSlot {
    /// A slot for a context that has done nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { marks: Marks::new(), values: RefCell::new(Vec::new()), process: Cell::new(ProcessStamp::NONE) }
    }

    /// The values of this process. What is left of a parent is leaked: see
    /// [`after_fork_in_child`](crate::after_fork_in_child).
    fn values(&self) -> &RefCell<Values> {
        if !self.process.get().is_current() {
            core::mem::forget(self.values.take());
            self.process.set(ProcessStamp::current());
        }
        &self.values
    }
}

impl Drop for ContextSlot {
    fn drop(&mut self) {
        // A forked child that ends may not have looked at its values yet.
        let _ = self.values();
    }
}

impl Default for ContextSlot {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ContextSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextSlot").field("id", &self.marks.id.get()).finish_non_exhaustive()
    }
}

/// The loop that is running in this context.
///
/// *Keeps* [`run.current`](crate::rules::run::CURRENT),
/// [`policy.thread`](crate::rules::policy::THREAD), [`fork.running`](crate::rules::fork::RUNNING).
///
/// # Errors
///
/// [`NoRunningLoop`] outside of every run.
///
/// ```
/// # use anyloop_os as _;
/// assert!(anyloop::get_running_loop().is_err());
/// anyloop::run(async { assert!(anyloop::get_running_loop().is_ok()) })?;
/// # Ok::<(), anyloop::RunError>(())
/// ```
#[inline]
pub fn get_running_loop() -> Result<Loop, NoRunningLoop> {
    platform::with_marks(|marks| marks.running().cloned()).ok().flatten().ok_or(NoRunningLoop(()))
}

/// Ends, in a forked child, the run that is under way, and forgets who the calling context was and
/// what ran there.
pub(crate) fn leave_parent() {
    let _ = platform::with_marks(|marks| {
        if let Some(running) = marks.running() {
            running.after_fork_in_child();
        }
        marks.running.set(None);
        marks.id.set(None);
    });
}

/// Marks `lp` as running in this context until the result is dropped.
pub(crate) fn enter(lp: &Loop) -> Result<Entered<'_>, RunError> {
    platform::with_marks(|marks| match marks.running() {
        Some(other) if other.is_same(lp) => Err(RunError::AlreadyRunning),
        Some(_) => Err(RunError::Nested),
        None => {
            marks.running.set(Some(NonNull::from(lp)));
            Ok(Entered { lp: PhantomData, local: PhantomData })
        }
    })?
}

/// The mark of a running loop, which it borrows. It is never forgotten, and it belongs to its
/// context, hence `!Send`.
pub(crate) struct Entered<'a> {
    lp: PhantomData<&'a Loop>,
    local: PhantomData<*mut ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // The context was there when the mark was set, so it is there now.
        let _ = platform::with_marks(|marks| marks.running.set(None));
    }
}

/// One value for each context, for authors of policies: what `thread_local!` is to threads.
///
/// The value may be `!Send`, a [`Loop`] above all; the `PerContext` itself can stand in a policy
/// that all contexts share. A value is dropped in its context: when that ends, or with the
/// `PerContext` if that is dropped there. In a forked child there is none until one is stored
/// ([`after_fork_in_child`](crate::after_fork_in_child)).
///
/// *Keeps* [`context.apart`](crate::rules::context::APART), [`context.kept`](crate::rules::context::KEPT).
///
/// ```
/// use anyloop::PerContext;
/// use std::rc::Rc;
///
/// static NAME: PerContext<String> = PerContext::new();
/// NAME.replace(Some(Rc::new("main".into())))?;
/// assert_eq!(NAME.get()?.as_deref().map(String::as_str), Some("main"));
/// std::thread::spawn(|| assert!(NAME.get().unwrap().is_none())).join().unwrap();
/// # Ok::<(), anyloop::NoContext>(())
/// ```
pub struct PerContext<T: 'static> {
    key: Lock<Option<NonZeroU64>>,
    /// Values never travel through `self`, so they need not be `Send` for it to be `Sync`.
    values: PhantomData<fn() -> T>,
}

impl<T: 'static> PerContext<T> {
    /// Nothing, in every context.
    #[must_use]
    pub const fn new() -> Self {
        Self { key: Lock::new(None), values: PhantomData }
    }

    fn key(&self) -> NonZeroU64 {
        self.key.with(|key| *key.get_or_insert_with(next_number))
    }

    /// The value of the calling context.
    ///
    /// # Errors
    ///
    /// [`NoContext`] where none is registered, and in a thread that is being torn down.
    pub fn get(&self) -> Result<Option<Rc<T>>, NoContext> {
        let key = self.key();
        let value = platform::with_slot(|slot| {
            slot.values().borrow().iter().find(|(other, _)| *other == key).map(|(_, value)| value.clone())
        })?;
        Ok(value.and_then(|value| value.downcast().ok()))
    }

    /// Sets or clears the value of the calling context and returns the one it had.
    ///
    /// # Errors
    ///
    /// [`NoContext`] where none is registered, and in a thread that is being torn down.
    pub fn replace(&self, value: Option<Rc<T>>) -> Result<Option<Rc<T>>, NoContext> {
        let key = self.key();
        let old = platform::with_slot(|slot| {
            let mut values = slot.values().borrow_mut();
            let position = values.iter().position(|(other, _)| *other == key);
            match (position, value) {
                (Some(at), Some(value)) => Some(core::mem::replace(&mut values[at].1, value)),
                (Some(at), None) => Some(values.swap_remove(at).1),
                (None, Some(value)) => {
                    values.push((key, value));
                    None
                }
                (None, None) => None,
            }
        })?;
        Ok(old.and_then(|old| old.downcast().ok()))
    }
}

impl<T: 'static> Default for PerContext<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for PerContext<T> {
    fn drop(&mut self) {
        drop(self.replace(None));
    }
}

impl<T> fmt::Debug for PerContext<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerContext(..)")
    }
}
