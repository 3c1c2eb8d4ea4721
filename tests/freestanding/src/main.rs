//! Does anyloop work where there is neither std nor libc? This program says so by its exit status.
//!
//! | file | answers |
//! | --- | --- |
//! | `main.rs` | what has to work? |
//! | `board.rs` | what does a host without std give to anyloop? |
//! | `memory.rs` | where does memory come from? |
//! | `host.rs` | how does the program talk to the kernel? |

#![no_std]
#![no_main]

extern crate alloc;

mod board;
mod host;
mod memory;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::error::Error;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;

use anyloop::{Loop, Policy, PolicyError, RegisterContextError, RejectReason, RunError};

type Outcome = Result<(), Box<dyn Error>>;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Where `_start` goes.
extern "C" fn main() -> ! {
    let outcome = contexts().and_then(|()| {
        run_all()?;
        let live = memory::live_blocks();
        run_all()?;
        assert_eq!(memory::live_blocks(), live, "the second time left memory behind");
        host::say!("ok: no memory is left behind");
        Ok(())
    });
    match outcome {
        Ok(()) => host::exit(0),
        Err(error) => {
            host::say!("FAILED: {error}");
            host::exit(1)
        }
    }
}

/// Everything, from setting the policy to resetting it.
fn run_all() -> Outcome {
    let lp = policies()?;
    callbacks(&lp)?;
    futures(&lp)?;
    interrupts(&lp)?;
    closing(&lp)?;
    drop(lp);
    anyloop::set_event_loop_policy(None);
    Ok(())
}

fn contexts() -> Outcome {
    assert_eq!(anyloop::get_event_loop_policy().err(), Some(PolicyError::NoPolicy));
    assert!(anyloop::ContextId::current().is_err());
    anyloop::register_context(board::context())?;
    assert_eq!(anyloop::register_context(board::context()), Err(RegisterContextError::AlreadyRegistered));
    assert!(anyloop::ContextId::current().is_ok());
    host::say!("ok: a context is registered once");
    Ok(())
}

fn policies() -> Result<Loop, Box<dyn Error>> {
    let inner =
        Policy::layered(Policy::new(board::HostPolicy::default()), board::Noting("inner new", "inner set"));
    let outer = Policy::layered(inner, board::Noting("outer new", "outer set"));
    assert!(anyloop::set_event_loop_policy(Some(outer.clone())).is_none());
    assert!(anyloop::get_event_loop_policy()?.is_same(&outer));

    let lp = anyloop::get_event_loop()?;
    assert_eq!(board::take_calls(), ["outer new", "inner new", "outer set", "inner set"]);
    assert!(lp.is_same(&anyloop::get_event_loop()?));
    assert_eq!(board::take_calls(), [""; 0]);
    assert!(matches!(anyloop::get_child_watcher(), Err(PolicyError::Unsupported(_))));
    host::say!("ok: a loop made implicitly comes from the outermost policy");
    Ok(lp)
}

fn callbacks(lp: &Loop) -> Outcome {
    let order = Rc::new(RefCell::new(Vec::new()));
    let push = |number: u64| {
        let order = order.clone();
        move || order.borrow_mut().push(number)
    };
    let start = lp.time();
    let (it, late) = (lp.clone(), push(6));
    lp.call_later(3 * MILLISECOND, move || {
        late();
        it.stop();
    })?;
    lp.call_later(2 * MILLISECOND, push(5))?;
    lp.call_soon(push(1))?;
    let never = lp.call_soon(push(99))?;
    assert!(lp.cancel(never) && !lp.cancel(never));
    // A closure too big to be stored inline.
    let (padding, boxed) = ([1_u64; 40], push(2));
    lp.call_soon(move || {
        assert_eq!(padding.iter().sum::<u64>(), 40);
        boxed();
    })?;
    static REMOTE_RAN: AtomicBool = AtomicBool::new(false);
    lp.remote().call_soon(|| REMOTE_RAN.store(true, Ordering::Relaxed))?;
    let (next, again) = (push(4), lp.clone());
    lp.call_soon(move || assert!(again.call_soon(next).is_ok() && REMOTE_RAN.load(Ordering::Relaxed)))?;
    lp.call_soon(push(3))?;

    lp.run_forever()?;
    assert_eq!(*order.borrow(), [1, 2, 3, 4, 5, 6]);
    assert!(lp.time() - start >= 3 * MILLISECOND, "a timer ran early");
    host::say!("ok: callbacks run in order, timers at their time");
    Ok(())
}

fn futures(lp: &Loop) -> Outcome {
    let start = lp.time();
    let sum = lp.run_until_complete(async {
        let two = lp.spawn_local(async { anyloop::sleep(2 * MILLISECOND).await.map(|()| 2) })?;
        let three = anyloop::get_running_loop()?.spawn_local(async { 3 })?;
        Ok::<_, Box<dyn Error>>(two.await?? + three.await?)
    })??;
    assert_eq!(sum, 5);
    assert!(lp.time() - start >= 2 * MILLISECOND, "a sleep ended early");
    assert_eq!(anyloop::run(async { 42 })?, 42);
    host::say!("ok: futures finish and sleep");
    Ok(())
}

/// What the interrupt wakes: a pointer to a waker that outlives it.
static WAKER: AtomicPtr<Waker> = AtomicPtr::new(core::ptr::null_mut());
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs while anything else is interrupted: without heap, without context, by waking only.
fn interrupt() {
    INTERRUPTED.store(true, Ordering::Release);
    let no_context = anyloop::ContextId::current().is_err();
    let waker = WAKER.load(Ordering::Acquire);
    if no_context && !waker.is_null() {
        // SAFETY: `interrupts` keeps the waker until it has seen INTERRUPTED.
        unsafe { (*waker).wake_by_ref() };
    }
}

fn interrupts(lp: &Loop) -> Outcome {
    INTERRUPTED.store(false, Ordering::Relaxed);
    let kept = Cell::new(None);
    lp.run_until_complete(poll_fn(|cx| {
        if INTERRUPTED.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let waker = Box::into_raw(Box::new(cx.waker().clone()));
        kept.set(Some(waker));
        WAKER.store(waker, Ordering::Release);
        host::interrupt_once(2_000);
        Poll::Pending
    }))?;
    WAKER.store(core::ptr::null_mut(), Ordering::Release);
    let waker = kept.take().ok_or("the future was ready without an interrupt")?;
    // SAFETY: it came from `into_raw` above, and the one interrupt is over.
    drop(unsafe { Box::from_raw(waker) });
    host::say!("ok: an interrupt wakes a sleeping loop, without heap and without context");
    Ok(())
}

fn closing(lp: &Loop) -> Outcome {
    let dropped = Rc::new(());
    let (queued, pending) = (dropped.clone(), dropped.clone());
    lp.call_soon(move || drop(queued))?;
    drop(lp.spawn_local(async move {
        core::future::pending::<()>().await;
        drop(pending);
    })?);
    lp.close()?;
    assert_eq!(Rc::strong_count(&dropped), 1, "close left a callback or a task behind");
    assert_eq!(lp.run_forever(), Err(RunError::Closed));
    let called = Rc::new(Cell::new(false));
    let call = called.clone();
    let rejected = lp.call_soon(move || call.set(true)).err().ok_or("a closed loop took a callback")?;
    assert_eq!(rejected.reason, RejectReason::Closed);
    rejected.item.call();
    assert!(called.get() && lp.remote().is_closed());
    anyloop::set_event_loop(None)?;
    assert!(matches!(anyloop::get_event_loop(), Err(PolicyError::NoCurrentLoop { .. })));
    board::take_calls();
    host::say!("ok: a closed loop drops what it has and hands back what it gets");
    Ok(())
}
