//! How is a program steered that a loop starts? By pipes that the kit gives it, and by looks at what it
//! does that change nothing.

use std::boxed::Box;
use std::io::{ErrorKind, PipeReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};
use std::vec::Vec;

use anyloop::{Pid, Stdio};
use rustix::io::retry_on_intr;
use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::kid::wait_until;
use super::{PEEK, Unix};
use crate::world::{Gate, Programs, Tap};

/// What the system says about a child; an error if there is none of that number.
fn look(pid: Pid, options: WaitIdOptions) -> rustix::io::Result<bool> {
    let pid = rustix::process::Pid::from_raw(pid.get()).ok_or(rustix::io::Errno::CHILD)?;
    retry_on_intr(|| waitid(WaitId::Pid(pid), options)).map(|end| end.is_some())
}

impl Programs for Unix {
    fn gate(&self) -> Option<(Stdio, Gate)> {
        let (reader, writer) = std::io::pipe().ok()?;
        let write = move || {
            // A program that has ended needs no line.
            let _ = (&writer).write_all(b"on\n");
        };
        Some((OwnedFd::from(reader).into(), Box::new(write)))
    }

    fn tap(&self) -> Option<(Stdio, Tap)> {
        let (reader, writer) = std::io::pipe().ok()?;
        Some((
            OwnedFd::from(writer).into(),
            Box::new(move |patience| read_until(reader, Instant::now() + patience)),
        ))
    }

    fn await_over(&self, pid: Pid, patience: Duration) -> bool {
        wait_until(patience, || !matches!(look(pid, PEEK), Ok(false)))
    }

    fn is_collected(&self, pid: Pid) -> bool {
        look(pid, PEEK).is_err()
    }

    fn any_children(&self) -> bool {
        retry_on_intr(|| waitid(WaitId::All, PEEK)).is_ok()
    }

    fn clear(&self, pid: Pid) {
        if matches!(look(pid, PEEK), Ok(false))
            && let Some(pid) = rustix::process::Pid::from_raw(pid.get())
        {
            // A child that was not collected keeps its number.
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = look(pid, WaitIdOptions::EXITED);
    }
}

/// Reads to the end; `None` if that does not come in time.
pub(super) fn read_until(mut reader: PipeReader, deadline: Instant) -> Option<Vec<u8>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut told = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        let left = Timespec::try_from(left).ok();
        let ready = {
            let mut ends = [PollFd::from_borrowed_fd(reader.as_fd(), PollFlags::IN)];
            retry_on_intr(|| poll(&mut ends, left.as_ref())).is_ok_and(|ready| ready > 0)
        };
        let mut part = [0; 256];
        match if ready { reader.read(&mut part) } else { continue } {
            Ok(0) => return Some(told),
            Ok(length) => told.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Some(told),
        }
    }
}
