//! What does it cost to ask which loop runs here, and which policy is in force?

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

use crate::case::{CPU_FIRST, Case, Order, Sample, Subject, Topic};
use crate::clock::timed;
use crate::peers;

/// Asks so many times.
fn asked<R>(order: &Order, ask: impl Fn() -> R) -> Sample {
    timed(order.length, || {
        for _ in 0..order.length {
            black_box(ask());
        }
    })
}

fn get_event_loop(order: &Order) -> Sample {
    let order = *order;
    let lp = anyloop_bench_subject::make();
    let ask = || anyloop::get_event_loop().expect("it runs");
    lp.run_until_complete(async { asked(&order, ask) }).expect("it runs")
}

fn bare_read(order: &Order) -> Sample {
    thread_local!(static RUNNING: Cell<usize> = const { Cell::new(1) });
    asked(order, || RUNNING.with(Cell::get))
}

fn bare_clone(order: &Order) -> Sample {
    trait Object {}
    impl Object for u64 {}
    thread_local!(static RUNNING: Cell<*const Rc<dyn Object>> = const { Cell::new(std::ptr::null()) });
    let running: Rc<dyn Object> = Rc::new(7_u64);
    RUNNING.set(&raw const running);
    // SAFETY: `running` lives until the end of this function.
    asked(order, || unsafe { RUNNING.get().as_ref() }.cloned())
}

fn tokio_handle(order: &Order) -> Sample {
    peers::tokio().block_on(async { asked(order, tokio::runtime::Handle::current) })
}

fn get_event_loop_policy(order: &Order) -> Sample {
    anyloop::set_event_loop_policy(Some(anyloop_bench_subject::policy()));
    asked(order, || anyloop::get_event_loop_policy().expect("it was set"))
}

fn bare_lock(order: &Order) -> Sample {
    trait Object: Send + Sync {}
    impl Object for u64 {}
    static SLOT: RwLock<Option<Arc<dyn Object>>> = RwLock::new(None);
    let lock = || SLOT.read().unwrap_or_else(PoisonError::into_inner);
    *SLOT.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(7_u64));
    asked(order, || lock().clone())
}

/// Those who can say which loop runs here.
pub(crate) fn get_event_loop_subjects() -> Vec<Subject> {
    vec![
        Subject::anyloop(get_event_loop),
        Subject::limit("thread-local read", bare_read),
        Subject::limit("read, clone, drop", bare_clone),
        Subject::peer("tokio Handle::current", tokio_handle),
    ]
}

pub(crate) fn topic() -> Topic {
    let case = |name, about, subjects| Case {
        name,
        about,
        metrics: CPU_FIRST,
        length: 20_000_000,
        quick: 1_000_000,
        cpus: 1,
        subjects,
    };
    Topic {
        name: "policy",
        about: "one question, and the answer dropped",
        cases: vec![
            case("get_event_loop", "get_event_loop() inside a running loop", get_event_loop_subjects()),
            case(
                "get_event_loop_policy",
                "get_event_loop_policy()",
                vec![Subject::anyloop(get_event_loop_policy), Subject::limit("lock, clone, drop", bare_lock)],
            ),
        ],
    }
}
