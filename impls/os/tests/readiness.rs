//! How often is a source called back that stays ready? As often as its trigger says.

#![cfg(target_os = "linux")]

use std::cell::Cell;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::Duration;

use anyloop::{Handle, Interest, Loop, OsError, RawSource, Trigger};
use anyloop_os::SelectorEventLoop;

/// Counts the calls of a pipe that is ready from the start.
struct Counted {
    lp: Loop,
    reader: std::io::PipeReader,
    writer: std::io::PipeWriter,
    calls: Rc<Cell<u32>>,
}

impl Counted {
    fn new() -> Self {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        Self { lp: SelectorEventLoop::new(), reader, writer, calls: Rc::default() }
    }

    fn add(&self, trigger: Trigger) -> Result<Handle, OsError> {
        let raw = RawSource(self.reader.as_raw_fd() as isize);
        let calls = self.calls.clone();
        let count = Rc::new(move |_| calls.set(calls.get() + 1));
        let readiness = self.lp.capabilities().readiness.unwrap();
        // SAFETY: the pipe lives longer than the loop, which is closed when this is dropped.
        unsafe { readiness.add(raw, Interest::READABLE, trigger, count) }
    }

    /// How many calls three turns bring.
    fn turns(&self) -> u32 {
        let before = self.calls.get();
        for _ in 0..3 {
            self.lp.step(Some(Duration::ZERO)).unwrap().unwrap();
        }
        self.calls.get() - before
    }

    fn remove(&self, source: Handle) -> bool {
        self.lp.capabilities().readiness.unwrap().remove(source)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.lp.close().unwrap();
    }
}

#[test]
fn level_calls_in_every_turn_and_edge_when_it_becomes_ready_anew() {
    let mut it = Counted::new();
    let source = it.add(Trigger::Level).unwrap();
    assert_eq!(it.turns(), 3);
    assert!(it.remove(source));
    let source = match it.add(Trigger::Edge) {
        // `poll` cannot tell.
        Err(refused) => return assert_eq!(refused, OsError::from_raw(libc::EOPNOTSUPP)),
        Ok(source) => source,
    };
    assert_eq!((it.turns(), it.turns()), (1, 0));
    it.writer.write_all(b"y").unwrap();
    assert_eq!(it.turns(), 1);
    assert!(it.remove(source));
    assert_eq!(it.turns(), 0);
}

#[test]
fn once_is_over_when_it_calls() {
    let it = Counted::new();
    let source = it.add(Trigger::Once).unwrap();
    let refused = it.add(Trigger::Once);
    assert_eq!(refused, Err(OsError::from_raw(libc::EEXIST)), "it is watched already");
    assert_eq!(it.turns(), 1);
    assert!(!it.remove(source));
    // The descriptor is still open, so the kernel still knows it.
    let again = it.add(Trigger::Once).unwrap();
    assert_eq!(it.turns(), 1);
    let level = it.add(Trigger::Level).unwrap();
    assert_eq!((it.remove(again), it.turns(), it.remove(level)), (false, 3, true));
}

#[test]
fn once_can_be_removed_between_the_event_and_the_call() {
    let it = Rc::new(Counted::new());
    let source = it.add(Trigger::Once).unwrap();
    let (lp, removed) = (it.lp.clone(), Rc::new(Cell::new(false)));
    let (told, remover) = (removed.clone(), it.clone());
    let (other, mut end) = std::io::pipe().unwrap();
    end.write_all(b"x").unwrap();
    let raw = RawSource(other.as_raw_fd() as isize);
    let remove = Rc::new(move |_| told.set(told.get() | remover.remove(source)));
    // SAFETY: the pipe lives longer than the loop.
    unsafe { lp.capabilities().readiness.unwrap().add(raw, Interest::READABLE, Trigger::Once, remove) }
        .unwrap();
    it.turns();
    // Whichever came first, both did not happen.
    assert_eq!(it.calls.get() + u32::from(removed.get()), 1);
}
