//! What the loop watches: sources, under keys that are never used again.
//!
//! A registration's handle is its key: a report that was still on its way when its registration was
//! removed finds nothing. A callback that was queued already looks once more, right before it runs.
//!
//! Numbers of descriptors are used again, and somebody may close one that is registered, against the rules.
//! The system then forgets it, or, if the descriptor was duplicated, goes on reporting what can be reached
//! by its number no more. So the newest registration of a number owns it: for an older one nothing
//! is asked of the system again. And a report under a key that nobody has is the sign of such a ghost: the
//! loop begins anew, with a poller that knows what is registered, and nothing else.

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use anyloop::{
    Callback, Handle, Handles, Instant, Interest, OsError, ProcessStamp, RawSource, Readiness, Trigger,
};
use anyloop_turn::{Park, Sink};
use rustix::io::Errno;

use super::poller::{Poller, Report};
use super::waker::{Waker, Woken};
use crate::fork::this_process;
use crate::hash::BuildInOrder;
use crate::{System, os_error};

/// The key of the waker. Handles are never zero.
const WAKE: u64 = 0;

/// What is watched, for whom.
struct Registration {
    fd: RawFd,
    /// The sides that are watched. All that is here is small, for the sake of those who watch thousands.
    sides: u8,
    trigger: Trigger,
    /// How often each side was given up: what was seen before does not count any more. If it comes round within one
    /// turn, somebody is called for nothing.
    given_up: [u8; 2],
    callback: Rc<dyn Fn(Interest)>,
}

impl Registration {
    const fn interest(&self) -> Interest {
        Interest { readable: self.sides & 1 != 0, writable: self.sides & 2 != 0 }
    }
}

const fn sides(interest: Interest) -> u8 {
    interest.readable as u8 | (interest.writable as u8) << 1
}

/// All registrations of a loop.
#[derive(Default)]
struct Table {
    known: HashMap<Handle, Registration, BuildInOrder>,
    /// Whose each number is: the lower half of a handle, which no two have that meet here.
    owners: Vec<u32>,
}

/// Nobody.
const NONE: u32 = 0;

const fn half(handle: Handle) -> u32 {
    handle.to_bits() as u32
}

impl Table {
    fn owner(&self, fd: RawFd) -> u32 {
        usize::try_from(fd).ok().and_then(|number| self.owners.get(number)).copied().unwrap_or(NONE)
    }

    fn owns(&self, handle: Handle, registration: &Registration) -> bool {
        self.owner(registration.fd) == half(handle)
    }

    fn insert(&mut self, handle: Handle, registration: Registration) {
        if let Ok(number) = usize::try_from(registration.fd) {
            if self.owners.len() <= number {
                self.owners.resize(number + 1, NONE);
            }
            self.owners[number] = half(handle);
        }
        self.known.insert(handle, registration);
    }

    /// Takes a registration out, and says whether it owned its number.
    fn remove(&mut self, handle: Handle) -> Option<(Registration, bool)> {
        let registration = self.known.remove(&handle)?;
        let owned = self.owns(handle, &registration);
        let place = usize::try_from(registration.fd).ok().and_then(|number| self.owners.get_mut(number));
        if let Some(owner) = place.filter(|_| owned) {
            *owner = NONE;
        }
        Some((registration, owned))
    }

    /// What is to be called for a side that was seen when it had been given up so often.
    fn callback(&self, handle: Handle, side: u8, given_up: u8) -> Option<Rc<dyn Fn(Interest)>> {
        let known = self.known.get(&handle)?;
        (known.given_up[usize::from(side)] == given_up).then(|| known.callback.clone())
    }
}

/// The kernel objects of one loop.
struct Kernel {
    system: System,
    /// Watched by `system`, and kept for that.
    woken: OnceCell<Woken>,
}

impl Kernel {
    fn new() -> Result<Self, Errno> {
        Ok(Self { system: System::new()?, woken: OnceCell::new() })
    }

    /// Lets `waker` end waits, if it cannot do so yet.
    fn listen_to(&self, waker: &Waker) -> Result<(), Errno> {
        if self.woken.get().is_some() {
            return Ok(());
        }
        let woken = waker.open()?;
        self.system.listen(woken.as_fd(), WAKE).inspect_err(|_| waker.forget())?;
        // It was not set above, and nothing in between could.
        let _ = self.woken.set(woken);
        Ok(())
    }
}

/// The registrations of one loop, and the kernel objects that know them, once there are any.
pub(crate) struct Sources {
    kernel: RefCell<Option<Kernel>>,
    process: ProcessStamp,
    waker: Waker,
    handles: Handles,
    table: Rc<RefCell<Table>>,
    closed: Cell<bool>,
}

/// # Safety
///
/// The source with that number is open, and stays so while this is used.
unsafe fn borrow<'fd>(fd: RawFd) -> BorrowedFd<'fd> {
    // SAFETY: as the caller promises.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

impl Sources {
    pub(crate) fn new() -> Self {
        Self {
            kernel: RefCell::new(None),
            process: this_process(),
            waker: Waker::new(),
            handles: Handles::new(),
            table: Rc::default(),
            closed: Cell::new(false),
        }
    }

    /// What wakes a wait.
    pub(crate) const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Whether the loop was not closed.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.get()
    }

    /// Lets the waker end waits.
    pub(crate) fn listen(&self) -> Result<(), OsError> {
        self.kernel()?.listen_to(&self.waker).map_err(os_error)
    }

    /// The kernel objects, of which the poller is made now if it is not there yet.
    #[inline]
    fn kernel(&self) -> Result<Ref<'_, Kernel>, OsError> {
        let gone = || os_error(Errno::BADF);
        // A forked child shares the poller itself with its parent, not only the descriptor: what it
        // removes is gone there, too.
        if self.closed.get() || !self.process.is_current() {
            return Err(gone());
        }
        if self.kernel.borrow().is_none() {
            let made = Kernel::new().map_err(os_error)?;
            self.kernel.replace(Some(made));
        }
        Ref::filter_map(self.kernel.borrow(), Option::as_ref).map_err(|_| gone())
    }

    /// Waits, and hands the callbacks of what is ready to `ready`.
    pub(crate) fn wait(
        &self,
        park: Park,
        now: impl FnOnce() -> Instant,
        ready: &mut Sink<'_>,
    ) -> Result<(), OsError> {
        let timeout = match park {
            Park::Poll if self.kernel.borrow().is_none() => return Ok(()),
            Park::Poll => Some(Duration::ZERO),
            Park::Until(when) => Some(when - now()),
            Park::Forever => None,
        };
        let mut haunted = false;
        {
            let kernel = self.kernel()?;
            let see = |report: Report| haunted |= !self.dispatch(&kernel, report, ready);
            kernel.system.wait(timeout, see).map_err(os_error)?;
        }
        if haunted { self.begin_anew() } else { Ok(()) }
    }

    /// Queues what a report is about. False if that is nothing that is registered.
    fn dispatch(&self, kernel: &Kernel, report: Report, ready: &mut Sink<'_>) -> bool {
        let Some(handle) = Handle::from_bits(report.key) else {
            kernel.woken.get().inspect(|woken| woken.quieten());
            return true;
        };
        let look = |known: &Registration| (known.trigger, known.interest(), known.given_up);
        let known = self.table.borrow().known.get(&handle).map(look);
        let Some((trigger, interest, given_up)) = known else { return false };
        let seen = report.seen.and(interest);
        if trigger == Trigger::Once {
            self.queue(handle, interest, trigger, ready, self.once(handle, seen));
            return true;
        }
        for (side, _) in (0_u8..).zip(&Interest::SIDES).filter(|(_, of)| !of.and(seen).is_none()) {
            // A small number, since what takes three words needs no box.
            let (table, before) = (self.table.clone(), given_up[usize::from(side)]);
            let callback = Callback::new(move || {
                // Bound to a name, so that the borrow is over before it is called.
                let callback = table.borrow().callback(handle, side, before);
                if let Some(callback) = callback {
                    callback(Interest::SIDES[usize::from(side)]);
                }
            });
            self.queue(handle, interest, trigger, ready, callback);
        }
        true
    }

    /// What calls back once. The registration is over then; the system has let go of it by itself.
    fn once(&self, handle: Handle, seen: Interest) -> Callback {
        let table = self.table.clone();
        Callback::new(move || {
            // Bound to a name, for the borrow to be over.
            let removed = table.borrow_mut().remove(handle);
            if let Some((registration, _)) = removed {
                (registration.callback)(seen);
            }
        })
    }

    /// If there is no room, the next turn finds it ready still, or the system is told to say so again.
    fn queue(
        &self,
        handle: Handle,
        interest: Interest,
        trigger: Trigger,
        ready: &mut Sink<'_>,
        callback: Callback,
    ) {
        if ready(callback).is_err() && trigger != Trigger::Level {
            let _ = self.modify(handle, interest);
        }
    }

    /// Takes a new poller, which knows what is registered, and nothing else.
    fn begin_anew(&self) -> Result<(), OsError> {
        let anew = Kernel::new().map_err(os_error)?;
        let table = self.table.borrow();
        for (handle, known) in &table.known {
            let interest = known.interest();
            if table.owns(*handle, known) && !interest.is_none() {
                // SAFETY: it is registered, so the promise of `add` holds; and if it was broken, the
                // system refuses a number that is closed.
                let fd = unsafe { borrow(known.fd) };
                // One that was closed stays silent, as it was.
                let _ = anew.system.add(fd, handle.to_bits(), interest, known.trigger);
            }
        }
        let former = self.kernel.replace(Some(anew));
        let Some(woken) = former.and_then(|former| former.woken.into_inner()) else { return Ok(()) };
        let kernel = self.kernel()?;
        kernel.system.listen(woken.as_fd(), WAKE).map_err(os_error)?;
        // It was made above, without one.
        let _ = kernel.woken.set(woken);
        Ok(())
    }

    /// Frees the kernel objects, and drops the callbacks outside of every borrow. Nothing can be
    /// added afterwards.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.waker.forget();
        drop(self.kernel.take());
        // Bound to a name, so that the borrow is over before anything is dropped.
        let table = self.table.take();
        drop(table);
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // The callbacks are the parent's. Closing this process's descriptors leaves the
            // parent's, and what they stand for, as they are.
            std::mem::forget(self.table.take());
        }
    }
}

impl Readiness for Sources {
    unsafe fn add(
        &self,
        source: RawSource,
        interest: Interest,
        trigger: Trigger,
        callback: Rc<dyn Fn(Interest)>,
    ) -> Result<Handle, OsError> {
        let fd = RawFd::try_from(source.0).ok().filter(|fd| *fd >= 0).ok_or_else(|| os_error(Errno::BADF))?;
        let handle = self.handles.next();
        // SAFETY: the caller promises that the source is open.
        let borrowed = unsafe { borrow(fd) };
        let system = &self.kernel()?.system;
        match system.add(borrowed, handle.to_bits(), interest, trigger) {
            // One that called back once, and was not closed since, is still known to the system.
            Err(Errno::EXIST) if self.table.borrow().owner(fd) == NONE => {
                system.modify(borrowed, handle.to_bits(), interest, trigger)
            }
            added => added,
        }
        .map_err(os_error)?;
        let registration = Registration { fd, sides: sides(interest), trigger, given_up: [0; 2], callback };
        self.table.borrow_mut().insert(handle, registration);
        Ok(handle)
    }

    fn modify(&self, handle: Handle, interest: Interest) -> Result<(), OsError> {
        let mut table = self.table.borrow_mut();
        let known = table.known.get(&handle).ok_or_else(|| os_error(Errno::NOENT))?;
        if !table.owns(handle, known) {
            return Err(os_error(Errno::BADF));
        }
        // SAFETY: the source is registered, so `add`'s promise that it is open still holds.
        let source = unsafe { borrow(known.fd) };
        self.kernel()?.system.modify(source, handle.to_bits(), interest, known.trigger).map_err(os_error)?;
        if let Some(known) = table.known.get_mut(&handle) {
            known.sides = sides(interest);
            for (side, given_up) in Interest::SIDES.into_iter().zip(&mut known.given_up) {
                *given_up = given_up.wrapping_add((side.and(interest).is_none()).into());
            }
        }
        Ok(())
    }

    fn remove(&self, handle: Handle) -> bool {
        // Bound to a name, so that the callback is dropped outside of the borrow.
        let removed = self.table.borrow_mut().remove(handle);
        let Some((registration, owned)) = &removed else { return false };
        if *owned {
            // SAFETY: `add` was promised that the source stays open until it is removed, which is what
            // is going on here.
            let source = unsafe { borrow(registration.fd) };
            // It can fail only if the promise was broken. A ghost that stays is found when it is reported.
            let _ = self.kernel().map(|kernel| kernel.system.remove(source, handle.to_bits()));
        }
        true
    }
}
