//! On which stack does a process run that shares this one's memory? On one that nobody else uses meanwhile.

use std::ptr::{self, NonNull};
use std::sync::Mutex;

use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Much more than it needs.
const SIZE: usize = 64 * 1024;

/// At the low end, where running over is a fault and not an accident.
const GUARD: usize = 64 * 1024;

/// A piece of memory.
pub(super) struct Stack(NonNull<u8>);

// SAFETY: it is memory that nobody else refers to.
unsafe impl Send for Stack {}

/// One that is not in use: most processes need no second.
static SPARE: Mutex<Option<Stack>> = Mutex::new(None);

impl Stack {
    /// One that is not in use.
    pub(super) fn take() -> Result<Self, Errno> {
        // Not waited for: in a forked child it may be locked for ever.
        let spare = SPARE.try_lock().ok().and_then(|mut spare| spare.take());
        spare.map_or_else(Self::new, Ok)
    }

    fn new() -> Result<Self, Errno> {
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::STACK);
        // SAFETY: new memory, of which the low end is made inaccessible before anybody knows of it.
        unsafe {
            let base = mmap_anonymous(ptr::null_mut(), GUARD + SIZE, access, flags)?;
            let stack = Self(NonNull::new(base.cast()).ok_or(Errno::NOMEM)?);
            mprotect(base, GUARD, MprotectFlags::empty())?;
            Ok(stack)
        }
    }

    /// Where it begins, at the low end, and how long it is.
    pub(super) fn range(&self) -> (*mut u8, usize) {
        // SAFETY: the guard is a part of it.
        (unsafe { self.0.as_ptr().add(GUARD) }, SIZE)
    }

    /// Keeps it for the next.
    pub(super) fn give_back(self) {
        let spare = SPARE.try_lock().ok().map(|mut spare| spare.replace(self));
        drop(spare);
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: nobody runs on it any more. It cannot fail: it is what `new` mapped.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), GUARD + SIZE) };
    }
}
