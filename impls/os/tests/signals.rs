//! What does a loop hear of the signals of its process, and what is left when it listens no more?
//!
//! Each case is about the whole process, so it has one of its own: this program once more, with the name of the
//! case. A case that goes wrong may end by the signal that it raised.
#![cfg(target_os = "linux")]

mod cases;

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::process::ExitCode;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use anyloop::{CloseError, Exception, Loop, OsError, SignalHandlerError};
use anyloop_os::SelectorEventLoop;
use libc::{SIGCHLD, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2};

const CASES: &[cases::Case] = &[
    ("raised while the loop waits", while_it_waits),
    ("raised while the loop is stopped", while_it_is_stopped),
    ("raised in a callback", in_a_callback),
    ("a burst of ten thousand", a_burst),
    ("one beside a million callbacks", beside_a_million),
    ("another handler takes the place", replaced),
    ("removed before it was called", removed_before_it_was_called),
    ("streams beside the handler", streams),
    ("two loops on two threads", two_loops),
    ("what was there before", what_was_there_before),
    ("what somebody else installed stays", somebody_elses),
    ("system calls begin again", system_calls_begin_again),
    ("a handler that panics", panics),
    ("a forked child", a_forked_child),
    ("a loop that is closed", closed),
    ("a loop that is closed by what is dropped", closed_while_dropping),
    ("numbers that are none", bad_numbers),
    ("a signal that is blocked", blocked),
    ("no descriptor is left", descriptors),
    ("a loop that only its own task listens on", abandoned),
    ("children that are stopped", stopped_children),
];

fn main() -> ExitCode {
    cases::main(CASES)
}

/// Sends this process a signal, on whatever thread it is received.
fn raise(signal: i32) {
    // SAFETY: it only takes numbers, and whoever listens keeps the signal from ending the process.
    assert_eq!(unsafe { libc::kill(libc::getpid(), signal) }, 0);
}

/// The action of a signal, after `new` was installed, if there is one.
fn action(signal: i32, new: Option<libc::sighandler_t>) -> libc::sigaction {
    // SAFETY: all of a `sigaction` may be zero, and the handler that is given only counts, or the system gave it.
    unsafe {
        let mut former: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, ptr::null(), &raw mut former);
        if let Some(new) = new {
            let mut ours: libc::sigaction = std::mem::zeroed();
            ours.sa_sigaction = new;
            assert_eq!(libc::sigaction(signal, &raw const ours, ptr::null_mut()), 0);
        }
        former
    }
}

fn handler(signal: i32) -> libc::sighandler_t {
    action(signal, None).sa_sigaction
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    CALLS.fetch_add(1, Ordering::SeqCst);
}

fn counter() -> libc::sighandler_t {
    count as extern "C" fn(libc::c_int) as usize
}

/// Has the handler of `signal` count its calls.
fn counted(lp: &Loop, signal: i32) -> Rc<Cell<u64>> {
    let calls = Rc::new(Cell::new(0));
    let counts = calls.clone();
    lp.add_signal_handler(signal, move |_| counts.set(counts.get() + 1)).unwrap();
    calls
}

/// Has the handler of `signal` stop the loop.
fn stops(lp: &Loop, signal: i32) {
    let it = lp.clone();
    lp.add_signal_handler(signal, move |_| it.stop()).unwrap();
}

/// Runs whatever there is to run.
fn settle(lp: &Loop) {
    let until = lp.clone();
    stops(lp, SIGHUP);
    raise(SIGHUP);
    lp.run_forever().unwrap();
    assert!(until.remove_signal_handler(SIGHUP));
}

fn while_it_waits() {
    let lp = SelectorEventLoop::new();
    let calls = Rc::new(Cell::new(0));
    let (it, counts) = (lp.clone(), calls.clone());
    let tell = move |_| {
        counts.set(counts.get() + 1);
        it.stop();
    };
    lp.add_signal_handler(SIGUSR1, tell).unwrap();
    for round in 1..=100 {
        // Whether the loop waits by then, or is about to, is different each time.
        let raises = thread::spawn(|| raise(SIGUSR1));
        lp.run_forever().unwrap();
        raises.join().unwrap();
        assert_eq!(calls.get(), round);
    }
    lp.close().unwrap();
}

fn while_it_is_stopped() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    raise(SIGUSR1);
    assert_eq!(calls.get(), 0, "it does not run");
    settle(&lp);
    assert_eq!(calls.get(), 1);
    settle(&lp);
    assert_eq!(calls.get(), 1, "it came once");
    lp.close().unwrap();
}

fn in_a_callback() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    let seen = Rc::new(Cell::new(None));
    let (counts, sees) = (calls.clone(), seen.clone());
    lp.call_soon(move || {
        raise(SIGUSR1);
        sees.set(Some(counts.get()));
    })
    .unwrap();
    settle(&lp);
    assert_eq!((seen.get(), calls.get()), (Some(0), 1), "never inside of the raise");
    lp.close().unwrap();
}

fn a_burst() {
    const BURST: u64 = 10_000;
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    let raises = thread::spawn(|| {
        (0..BURST).for_each(|_| raise(SIGUSR1));
        raise(SIGUSR2);
    });
    stops(&lp, SIGUSR2);
    lp.run_forever().unwrap();
    raises.join().unwrap();
    settle(&lp);
    assert!((1..=BURST).contains(&calls.get()), "{}", calls.get());
    lp.close().unwrap();
}

fn beside_a_million() {
    const CALLS: usize = 1_000_000;
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    let remote = lp.remote();
    let ran = Arc::new(AtomicUsize::new(0));
    let runs = ran.clone();
    let floods = thread::spawn(move || {
        for at in 0..CALLS {
            let runs = runs.clone();
            if at == CALLS / 2 {
                raise(SIGUSR1);
            }
            remote.call_soon(move || _ = runs.fetch_add(1, Ordering::Relaxed)).unwrap();
        }
    });
    floods.join().unwrap();
    settle(&lp);
    assert_eq!((calls.get(), ran.load(Ordering::Relaxed)), (1, CALLS));
    lp.close().unwrap();
}

fn replaced() {
    let lp = SelectorEventLoop::new();
    let (first, second) = (counted(&lp, SIGUSR1), counted(&lp, SIGUSR1));
    raise(SIGUSR1);
    settle(&lp);
    assert_eq!((first.get(), second.get()), (0, 1));
    // One that was raised and not told yet is told to whoever is there by then.
    raise(SIGUSR1);
    let third = counted(&lp, SIGUSR1);
    settle(&lp);
    assert_eq!((second.get(), third.get()), (1, 1));
    lp.close().unwrap();
}

fn removed_before_it_was_called() {
    let lp = SelectorEventLoop::new();
    let former = action(SIGUSR1, Some(counter())).sa_sigaction;
    let calls = counted(&lp, SIGUSR1);
    raise(SIGUSR1);
    assert!(lp.remove_signal_handler(SIGUSR1) && !lp.remove_signal_handler(SIGUSR1));
    settle(&lp);
    // Nor is one told that comes later.
    raise(SIGUSR1);
    let later = counted(&lp, SIGUSR1);
    settle(&lp);
    assert_eq!((calls.get(), later.get()), (0, 0));
    // The handler of another signal, in the same turn, is early enough.
    let it = lp.clone();
    lp.add_signal_handler(SIGUSR1, move |_| assert!(it.remove_signal_handler(SIGUSR2))).unwrap();
    let calls = counted(&lp, SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR2);
    settle(&lp);
    assert_eq!(calls.get(), 0);
    lp.close().unwrap();
    action(SIGUSR1, Some(former));
}

fn streams() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    let (mut first, mut second) = (lp.signal(SIGUSR1).unwrap(), lp.signal(SIGUSR1).unwrap());
    for _ in 0..3 {
        raise(SIGUSR1);
        settle(&lp);
    }
    drop(lp.run_until_complete(async {
        for _ in 0..3 {
            assert_eq!(first.recv().await, Some(SIGUSR1));
        }
    }));
    drop(first);
    assert!(lp.remove_signal_handler(SIGUSR1));
    assert_ne!(handler(SIGUSR1), libc::SIG_DFL, "the other one listens");
    raise(SIGUSR1);
    settle(&lp);
    let heard = lp.run_until_complete(async {
        for _ in 0..4 {
            second.recv().await.unwrap();
        }
        let woken = lp.spawn_local(async move { second.recv().await }).unwrap();
        anyloop::sleep(std::time::Duration::ZERO).await.unwrap();
        raise(SIGUSR1);
        woken.await
    });
    assert_eq!((heard, calls.get()), (Ok(Ok(Some(SIGUSR1))), 3));
    assert_eq!(handler(SIGUSR1), libc::SIG_DFL, "it was dropped with its task");
    let mut last = lp.signal(SIGUSR1).unwrap();
    lp.close().unwrap();
    let other = SelectorEventLoop::new();
    assert_eq!(other.run_until_complete(last.recv()), Ok(None));
    other.close().unwrap();
}

fn two_loops() {
    let ready = Arc::new(Barrier::new(3));
    let threads = [SIGUSR2, SIGTERM].map(|own| {
        let ready = ready.clone();
        thread::spawn(move || {
            let lp = SelectorEventLoop::new();
            let (shared, alone) = (counted(&lp, SIGUSR1), counted(&lp, own));
            stops(&lp, SIGHUP);
            ready.wait();
            ready.wait();
            lp.run_forever().unwrap();
            lp.close().unwrap();
            (shared.get(), alone.get())
        })
    });
    ready.wait();
    [SIGUSR1, SIGUSR2, SIGTERM].into_iter().for_each(raise);
    ready.wait();
    // Both are told before they stop: the bits of a bell are heard in order, and this is the lowest.
    raise(SIGHUP);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), (1, 1));
    }
    assert_eq!([SIGUSR1, SIGUSR2, SIGTERM, SIGHUP].map(handler), [libc::SIG_DFL; 4]);
}

fn what_was_there_before() {
    action(SIGUSR1, Some(counter()));
    action(SIGUSR2, Some(libc::SIG_IGN));
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    counted(&lp, SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR2);
    settle(&lp);
    assert_eq!((calls.get(), CALLS.load(Ordering::SeqCst)), (1, 1), "both are called");
    assert!(lp.remove_signal_handler(SIGUSR1));
    assert_eq!(handler(SIGUSR1), counter());
    raise(SIGUSR1);
    assert_eq!(CALLS.load(Ordering::SeqCst), 2);
    // The other one is put back when the loop is closed.
    lp.close().unwrap();
    assert_eq!(handler(SIGUSR2), libc::SIG_IGN);
    raise(SIGUSR2);
}

fn somebody_elses() {
    let lp = SelectorEventLoop::new();
    counted(&lp, SIGUSR1);
    action(SIGUSR1, Some(counter()));
    assert!(lp.remove_signal_handler(SIGUSR1));
    assert_eq!(handler(SIGUSR1), counter());
    lp.close().unwrap();
}

fn system_calls_begin_again() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    assert_ne!(action(SIGUSR1, None).sa_flags & libc::SA_RESTART, 0);
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let (tells, told) = mpsc::channel();
    let reads = thread::spawn(move || {
        // SAFETY: it only gives a number.
        tells.send(unsafe { libc::pthread_self() }).unwrap();
        reader.read(&mut [0]).map_err(|error| error.kind())
    });
    let thread = told.recv().unwrap();
    for _ in 0..1000 {
        // SAFETY: the thread is there, for it reads what is not written yet.
        assert_eq!(unsafe { libc::pthread_kill(thread, SIGUSR1) }, 0);
    }
    writer.write_all(&[1]).unwrap();
    assert_eq!(reads.join().unwrap(), Ok(1));
    settle(&lp);
    assert!((1..=1000).contains(&calls.get()));
    lp.close().unwrap();
}

fn panics() {
    let lp = SelectorEventLoop::new();
    std::panic::set_hook(Box::new(|_| ()));
    let reported = Rc::new(RefCell::new(Vec::new()));
    let reports = reported.clone();
    let hears = Rc::new(move |exception: &Exception<'_>| {
        reports.borrow_mut().push(exception.panic_message().map(String::from));
    });
    lp.capabilities().observe.unwrap().set_exception_handler(Some(hears));
    lp.add_signal_handler(SIGUSR1, |_| panic!("one that fails")).unwrap();
    let mut beside = lp.signal(SIGUSR1).unwrap();
    for _ in 0..2 {
        raise(SIGUSR1);
        settle(&lp);
        assert_eq!(lp.run_until_complete(beside.recv()), Ok(Some(SIGUSR1)));
    }
    assert_eq!(*reported.borrow(), vec![Some(String::from("one that fails")); 2]);
    lp.close().unwrap();
}

fn a_forked_child() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    raise(SIGUSR1);
    // SAFETY: the child raises a signal that is handled, asks, and ends without running anything else.
    let child = match unsafe { libc::fork() } {
        0 => {
            raise(SIGUSR1);
            let refused = matches!(lp.add_signal_handler(SIGUSR2, |_| ()), Err(SignalHandlerError::Os(_)));
            let well = refused
                && !lp.remove_signal_handler(SIGUSR1)
                && lp.close() == Err(CloseError::WrongProcess)
                && calls.get() == 0;
            // One of its own hears what it asks for.
            let own = SelectorEventLoop::new();
            let heard = counted(&own, SIGUSR1);
            raise(SIGUSR1);
            settle(&own);
            let well = well && heard.get() == 1 && own.close().is_ok();
            drop(lp);
            // SAFETY: it ends the process, and nothing of the parent's is dropped.
            unsafe { libc::_exit(i32::from(!well)) }
        }
        pid => pid,
    };
    let mut status = 0;
    // SAFETY: the child is there, and the pointer is valid.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the child ended with {status}");
    settle(&lp);
    assert_eq!(calls.get(), 1, "what was raised here, and not what was raised there");
    lp.close().unwrap();
}

fn closed() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    let signals = lp.clone();
    raise(SIGUSR1);
    lp.close().unwrap();
    assert_eq!(handler(SIGUSR1), libc::SIG_DFL);
    assert_eq!(lp.add_signal_handler(SIGUSR1, |_| ()), Err(SignalHandlerError::Closed));
    assert!(matches!(lp.signal(SIGUSR1), Err(SignalHandlerError::Closed)));
    assert!(!lp.remove_signal_handler(SIGUSR1));
    let raw = signals.capabilities().signals.unwrap();
    assert_eq!(raw.add_signal_handler(SIGUSR1, Rc::new(|_| ())), Err(OsError::from_raw(libc::EBADF)));
    assert_eq!((handler(SIGUSR1), calls.get()), (libc::SIG_DFL, 0));
}

fn closed_while_dropping() {
    /// Uses the loop when it is dropped.
    struct Last(Loop, Rc<Cell<u32>>);

    impl Drop for Last {
        fn drop(&mut self) {
            assert!(self.0.add_signal_handler(SIGUSR2, |_| ()).is_err(), "it is closed");
            assert!(!self.0.remove_signal_handler(SIGUSR1));
            self.1.set(self.1.get() + 1);
        }
    }

    let (lp, dropped) = (SelectorEventLoop::new(), Rc::new(Cell::new(0)));
    let last = Last(lp.clone(), dropped.clone());
    lp.add_signal_handler(SIGUSR1, move |_| _ = &last).unwrap();
    lp.close().unwrap();
    assert_eq!((dropped.get(), handler(SIGUSR1), handler(SIGUSR2)), (1, libc::SIG_DFL, libc::SIG_DFL));
}

fn bad_numbers() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    let uncatchable = [libc::SIGKILL, libc::SIGSTOP];
    let faults = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    let none = [0, -1, 65, 1000, i32::MIN, i32::MAX];
    for number in [&uncatchable[..], &faults, &none].concat() {
        let refused = SignalHandlerError::Os(OsError::from_raw(libc::EINVAL));
        assert_eq!(lp.add_signal_handler(number, |_| ()), Err(refused), "{number}");
        assert_eq!(lp.signal(number).err(), Some(refused), "{number}");
        assert!(!lp.remove_signal_handler(number));
    }
    // Rust's runtime has a handler of its own for two of them.
    assert_eq!([libc::SIGFPE, libc::SIGILL].map(handler), [libc::SIG_DFL; 2]);
    assert!(counted(&lp, libc::SIGRTMAX()).get() == 0);
    raise(libc::SIGRTMAX());
    raise(SIGUSR1);
    settle(&lp);
    assert_eq!(calls.get(), 1, "those that are there are heard");
    lp.close().unwrap();
}

fn blocked() {
    // SAFETY: all of a signal set may be zero, and the calls only write to it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, SIGUSR1);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
    }
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGUSR1);
    raise(SIGUSR1);
    settle(&lp);
    assert_eq!(calls.get(), 1);
    lp.close().unwrap();
}

fn descriptors() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for _ in 0..10 {
        let lp = SelectorEventLoop::new();
        for signal in [SIGUSR1, SIGUSR2, SIGUSR1] {
            counted(&lp, signal);
        }
        drop(lp.signal(SIGTERM).unwrap());
        lp.close().unwrap();
    }
    assert_eq!(open(), before);
}

/// A stream in a task of the loop does not keep the loop.
fn abandoned() {
    let before = handler(SIGUSR1);
    let lp = SelectorEventLoop::new();
    let mut stream = lp.signal(SIGUSR1).unwrap();
    drop(lp.spawn_local(async move { stream.recv().await }).unwrap());
    assert_ne!(handler(SIGUSR1), before);
    drop(lp);
    assert_eq!(handler(SIGUSR1), before, "the loop is gone");
}

/// Child watchers do not want to know of them, but whoever listens for SIGCHLD may.
fn stopped_children() {
    let lp = SelectorEventLoop::new();
    let calls = counted(&lp, SIGCHLD);
    // SAFETY: the child only waits.
    let child = match unsafe { libc::fork() } {
        0 => loop {
            // SAFETY: it takes nothing.
            unsafe { libc::pause() };
        },
        pid => pid,
    };
    let mut status = 0;
    // SAFETY: the child is this process's, and the pointer is valid.
    unsafe {
        libc::kill(child, libc::SIGSTOP);
        assert_eq!(libc::waitpid(child, &raw mut status, libc::WUNTRACED), child);
    }
    settle(&lp);
    assert_eq!(calls.get(), 1);
    // SAFETY: as above.
    unsafe {
        libc::kill(child, libc::SIGKILL);
        libc::waitpid(child, &raw mut status, 0);
    }
    lp.close().unwrap();
}
