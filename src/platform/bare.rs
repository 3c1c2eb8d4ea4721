//! How locks, contexts and panics work where there is no standard library.
//!
//! The locks spin. Their sections are a few instructions long, allocate nothing and run none of
//! the users' code; an interrupt handler must not take them, which is why it uses a
//! [`Remote`](crate::Remote) and nothing else of this crate.

use alloc::boxed::Box;
use alloc::string::String;
use core::any::Any;

use crate::context::{Context, ContextSlot, Marks, NoContext, RegisterContextError};
use crate::policy::ReadWrite;

static CONTEXT: ReadLock<Option<&'static dyn Context>> = ReadLock::new(None);

/// A mutual exclusion whose sections run none of the users' code.
#[derive(Debug)]
pub(crate) struct Lock<T>(spin::Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(spin::Mutex::new(value))
    }

    pub(crate) fn with<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        section(&mut self.0.lock())
    }
}

/// A lock for what is read much and written hardly ever.
#[derive(Debug)]
pub(crate) struct ReadLock<T>(spin::RwLock<T>);

impl<T> ReadLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(spin::RwLock::new(value))
    }
}

impl<T> ReadWrite<T> for ReadLock<T> {
    #[inline]
    fn read<R>(&self, section: impl FnOnce(&T) -> R) -> R {
        section(&self.0.read())
    }

    fn write<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        section(&mut self.0.write())
    }
}

/// Runs `section` with the slot of the calling context, if one is registered and knows it.
pub(crate) fn with_slot<R>(section: impl FnOnce(&ContextSlot) -> R) -> Result<R, NoContext> {
    let context = CONTEXT.read(|context| *context).ok_or(NoContext::new())?;
    Ok(section(context.slot().ok_or(NoContext::new())?))
}

/// Runs `section` with the marks of the calling context, if one is registered and knows it.
pub(crate) fn with_marks<R>(section: impl FnOnce(&Marks) -> R) -> Result<R, NoContext> {
    with_slot(|slot| section(&slot.marks))
}

/// Keeps the first context that is registered.
pub(crate) fn register_context(context: &'static dyn Context) -> Result<(), RegisterContextError> {
    CONTEXT.write(|registered| match registered {
        Some(_) => Err(RegisterContextError::AlreadyRegistered),
        None => {
            *registered = Some(context);
            Ok(())
        }
    })
}

/// The name under which errors mention the calling context.
pub(crate) fn context_name() -> String {
    String::from("this context")
}

/// Whether the caller is being unwound: never, as far as `core` can tell.
pub(crate) fn panicking() -> bool {
    false
}

/// Calls `section`; a panic passes through.
pub(crate) fn catch<R>(section: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    Ok(section())
}

/// Never called, since [`catch`] never catches.
pub(crate) fn resume_unwind(_: Box<dyn Any + Send>) -> ! {
    panic!("a panic cannot be resumed without std")
}

/// Writes the error number, which is all that is known here.
pub(crate) fn describe_os_error(number: i32, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
    write!(f, "error {number}")
}
