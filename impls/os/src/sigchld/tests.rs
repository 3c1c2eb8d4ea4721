//! Does every loop hear the signals that it listens for, whatever others hear, and however many come?

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Barrier;
use std::thread;

use anyloop::Loop;

use super::ear::{Ear, Listener};

/// Stops the loop when a signal came that it waits for.
struct Hears {
    lp: Loop,
    heard: Rc<RefCell<Vec<i32>>>,
    until: i32,
}

impl Listener for Hears {
    fn hear(&self, signal: i32) {
        self.heard.borrow_mut().push(signal);
        if signal == self.until {
            self.lp.stop();
        }
    }
}

fn listen(lp: &Loop, signals: &[i32], until: i32) -> (Ear, Rc<RefCell<Vec<i32>>>) {
    let heard = Rc::default();
    let hears = Hears { lp: lp.clone(), heard: Rc::clone(&heard), until };
    (Ear::listen(lp, signals, hears).expect("it listens"), heard)
}

fn raise(signal: i32) {
    // SAFETY: somebody listens for it, so it ends nothing.
    assert_eq!(unsafe { libc::raise(signal) }, 0);
}

/// Two loops on two threads listen for one signal, and each for one of its own.
#[test]
fn each_loop_hears_what_it_listens_for() {
    let own = [libc::SIGUSR1, libc::SIGUSR2];
    let (listening, over) = (Barrier::new(3), Barrier::new(3));
    thread::scope(|scope| {
        let loops = own.map(|own| {
            let (listening, over) = (&listening, &over);
            scope.spawn(move || {
                let lp = crate::SelectorEventLoop::new();
                let (ear, heard) = listen(&lp, &[libc::SIGURG, own], libc::SIGURG);
                listening.wait();
                over.wait();
                lp.run_forever().expect("it runs");
                ear.cover();
                lp.close().expect("it does not run");
                heard.take()
            })
        });
        listening.wait();
        // More than any counter of one's own would hold apart, and none of them is heard twice.
        for _ in 0..10_000 {
            raise(libc::SIGUSR1);
        }
        raise(libc::SIGUSR2);
        raise(libc::SIGURG);
        over.wait();
        let heard = loops.map(|lp| lp.join().expect("a thread that is well"));
        assert_eq!(heard, own.map(|own| vec![own, libc::SIGURG]));
    });
}

/// A signal that comes while its predecessor is heard is heard as well.
#[test]
fn what_comes_meanwhile_is_heard() {
    struct Again(Loop, RefCell<u32>);

    impl Listener for Again {
        fn hear(&self, signal: i32) {
            *self.1.borrow_mut() += 1;
            if *self.1.borrow() < 100 {
                raise(signal);
            } else {
                self.0.stop();
            }
        }
    }

    let lp = crate::SelectorEventLoop::new();
    let ear = Ear::listen(&lp, &[libc::SIGWINCH], Again(lp.clone(), RefCell::default())).expect("it listens");
    raise(libc::SIGWINCH);
    lp.run_forever().expect("it runs");
    ear.cover();
    lp.close().expect("it does not run");
}

/// Who listens no more has the former handler back, and what cannot be listened for is refused whole.
#[test]
fn nothing_is_left_behind() {
    let action = |signal| {
        // SAFETY: all of a `sigaction` may be zero, and the call only writes to it.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &raw mut action);
            action.sa_sigaction
        }
    };
    let lp = crate::SelectorEventLoop::new();
    let (first, _) = listen(&lp, &[libc::SIGIO], 0);
    let (second, _) = listen(&lp, &[libc::SIGIO, libc::SIGPROF], 0);
    assert_ne!([action(libc::SIGIO), action(libc::SIGPROF)], [libc::SIG_DFL; 2]);
    let hears = Hears { lp: lp.clone(), heard: Rc::default(), until: 0 };
    assert!(
        Ear::listen(&lp, &[libc::SIGVTALRM, libc::SIGKILL], hears).is_err(),
        "nobody listens for SIGKILL"
    );
    assert_eq!(action(libc::SIGVTALRM), libc::SIG_DFL);
    for (ear, left) in [(first, false), (second, true)] {
        let it = lp.clone();
        lp.call_soon(move || {
            ear.cover();
            it.stop();
        })
        .expect("it is open");
        lp.run_forever().expect("it runs");
        assert_eq!(action(libc::SIGIO) == libc::SIG_DFL, left);
    }
    assert_eq!(action(libc::SIGPROF), libc::SIG_DFL);
    lp.close().expect("it does not run");
}
