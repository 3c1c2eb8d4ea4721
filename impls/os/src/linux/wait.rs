//! How the loop sleeps: to the nanosecond where the kernel can, else to the millisecond.
//!
//! `epoll_pwait2` came with Linux 5.11, and sandboxes that are older than it refuse it. The first
//! refusal is remembered, and waits are rounded up to whole milliseconds from then on: late by up
//! to one, and never early.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::event::Timespec;
use rustix::event::epoll::{self, Event};
use rustix::io::Errno;

/// Events that one wait takes. The rest stay ready for the next.
const EVENTS: usize = 256;

/// Room for the events of one wait.
pub(crate) type Events = [MaybeUninit<Event>; EVENTS];

/// Room for events.
pub(crate) const fn no_events() -> Events {
    [const { MaybeUninit::uninit() }; EVENTS]
}

/// Waits on an epoll.
#[derive(Debug, Default)]
pub(crate) struct Waiter {
    /// Whether the kernel refused the precise form.
    coarse: Cell<bool>,
}

impl Waiter {
    /// Waits until something is ready or the time is up; `None` is for ever. A signal ends the
    /// wait early, with no events.
    pub(crate) fn wait<'a>(
        &self,
        epoll: &OwnedFd,
        events: &'a mut Events,
        timeout: Option<Timespec>,
    ) -> Result<&'a [Event], Errno> {
        let waited = if self.coarse.get() {
            coarse_wait(epoll, events, timeout)
        } else {
            match epoll::wait(epoll, &mut events[..], timeout.as_ref()).map(|(ready, _)| ready.len()) {
                Err(Errno::NOSYS | Errno::PERM) => {
                    self.coarse.set(true);
                    coarse_wait(epoll, events, timeout)
                }
                precise => precise,
            }
        };
        match waited {
            // SAFETY: the kernel wrote so many events at the start of the buffer.
            Ok(ready) => Ok(unsafe { std::slice::from_raw_parts(events.as_ptr().cast(), ready) }),
            Err(Errno::INTR) => Ok(&[]),
            Err(error) => Err(error),
        }
    }
}

/// Whole milliseconds, rounded up; -1 is for ever. Longer waits than fit end early, with nothing.
fn milliseconds(timeout: Option<Timespec>) -> i32 {
    timeout.map_or(-1, |time| {
        let whole = time.tv_sec.saturating_mul(1000).saturating_add((time.tv_nsec + 999_999) / 1_000_000);
        i32::try_from(whole).unwrap_or(i32::MAX)
    })
}

fn coarse_wait(epoll: &OwnedFd, events: &mut Events, timeout: Option<Timespec>) -> Result<usize, Errno> {
    let buffer = events.as_mut_ptr().cast::<libc::epoll_event>();
    // SAFETY: both types are the kernel's `struct epoll_event`, and the length is the buffer's.
    let ready = unsafe { libc::epoll_wait(epoll.as_raw_fd(), buffer, EVENTS as i32, milliseconds(timeout)) };
    usize::try_from(ready)
        .map_err(|_| Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::epoll::CreateFlags;
    use std::time::{Duration, Instant};

    #[test]
    fn neither_form_of_waiting_is_early() {
        let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
        for coarse in [false, true] {
            let waiter = Waiter { coarse: Cell::new(coarse) };
            for micros in [0, 1, 300, 999, 1001] {
                let time = Duration::from_micros(micros);
                let start = Instant::now();
                let ready =
                    waiter.wait(&epoll, &mut no_events(), Some(time.try_into().unwrap())).unwrap().len();
                assert_eq!(ready, 0);
                assert!(start.elapsed() >= time, "{micros} us, coarse: {coarse}");
            }
        }
    }

    #[test]
    fn milliseconds_are_rounded_up_and_capped() {
        let of = |tv_sec, tv_nsec| milliseconds(Some(Timespec { tv_sec, tv_nsec }));
        assert_eq!((of(0, 0), of(0, 1), of(0, 1_000_000), of(1, 1_000_001)), (0, 1, 1, 1002));
        assert_eq!((of(i64::MAX, 0), milliseconds(None)), (i32::MAX, -1));
    }
}
