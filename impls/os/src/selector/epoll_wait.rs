//! How the loop sleeps: to the nanosecond where the kernel can, else to the millisecond.
//!
//! `epoll_pwait2` came with Linux 5.11, and sandboxes that are older than it refuse it. The first
//! refusal is remembered, and waits are rounded up to whole milliseconds from then on: late by up
//! to one, and never early.
//!
//! The kernel joins timers to save power, and ends a wait when it suits, up to the thread's *timer
//! slack* after its time: usually at the very end, 50 µs late. So it is asked for that much less.
//! A wait that is shorter than the slack, which may be what the kernel left of a longer one, is made
//! without slack: that takes three more system calls.

use std::cell::{Cell, OnceCell};
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, Event};
use rustix::io::Errno;
use rustix::thread::{current_timer_slack, set_current_timer_slack};

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
    /// The slack of the thread, read when it is first needed.
    slack: OnceCell<Duration>,
}

impl Waiter {
    /// Waits until something is ready, or until about the time is up; `None` is for ever. A signal
    /// or the kernel's slack may end the wait early, with no events.
    pub(crate) fn wait<'a>(
        &self,
        epoll: &OwnedFd,
        events: &'a mut Events,
        timeout: Option<Duration>,
    ) -> Result<&'a [Event], Errno> {
        let waited = match timeout.filter(|time| !time.is_zero()) {
            Some(time) if !self.coarse.get() => match self.precise_wait(epoll, events, time) {
                Err(Errno::NOSYS | Errno::PERM) => {
                    self.coarse.set(true);
                    coarse_wait(epoll, events, timeout)
                }
                precise => precise,
            },
            // For ever and not at all are precise in this form, too, and it is the cheaper one.
            _ => coarse_wait(epoll, events, timeout),
        };
        match waited {
            // SAFETY: the kernel wrote so many events at the start of the buffer.
            Ok(ready) => Ok(unsafe { std::slice::from_raw_parts(events.as_ptr().cast(), ready) }),
            Err(Errno::INTR) => Ok(&[]),
            Err(error) => Err(error),
        }
    }

    fn precise_wait(&self, epoll: &OwnedFd, events: &mut Events, time: Duration) -> Result<usize, Errno> {
        let slack = *self.slack.get_or_init(|| Duration::from_nanos(current_timer_slack().unwrap_or(0)));
        let asked = less_slack(time, slack);
        let former = if asked.is_none() { without_slack() } else { None };
        // What does not fit is longer than anybody waits.
        let timeout = Timespec::try_from(asked.unwrap_or(time)).ok();
        let waited = epoll::wait(epoll, &mut events[..], timeout.as_ref()).map(|(ready, _)| ready.len());
        if former.is_some() {
            let _ = set_current_timer_slack(former);
        }
        waited
    }
}

/// Takes the slack from the calling thread, and says how much it had: somebody may have changed it
/// since it was looked at. Where this is forbidden, the wait is late, and nothing worse.
fn without_slack() -> Option<NonZeroU64> {
    let former = current_timer_slack().ok().and_then(NonZeroU64::new)?;
    set_current_timer_slack(Some(NonZeroU64::MIN)).ok().map(|()| former)
}

/// What to ask for, so that the wait ends after `time` at the latest; `None` if that is no time.
fn less_slack(time: Duration, slack_of_thread: Duration) -> Option<Duration> {
    /// The slack is at least this part of a wait, until it is the longest.
    const PART: u32 = 1000;
    const LONGEST: Duration = Duration::from_millis(100);

    let slack = (time / PART).min(LONGEST).max(slack_of_thread);
    time.checked_sub(slack).filter(|asked| !asked.is_zero())
}

/// Whole milliseconds, rounded up; -1 is for ever. Longer waits than fit end early, with nothing.
fn milliseconds(timeout: Option<Duration>) -> i32 {
    let whole = |time: Duration| {
        let rest = time.subsec_nanos().div_ceil(1_000_000);
        time.as_secs().saturating_mul(1000).saturating_add(rest.into())
    };
    timeout.map_or(-1, |time| i32::try_from(whole(time)).unwrap_or(i32::MAX))
}

fn coarse_wait(epoll: &OwnedFd, events: &mut Events, timeout: Option<Duration>) -> Result<usize, Errno> {
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
    use std::time::Instant;

    #[test]
    fn waits_that_are_repeated_until_the_time_is_up_end_in_both_forms() {
        let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
        for coarse in [false, true] {
            let waiter = Waiter { coarse: Cell::new(coarse), ..Waiter::default() };
            for micros in [0, 1, 49, 51, 300, 999, 1001, 20_001] {
                let end = Instant::now() + Duration::from_micros(micros);
                let mut waits = 0;
                while let Some(rest) = end.checked_duration_since(Instant::now()) {
                    assert!(waiter.wait(&epoll, &mut no_events(), Some(rest)).unwrap().is_empty());
                    waits += 1;
                }
                assert!(!coarse || waits <= 1, "{waits} waits for {micros} us: one was early");
            }
        }
    }

    #[test]
    fn the_kernel_is_asked_for_less_by_what_it_may_be_late() {
        let micros = Duration::from_micros;
        let asked = |time| less_slack(micros(time), micros(50)).map(|asked| asked.as_micros());
        assert_eq!((asked(1), asked(50), asked(51), asked(1000)), (None, None, Some(1), Some(950)));
        assert_eq!((asked(10_000_000), asked(1_000_000_000)), (Some(9_990_000), Some(999_900_000)));
    }

    #[test]
    fn milliseconds_are_rounded_up_and_capped() {
        let of = |nanos| milliseconds(Some(Duration::from_nanos(nanos)));
        assert_eq!((of(0), of(1), of(1_000_000), of(1_001_000_001)), (0, 1, 1, 1002));
        assert_eq!((milliseconds(Some(Duration::MAX)), milliseconds(None)), (i32::MAX, -1));
    }
}
