//! How late is a timer of a few milliseconds?

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::delays;
use crate::case::{Order, Sample, Subject};
use crate::clock::now;
use crate::limits::eventfd::Bell;
use crate::{peers, uv};

/// Where the timers put how late they are, in nanoseconds.
type Late = Rc<RefCell<Vec<i64>>>;

fn due(order: &Order) -> Vec<u64> {
    delays(order.length, 1_000_000, 50_000_000)
}

fn since(due: u64) -> i64 {
    now().wrapping_sub(due).cast_signed()
}

/// The same, for those who tell the time by std: a conversion between both would be early or late.
fn since_instant(due: Instant) -> i64 {
    let nanos = |time: Duration| i64::try_from(time.as_nanos()).expect("a short time");
    let now = Instant::now();
    nanos(now.saturating_duration_since(due)) - nanos(due.saturating_duration_since(now))
}

fn sample(mut late: Vec<i64>) -> Sample {
    late.sort_unstable();
    let at = |share: f64| late[((late.len() - 1) as f64 * share).round() as usize] as f64 / 1000.0;
    Sample(vec![("median", at(0.5)), ("earliest", at(0.0)), ("p99", at(0.99)), ("latest", at(1.0))])
}

fn anyloop(order: &Order) -> Sample {
    let lp = crate::call_soon::loop_with_poller();
    let late = Late::default();
    let base = lp.time();
    for delay in due(order) {
        let (due, length, late) = (base + Duration::from_nanos(delay), order.length as usize, late.clone());
        let callback = move || {
            late.borrow_mut().push(since(due.as_nanos()));
            if late.borrow().len() == length {
                lp.stop();
            }
        };
        lp.call_at(due, callback).expect("the loop is open");
    }
    lp.run_forever().expect("it runs");
    sample(late.take())
}

fn epoll_pwait2(order: &Order) -> Sample {
    let bell = Bell::new();
    let base = now();
    let mut timers: BinaryHeap<_> = due(order).into_iter().map(|delay| Reverse(base + delay)).collect();
    let mut late = Vec::new();
    while let Some(Reverse(due)) = timers.peek().copied() {
        if let Some(wait) = due.checked_sub(now()).filter(|wait| *wait > 0) {
            bell.wait_precisely(Duration::from_nanos(wait));
        } else {
            timers.pop();
            late.push(since(due));
        }
    }
    sample(late)
}

/// The same for a thread whose timers the kernel may not put together: 50 microseconds is usual.
fn epoll_pwait2_without_slack(order: &Order) -> Sample {
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).expect("a thread may be exact");
    epoll_pwait2(order)
}

/// Spawns a task for each timer and waits for them.
async fn tasks<T: Future, S: Future + 'static>(
    order: &Order,
    late: &Late,
    sleep_until: impl Fn(Instant) -> S,
    spawn: impl Fn(std::pin::Pin<Box<dyn Future<Output = ()>>>) -> T,
) {
    let base = Instant::now();
    let mut running = Vec::new();
    for delay in due(order) {
        let due = base + Duration::from_nanos(delay);
        let (sleep, late) = (sleep_until(due), late.clone());
        running.push(spawn(Box::pin(async move {
            sleep.await;
            late.borrow_mut().push(since_instant(due));
        })));
    }
    for task in running {
        task.await;
    }
}

fn tokio(order: &Order) -> Sample {
    let late = Late::default();
    let sleep_until = |due: Instant| tokio::time::sleep_until(due.into());
    tokio::task::LocalSet::new()
        .block_on(&peers::tokio(), tasks(order, &late, sleep_until, tokio::task::spawn_local));
    sample(late.take())
}

fn smol(order: &Order) -> Sample {
    let executor = async_executor::LocalExecutor::new();
    let late = Late::default();
    let all = tasks(order, &late, async_io::Timer::at, |future| executor.spawn(future));
    async_io::block_on(executor.run(all));
    sample(late.take())
}

fn monoio(order: &Order) -> Sample {
    let late = Late::default();
    let sleep_until =
        |due| async move { monoio::time::sleep_until(monoio::time::Instant::from_std(due)).await };
    peers::monoio(tasks(order, &late, sleep_until, monoio::spawn));
    sample(late.take())
}

fn calloop(order: &Order) -> Sample {
    use calloop::timer::{TimeoutAction, Timer};
    let mut lp = calloop::EventLoop::<Vec<i64>>::try_new().expect("a loop");
    let base = Instant::now();
    for delay in due(order) {
        let due = base + Duration::from_nanos(delay);
        let timer = Timer::from_deadline(due);
        let inserted = lp.handle().insert_source(timer, move |_, (), late: &mut Vec<i64>| {
            late.push(since_instant(due));
            TimeoutAction::Drop
        });
        inserted.expect("a timer");
    }
    let mut late = Vec::new();
    while late.len() < order.length as usize {
        lp.dispatch(None, &mut late).expect("it runs");
    }
    sample(late)
}

fn libuv(order: &Order) -> Sample {
    sample(uv::lateness(&due(order)))
}

pub(super) fn subjects() -> Vec<Subject> {
    vec![
        Subject::anyloop(anyloop),
        Subject::limit("epoll_pwait2", epoll_pwait2),
        Subject::limit("epoll_pwait2, no slack", epoll_pwait2_without_slack),
        Subject::peer("tokio", tokio),
        Subject::peer("smol", smol),
        Subject::peer("monoio", monoio),
        Subject::peer("calloop", calloop),
        uv::subject(libuv),
    ]
}
