//! What is looked at on Linux.

use std::time::Duration;
use std::{fmt, fs};

use anyloop_os::{PidfdChildWatcher, SelectorEventLoop, probe_clone3, probe_io_uring};
use rustix::event::epoll::{self, CreateFlags, Event};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::fd::OwnedFd;
use rustix::io::{self, Errno};
use rustix::process::{Resource, Signal, getrlimit};
use rustix::system::uname;
use rustix::thread::{current_timer_slack, sched_getaffinity};

use super::Finding;

/// What the default policy makes.
pub(super) fn event_loop() -> String {
    format!("SelectorEventLoop on {}", SelectorEventLoop::poller())
}

/// What the kernel offers to this process.
pub(super) fn findings() -> Vec<Finding> {
    vec![
        kernel(),
        waits(),
        offered("eventfd", eventfd(0, EventfdFlags::CLOEXEC), "used: it wakes a loop from other threads"),
        pidfd(),
        clone3(),
        offered("io_uring", probe_io_uring(), "not used yet: no loop is made for it so far"),
        sigchld(),
        descriptors(),
        processors(),
        timer_slack(),
    ]
}

/// Something that the kernel gives or refuses.
fn offered<T, E: fmt::Display>(what: &'static str, tried: Result<T, E>, follows: &str) -> Finding {
    match tried {
        Ok(_) => Finding::new(what, "yes", follows),
        Err(error) => Finding::new(what, "refused", format!("{error}; {follows}")),
    }
}

fn kernel() -> Finding {
    let name = uname();
    let found = format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy());
    Finding::new("kernel", found, std::env::consts::ARCH)
}

/// Whether a wait can be as short as a timer is.
fn waits() -> Finding {
    let waited = epoll::create(CreateFlags::CLOEXEC).and_then(|epoll| wait_precisely(&epoll));
    match waited {
        Ok(()) | Err(Errno::INTR) => {
            Finding::new("epoll_pwait2", "yes", "used: a loop sleeps to the nanosecond")
        }
        Err(errno @ (Errno::NOSYS | Errno::PERM)) => Finding::new(
            "epoll_pwait2",
            "refused",
            format!("{errno}; epoll_wait is used instead: timers are up to a millisecond late"),
        ),
        Err(errno) => Finding::new("epoll_pwait2", "failed", errno.to_string()),
    }
}

fn wait_precisely(epoll: &OwnedFd) -> io::Result<()> {
    let mut events: Vec<Event> = Vec::with_capacity(1);
    let short = Timespec::try_from(Duration::from_nanos(1)).map_err(|_| Errno::INVAL)?;
    epoll::wait(epoll, rustix::buffer::spare_capacity(&mut events), Some(&short)).map(drop)
}

fn pidfd() -> Finding {
    match PidfdChildWatcher::probe() {
        Ok(()) => Finding::new("pidfd", "yes", "used by PidfdChildWatcher: ANYLOOP_CHILD_WATCHER=pidfd"),
        Err(error) => Finding::new("pidfd", "refused", format!("{error}; a thread waits for each child")),
    }
}

fn clone3() -> Finding {
    match probe_clone3() {
        Ok(()) => Finding::new("clone3", "yes", "used: starting a program copies nothing of this process"),
        Err(error) => Finding::new("clone3", "refused", format!("{error}; std starts programs instead")),
    }
}

/// Whether the process came into being with SIGCHLD ignored. Whoever starts a program decides that,
/// and `exec` keeps it.
fn sigchld() -> Finding {
    let ignored = fs::read_to_string("/proc/self/status").ok().and_then(|status| ignores_children(&status));
    match ignored {
        Some(false) => Finding::new("SIGCHLD", "not ignored", "the kernel keeps the statuses of children"),
        Some(true) => Finding::new(
            "SIGCHLD",
            "ignored",
            "statuses are lost: children end as unknown; try `env --default-signal=CHLD COMMAND`",
        ),
        None => Finding::new("SIGCHLD", "unknown", "/proc/self/status does not tell"),
    }
}

/// Whether SIGCHLD is in the set `SigIgn` of a process's status.
fn ignores_children(status: &str) -> Option<bool> {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let set = u128::from_str_radix(set.trim(), 16).ok()?;
    Some(set >> (Signal::CHILD.as_raw() - 1) & 1 == 1)
}

fn descriptors() -> Finding {
    let limit = getrlimit(Resource::Nofile);
    let words = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_string(), |limit| limit.to_string());
    let open = fs::read_dir("/proc/self/fd").map_or(0, |open| open.count().saturating_sub(1));
    Finding::new(
        "descriptors",
        words(limit.current),
        format!(
            "for loops, sources and pidfds; {open} are open, `ulimit -n` may go up to {}",
            words(limit.maximum)
        ),
    )
}

fn processors() -> Finding {
    let follows = "that this process may run on (sched_getaffinity)";
    match sched_getaffinity(None) {
        Ok(set) => Finding::new("processors", set.count().to_string(), follows),
        Err(errno) => Finding::new("processors", "unknown", errno.to_string()),
    }
}

fn timer_slack() -> Finding {
    match current_timer_slack() {
        Ok(nanos) => Finding::new("timer slack", format!("{nanos} ns"), "the loop asks for that much less"),
        Err(errno) => Finding::new("timer slack", "unknown", errno.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Errno, Signal, ignores_children, offered};

    #[test]
    fn a_refusal_is_told_with_its_reason() {
        let finding = offered::<(), _>("io_uring", Err(Errno::PERM), "not used yet");
        assert_eq!(finding.found, "refused");
        assert!(finding.follows.contains("os error 1") && finding.follows.contains("not used yet"));
    }

    #[test]
    fn the_bit_of_sigchld_is_looked_at() {
        let bit = 1_u64 << (Signal::CHILD.as_raw() - 1);
        let told = |set: u64| ignores_children(&format!("Name:\tx\nSigIgn:\t{set:016x}\nSigCgt:\t0\n"));
        assert_eq!((told(bit), told(!bit), told(0)), (Some(true), Some(false), Some(false)));
        assert_eq!(ignores_children("SigCgt:\t0000000000010000\n"), None);
    }
}
