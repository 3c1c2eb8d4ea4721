//! What does the like of `call_soon` cost elsewhere?
//!
//! Where a loop has tasks and no callbacks, a task without an await is the like.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use async_executor::LocalExecutor;
use calloop::{EventLoop, LoopHandle};
use tokio::task::LocalSet;

use super::{Tally, tallied};
use crate::case::{Order, Sample, Subject};
use crate::{peers, uv};

/// Schedules a batch with `spawn`, and the driver of the next.
macro_rules! kick_with {
    ($kick:ident, $spawn:expr $(, $executor:ident: $Executor:ty)?) => {
        fn $kick($($executor: $Executor,)? tally: &'static Tally) {
            for index in 1..tally.batch {
                let (one, other) = tally.words(index);
                _ = $spawn(async move {
                    tally.hit(one, other);
                });
            }
            _ = $spawn(async move {
                if tally.hit(0, 0) {
                    $kick($($executor,)? tally);
                }
            });
        }
    };
}

/// Ready when the tally is done, for loops that poll their root when they have nothing else.
async fn done(tally: &Tally) {
    poll_fn(|context| {
        if tally.is_done() {
            return Poll::Ready(());
        }
        tally.wake_when_done(context.waker());
        Poll::Pending
    })
    .await;
}

kick_with!(kick_tokio, tokio::task::spawn_local);

fn tokio_local_set(tally: &'static Tally) {
    LocalSet::new().block_on(&peers::tokio(), async {
        kick_tokio(tally);
        done(tally).await;
    });
}

fn tokio_local_runtime(tally: &'static Tally) {
    peers::tokio_local().block_on(async {
        kick_tokio(tally);
        done(tally).await;
    });
}

type Executor = &'static LocalExecutor<'static>;

kick_with!(kick_smol, |future| executor.spawn(future).detach(), executor: Executor);

fn smol(tally: &'static Tally) {
    let executor: Executor = Box::leak(Box::default());
    async_io::block_on(executor.run(async {
        kick_smol(executor, tally);
        done(tally).await;
    }));
}

kick_with!(kick_monoio, monoio::spawn);

fn monoio(tally: &'static Tally) {
    peers::monoio(async {
        kick_monoio(tally);
        done(tally).await;
    });
}

fn kick_calloop(lp: &Rc<LoopHandle<'static, ()>>, tally: &'static Tally) {
    for index in 1..tally.batch {
        let (one, other) = tally.words(index);
        lp.insert_idle(move |()| {
            tally.hit(one, other);
        });
    }
    let again = lp.clone();
    lp.insert_idle(move |()| {
        if tally.hit(0, 0) {
            kick_calloop(&again, tally);
        }
    });
}

fn calloop(tally: &'static Tally) {
    let mut lp = EventLoop::<()>::try_new().expect("a loop");
    kick_calloop(&Rc::new(lp.handle()), tally);
    while !tally.is_done() {
        lp.dispatch(Some(Duration::ZERO), &mut ()).expect("it runs");
    }
}

fn libuv(tally: &'static Tally) {
    tally.ran.set(uv::call_soon(tally.batch, tally.length));
}

/// Who looks for events in every turn.
pub(super) fn polling() -> Subject {
    uv::subject(|order: &Order| tallied(order, 1, libuv))
}

pub(super) fn subjects(batch: u64) -> Vec<Subject> {
    let measure = |run: fn(&'static Tally)| move |order: &Order| -> Sample { tallied(order, batch, run) };
    let poll_each_turn = if batch == 1 { 10 } else { 1 };
    vec![
        Subject::peer("tokio", measure(tokio_local_set)),
        Subject::peer("tokio LocalRuntime", measure(tokio_local_runtime)),
        Subject::peer("smol", measure(smol)),
        Subject::peer("monoio", measure(monoio)),
        Subject::peer("calloop", measure(calloop)).slower(poll_each_turn),
        uv::subject(measure(libuv)).slower(poll_each_turn),
    ]
}
