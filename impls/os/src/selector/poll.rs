//! How does a loop wait where there is nothing better? With `poll`, which is given the whole list each
//! time and knows numbers only.
//!
//! So it is looked up beforehand what has each number: if that is not what was registered, the entry is
//! silent from then on. Edges are not told: what is ready stays ready.

use std::cell::RefCell;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use anyloop::{Interest, Trigger};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::fstat;
use rustix::io::Errno;

use crate::selector::poller::{Poller, Report};

/// Which file is behind a number.
type Identity = (u64, u64);

struct Entry {
    fd: RawFd,
    identity: Identity,
    key: u64,
    interest: Interest,
    once: bool,
}

#[derive(Default)]
pub(crate) struct Poll {
    entries: RefCell<Vec<Entry>>,
}

fn identity(fd: BorrowedFd<'_>) -> Result<Identity, Errno> {
    let stat = fstat(fd)?;
    // The types differ between systems; none is longer.
    Ok((stat.st_dev as u64, stat.st_ino as u64))
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, interest.readable);
    flags.set(PollFlags::OUT, interest.writable);
    flags
}

impl Entry {
    /// The descriptor, if the number still stands for what was registered.
    fn source(&self) -> Option<BorrowedFd<'_>> {
        // SAFETY: whoever registered it keeps it open; if he did not, the number is looked up right here, and
        // nothing else is done with it if it is closed or somebody else's.
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        (identity(fd) == Ok(self.identity)).then_some(fd)
    }

    fn report(&self, seen: PollFlags) -> Report {
        let over = seen.intersects(PollFlags::HUP | PollFlags::ERR);
        let seen = Interest {
            readable: over || seen.contains(PollFlags::IN),
            writable: over || seen.contains(PollFlags::OUT),
        };
        Report { key: self.key, seen }
    }
}

impl Poll {
    /// Waits, and gives what is ready. What was to report once is out of the list then.
    fn reports(&self, timeout: Option<Duration>) -> Result<Vec<Report>, Errno> {
        let mut entries = self.entries.borrow_mut();
        let mut reports = Vec::new();
        let mut over = Vec::new();
        {
            let (listed, mut polled): (Vec<&Entry>, Vec<PollFd<'_>>) = entries
                .iter()
                .filter_map(|entry| {
                    Some((entry, PollFd::from_borrowed_fd(entry.source()?, flags(entry.interest))))
                })
                .unzip();
            // What does not fit is longer than anybody waits.
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            match poll(&mut polled, timeout.as_ref()) {
                Ok(_) => {}
                Err(Errno::INTR) => return Ok(reports),
                Err(error) => return Err(error),
            }
            for (entry, polled) in listed.into_iter().zip(polled) {
                // It may have been closed while this waited.
                if !polled.revents().is_empty() && entry.source().is_some() {
                    reports.push(entry.report(polled.revents()));
                    over.extend(entry.once.then_some(entry.key));
                }
            }
        }
        entries.retain(|entry| !over.contains(&entry.key));
        Ok(reports)
    }

    fn put(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, once: bool) -> Result<(), Errno> {
        let identity = identity(fd)?;
        let mut entries = self.entries.borrow_mut();
        entries.retain(|entry| entry.key != key);
        entries.push(Entry { fd: fd.as_raw_fd(), identity, key, interest, once });
        Ok(())
    }
}

impl Poller for Poll {
    const NAME: &str = "poll";
    const TELLS_EDGES: bool = false;

    fn new() -> Result<Self, Errno> {
        Ok(Self::default())
    }

    fn add(&self, fd: BorrowedFd<'_>, key: u64, interest: Interest, trigger: Trigger) -> Result<(), Errno> {
        if !matches!(trigger, Trigger::Level | Trigger::Once) {
            return Err(Errno::OPNOTSUPP);
        }
        let is_known = |entry: &Entry| entry.fd == fd.as_raw_fd() && entry.source().is_some();
        if self.entries.borrow().iter().any(is_known) {
            return Err(Errno::EXIST);
        }
        self.put(fd, key, interest, trigger == Trigger::Once)
    }

    fn modify(
        &self,
        fd: BorrowedFd<'_>,
        key: u64,
        interest: Interest,
        trigger: Trigger,
    ) -> Result<(), Errno> {
        self.put(fd, key, interest, trigger == Trigger::Once)
    }

    fn remove(&self, _: BorrowedFd<'_>, key: u64) -> Result<(), Errno> {
        self.entries.borrow_mut().retain(|entry| entry.key != key);
        Ok(())
    }

    fn listen(&self, waker: BorrowedFd<'_>, key: u64) -> Result<(), Errno> {
        self.put(waker, key, Interest::READABLE, false)
    }

    fn wait(&self, timeout: Option<Duration>, see: impl FnMut(Report)) -> Result<(), Errno> {
        // Nothing is borrowed while they are seen to.
        let reports = self.reports(timeout)?;
        reports.into_iter().for_each(see);
        Ok(())
    }
}
