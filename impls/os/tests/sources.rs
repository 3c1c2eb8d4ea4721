//! What becomes of sources that cannot be watched, are closed behind the loop's back, or are many?

#![cfg(target_os = "linux")]

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use anyloop::{AsSource, Handle, Interest, Loop, OsError, RawSource, Source, SourceError, Trigger};
use anyloop_os::SelectorEventLoop;
use rustix::io::dup;
use rustix::time::{ClockId, clock_gettime};

/// A pair of sockets that do not block.
fn pair() -> (UnixStream, UnixStream) {
    let (near, far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    far.set_nonblocking(true).unwrap();
    (near, far)
}

/// Takes so many turns that do not wait, and says in how many of them something ran.
fn turns(lp: &Loop, turns: u32) -> usize {
    (0..turns).filter(|_| lp.step(Some(Duration::ZERO)).unwrap().unwrap()).count()
}

/// Counts the calls of a reader.
fn counted<S>(source: &Source<S>) -> Rc<Cell<u32>> {
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    source.add_reader(move || counter.set(counter.get() + 1)).unwrap();
    calls
}

/// Registers a number, as whoever breaks the promise of `Readiness::add` does.
fn register(lp: &Loop, fd: RawFd, calls: &Rc<Cell<u32>>) -> Result<Handle, OsError> {
    let (calls, source) = (calls.clone(), RawSource(fd as isize));
    let count = Rc::new(move |_| calls.set(calls.get() + 1));
    let readiness = lp.capabilities().readiness.unwrap();
    // SAFETY: the tests close it all the same, to see that nobody else suffers: the loop looks only at what the
    // number stands for, and touches no memory by it.
    unsafe { readiness.add(source, Interest::READABLE, Trigger::Level, count) }
}

#[test]
fn what_cannot_be_watched_is_refused_and_nothing_is_left() {
    struct Number(isize);

    // SAFETY: these are numbers of nothing, so nothing is closed.
    unsafe impl AsSource for Number {
        fn as_source(&self) -> RawSource {
            RawSource(self.0)
        }
    }

    let lp = SelectorEventLoop::new();
    for number in [-1, isize::MIN, isize::MAX, 1 << 20] {
        let source = lp.add_source(Number(number)).unwrap();
        let refused = source.add_reader(|| unreachable!());
        assert_eq!(refused, Err(SourceError::Os(OsError::from_raw(libc::EBADF))), "{number}");
        assert!(!source.remove_reader());
    }
    let file = lp.add_source(File::open("/proc/self/exe").unwrap()).unwrap();
    match file.add_reader(|| ()) {
        Ok(()) => assert_eq!(turns(&lp, 3), 3, "poll says that files are always ready"),
        refused => {
            assert_eq!(refused, Err(SourceError::Os(OsError::from_raw(libc::EPERM))));
            assert!(refused.unwrap_err().to_string().contains("always ready"));
            assert_eq!(turns(&lp, 3), 0);
        }
    }
    lp.close().unwrap();
}

#[test]
fn a_source_that_was_closed_against_the_rules_is_silent_and_its_number_serves_the_next() {
    let lp = SelectorEventLoop::new();
    let (near, mut far) = pair();
    let (other, mut other_far) = pair();
    let other = lp.add_source(other).unwrap();
    let other_calls = counted(&other);
    let calls = Rc::new(Cell::new(0));
    let number = near.as_raw_fd();
    let stale = register(&lp, number, &calls).unwrap();
    drop(near);
    let _ = far.write_all(b"x");
    assert_eq!(turns(&lp, 3), 0, "it is closed");

    // The next to come has its number.
    let (next, mut next_far) = pair();
    let next = if next.as_raw_fd() == number { next } else { panic!("{number} was not given again") };
    let next = lp.add_source(next).unwrap();
    let next_calls = counted(&next);
    next_far.write_all(b"x").unwrap();
    turns(&lp, 3);
    assert_eq!((calls.get(), next_calls.get()), (0, 3));
    // Whoever had it before removes what is not his any more.
    assert!(lp.capabilities().readiness.unwrap().remove(stale));
    other_far.write_all(b"x").unwrap();
    turns(&lp, 3);
    assert_eq!((calls.get(), next_calls.get(), other_calls.get()), (0, 6, 3));
    lp.close().unwrap();
}

#[test]
fn a_ghost_that_a_duplicate_keeps_in_the_kernel_is_got_rid_of() {
    let lp = SelectorEventLoop::new();
    let (near, mut far) = pair();
    let calls = Rc::new(Cell::new(0));
    let ghost = register(&lp, near.as_raw_fd(), &calls).unwrap();
    let duplicate = dup(&near).unwrap();
    drop(near);
    // The number stands for nothing, or for another: the system cannot be told to forget.
    assert!(lp.capabilities().readiness.unwrap().remove(ghost));
    let (next, mut next_far) = pair();
    let next = lp.add_source(next).unwrap();
    let next_calls = counted(&next);
    far.write_all(b"x").unwrap();
    assert_eq!(turns(&lp, 5), 0, "nobody is called for a ghost");
    next_far.write_all(b"x").unwrap();
    assert_eq!((turns(&lp, 3), calls.get(), next_calls.get()), (3, 0, 3));
    // Neither is there a spin: a loop that waits sleeps.
    assert!(next.remove_reader());
    let spent = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let before = spent();
    assert_eq!(lp.step(Some(Duration::from_millis(100))), Some(Ok(false)));
    assert!(spent() - before < Duration::from_millis(50), "it did not sleep");
    drop(duplicate);
    lp.close().unwrap();
}

#[test]
fn thousands_that_are_ready_at_once_are_all_told_of() {
    const MANY: usize = 400;
    let lp = SelectorEventLoop::new();
    let called = Rc::new(RefCell::new(vec![0_u32; MANY]));
    let mut far_ends = Vec::new();
    let sources: Vec<_> = (0..MANY)
        .map(|number| {
            let (near, mut far) = pair();
            far.write_all(b"x").unwrap();
            far_ends.push(far);
            let source = lp.add_source(near).unwrap();
            let called = called.clone();
            source.add_reader(move || called.borrow_mut()[number] += 1).unwrap();
            source
        })
        .collect();
    // A wait takes 256; the kernel takes turns.
    turns(&lp, 4);
    assert!(called.borrow().iter().all(|calls| *calls >= 1), "one was starved: {:?}", called.borrow());
    drop(sources);
    assert_eq!(turns(&lp, 3), 0);
    lp.close().unwrap();
}

/// A generator of numbers that are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Whoever closes and duplicates descriptors at random beside a busy loop: no callback is called for another's
/// source, and those that behave are told.
#[test]
fn a_random_closer_and_duplicator_makes_nobody_hear_of_strangers() {
    let lp = SelectorEventLoop::new();
    let mut chance = Chance(0x5EED);
    let (good, mut good_far) = pair();
    let good = lp.add_source(good).unwrap();
    let heard = Rc::new(Cell::new(0));
    let (ear, reader) = (heard.clone(), good.get_ref().try_clone().unwrap());
    good.add_reader(move || {
        let mut byte = [0];
        (&reader).read_exact(&mut byte).unwrap();
        ear.set(ear.get() + 1);
    })
    .unwrap();
    // Each knows by its own socket whether it was called for something: the other end says so.
    let mut victims: Vec<(Handle, Rc<Cell<u32>>, bool)> = Vec::new();
    let mut duplicates: Vec<OwnedFd> = Vec::new();
    let mut far_ends = Vec::new();
    let mut strangers = Vec::new();
    for round in 0..2000_u32 {
        match chance.below(5) {
            0 | 1 => {
                let (near, far) = pair();
                let calls = Rc::new(Cell::new(0));
                if let Ok(handle) = register(&lp, near.as_raw_fd(), &calls) {
                    victims.push((handle, calls, false));
                    // Closed behind the loop's back, sometimes with a duplicate that lives on.
                    if chance.below(2) == 0 {
                        duplicates.push(dup(&near).unwrap());
                    }
                    drop(near);
                    far_ends.push(far);
                }
            }
            2 if !victims.is_empty() => {
                let at = chance.below(victims.len() as u64) as usize;
                let (handle, calls, _) = victims.swap_remove(at);
                lp.capabilities().readiness.unwrap().remove(handle);
                strangers.push((calls.clone(), calls.get()));
            }
            3 if !far_ends.is_empty() => {
                let at = chance.below(far_ends.len() as u64) as usize;
                let _ = far_ends[at].write(b"x");
            }
            _ => {
                duplicates.truncate(duplicates.len() / 2);
            }
        }
        if round % 10 == 0 {
            good_far.write_all(b"x").unwrap();
            turns(&lp, 3);
            assert_eq!(heard.get(), round / 10 + 1, "who behaves was not told");
        }
    }
    for (calls, before) in strangers {
        assert_eq!(calls.get(), before, "a callback was called after it had been removed");
    }
    lp.close().unwrap();
}

#[test]
fn sources_own_or_borrow_and_give_back() {
    let lp = SelectorEventLoop::new();
    let (near, mut far) = pair();
    {
        let borrowed: Source<BorrowedFd<'_>> = lp.add_source(near.as_fd()).unwrap();
        let calls = counted(&borrowed);
        far.write_all(b"x").unwrap();
        assert_eq!((turns(&lp, 2), calls.get()), (2, 2));
    }
    assert_eq!(turns(&lp, 2), 0, "the borrow is over");
    let owned = lp.add_source(near).unwrap();
    let calls = counted(&owned);
    assert_eq!((turns(&lp, 1), calls.get()), (1, 1));
    let near = owned.into_inner();
    assert_eq!(turns(&lp, 1), 0, "it was given back");
    // SAFETY: the number was given up by its owner just before.
    let again = unsafe { UnixStream::from_raw_fd(near.into_raw_fd()) };
    let shared = lp.add_source(Rc::new(again)).unwrap();
    assert_eq!((counted(&shared).get(), turns(&lp, 1)), (0, 1));
    lp.close().unwrap();
    assert_eq!(shared.add_reader(|| ()), Err(SourceError::Closed));
    assert!(!shared.remove_reader());
    assert_eq!(lp.add_source(shared.into_inner()).unwrap_err(), SourceError::Closed);
}

#[test]
fn tasks_wait_beside_one_another_and_hear_of_the_end() {
    let lp = SelectorEventLoop::new();
    let (near, mut far) = pair();
    let source = Rc::new(lp.add_source(near).unwrap());
    let read = |source: Rc<Source<UnixStream>>| async move {
        let mut all = Vec::new();
        loop {
            match source.get_ref().take(64).read_to_end(&mut all) {
                Ok(0) => return all.len(),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    source.readable().await.unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    let readers = [0; 2].map(|_| lp.spawn_local(read(source.clone())).unwrap());
    let writer = std::thread::spawn(move || {
        for _ in 0..100 {
            while far.write_all(&[7; 100]).is_err() {
                std::thread::yield_now();
            }
        }
    });
    let bytes = lp.run_until_complete(async move {
        let mut sum = 0;
        for reader in readers {
            sum += reader.await.unwrap();
        }
        sum
    });
    writer.join().unwrap();
    assert_eq!(bytes, Ok(10_000));
    lp.close().unwrap();
}
