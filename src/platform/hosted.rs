//! How locks, contexts and panics work where there is a standard library.

use alloc::boxed::Box;
use alloc::string::String;
use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind as std_resume_unwind};
use std::sync::{Mutex, PoisonError, RwLock};

use crate::context::{Context, ContextSlot, Marks, NoContext, RegisterContextError};
use crate::policy::ReadWrite;

std::thread_local! {
    static MARKS: Marks = const { Marks::new() };
    static SLOT: ContextSlot = const { ContextSlot::new() };
}

/// A mutual exclusion whose sections run none of the users' code, so poison means nothing here.
#[derive(Debug)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn with<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        section(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A lock for what is read much and written hardly ever.
#[derive(Debug)]
pub(crate) struct ReadLock<T>(RwLock<T>);

impl<T> ReadLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }
}

impl<T> ReadWrite<T> for ReadLock<T> {
    #[inline]
    fn read<R>(&self, section: impl FnOnce(&T) -> R) -> R {
        section(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        section(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs `section` with the slot of the calling thread; fails while the thread is being torn down.
pub(crate) fn with_slot<R>(section: impl FnOnce(&ContextSlot) -> R) -> Result<R, NoContext> {
    SLOT.try_with(section).map_err(|_| NoContext::new())
}

/// Runs `section` with the marks of the calling thread, which are there to its very end.
#[inline]
pub(crate) fn with_marks<R>(section: impl FnOnce(&Marks) -> R) -> Result<R, NoContext> {
    MARKS.try_with(section).map_err(|_| NoContext::new())
}

/// Threads are the contexts here, so there is nothing to register.
pub(crate) fn register_context(_: &'static dyn Context) -> Result<(), RegisterContextError> {
    Err(RegisterContextError::Hosted)
}

/// The name under which errors mention the calling context.
pub(crate) fn context_name() -> String {
    let thread = std::thread::current();
    match thread.name() {
        Some(name) => alloc::format!("thread '{name}'"),
        None => alloc::format!("unnamed thread {:?}", thread.id()),
    }
}

/// Whether the caller is being unwound.
pub(crate) fn panicking() -> bool {
    std::thread::panicking()
}

/// Calls `section` and catches its panic.
pub(crate) fn catch<R>(section: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(section))
}

/// Goes on with a panic that [`catch`] caught.
pub(crate) fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
    std_resume_unwind(payload)
}

/// Writes what the system says about an error number.
pub(crate) fn describe_os_error(number: i32, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
    core::fmt::Display::fmt(&std::io::Error::from_raw_os_error(number), f)
}

impl From<crate::OsError> for std::io::Error {
    fn from(error: crate::OsError) -> Self {
        Self::from_raw_os_error(error.raw())
    }
}
