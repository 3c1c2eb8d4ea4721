//! What does a loop cost that is made, runs one callback, and is closed?
//!
//! Once without I/O, where a loop may do without the kernel; once for a descriptor that is readable,
//! where it may not; and once for that descriptor while another thread could wake the loop, which
//! takes an eventfd as well. smol has one reactor for the whole process, which is made before.

use std::collections::VecDeque;
use std::hint::black_box;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;

use anyloop::{Interest, Loop, RawSource, Trigger};

use crate::case::{CPU_FIRST, Case, Order, Sample, Subject, Topic};
use crate::clock::timed;
use crate::limits::eventfd::{Bell, new_eventfd, wait_once_for};
use crate::limits::inline::Inline;
use crate::{peers, uv};

/// Does it once unmeasured, and then so many times.
fn repeated(order: &Order, once: impl Fn()) -> Sample {
    once();
    timed(order.length, || (0..order.length).for_each(|_| once()))
}

fn lazily(once: fn()) -> impl Fn(&Order) -> Sample {
    move |order| repeated(order, once)
}

/// Gives each run the same descriptor, which stays readable.
fn eagerly(once: fn(&OwnedFd)) -> impl Fn(&Order) -> Sample {
    move |order| {
        let readable = new_eventfd(1);
        repeated(order, || once(&readable))
    }
}

fn anyloop() {
    let lp = anyloop_bench_subject::make();
    let it = lp.clone();
    lp.call_soon(move || it.stop()).expect("the loop is open");
    lp.run_forever().expect("it runs");
    lp.close().expect("it is idle");
}

fn anyloop_watching(source: &OwnedFd) {
    watch_once(&anyloop_bench_subject::make(), source);
}

fn anyloop_with_remote(source: &OwnedFd) {
    let lp = anyloop_bench_subject::make();
    let remote = lp.remote();
    watch_once(&lp, source);
    drop(remote);
}

fn watch_once(lp: &Loop, source: &OwnedFd) {
    let it = lp.clone();
    let readiness = lp.capabilities().readiness.expect("a loop for descriptors");
    let raw = RawSource(source.as_raw_fd() as isize);
    let interest = Interest { readable: true, writable: false };
    // SAFETY: the source is open for as long as this call takes, and the loop is closed in it.
    unsafe { readiness.add(raw, interest, Trigger::Level, Rc::new(move |_| it.stop())) }
        .expect("it can be watched");
    lp.run_forever().expect("it runs");
    lp.close().expect("it is idle");
}

fn queue() {
    let mut queue = VecDeque::new();
    let word = black_box(1_u64);
    queue.push_back(Inline::new(move || {
        black_box(word);
    }));
    while let Some(callback) = queue.pop_front() {
        callback.call();
    }
}

/// Without an eventfd: nobody can wake it.
fn epoll(source: &OwnedFd) {
    assert_eq!(wait_once_for(source), 1);
}

fn epoll_eventfd(source: &OwnedFd) {
    let bell = Bell::new();
    bell.watch(source);
    assert_eq!(bell.wait(), 1);
}

fn tokio() {
    let set = tokio::task::LocalSet::new();
    set.block_on(&peers::tokio(), async { tokio::task::spawn_local(async {}).await.expect("a task") });
}

fn tokio_watching(source: &OwnedFd) {
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    peers::tokio().block_on(async {
        // SAFETY: the source is open for as long as this call takes.
        let watched = unsafe { AsyncFd::register_with_interest(source.as_fd(), Interest::READABLE) };
        let watched = watched.expect("it can be watched");
        black_box(watched.readable().await.expect("it is readable").ready());
    });
}

fn smol() {
    let executor = async_executor::LocalExecutor::new();
    async_io::block_on(executor.run(async { executor.spawn(async {}).await }));
}

fn smol_watching(source: &OwnedFd) {
    let source = source.as_fd();
    peers::smol(async {
        let watched = async_io::Async::new_nonblocking(source).expect("it can be watched");
        watched.readable().await.expect("it is readable");
    });
}

fn monoio() {
    peers::monoio(async { monoio::spawn(async {}).await });
}

fn calloop() {
    let mut lp = calloop::EventLoop::<()>::try_new().expect("a loop");
    lp.handle().insert_idle(|()| {});
    lp.dispatch(Some(std::time::Duration::ZERO), &mut ()).expect("it runs");
}

fn calloop_watching(source: &OwnedFd) {
    use calloop::generic::Generic;
    use calloop::{Interest, Mode, PostAction};
    let mut lp = calloop::EventLoop::<bool>::try_new().expect("a loop");
    let watched = Generic::new(source.as_fd(), Interest::READ, Mode::Level);
    let inserted = lp.handle().insert_source(watched, |_, _, ran: &mut bool| {
        *ran = true;
        Ok(PostAction::Remove)
    });
    inserted.expect("it can be watched");
    let mut ran = false;
    while !ran {
        lp.dispatch(None, &mut ran).expect("it runs");
    }
}

pub(crate) fn topic() -> Topic {
    let case = |name, about, length, subjects| Case {
        name,
        about,
        metrics: CPU_FIRST,
        length,
        quick: length / 20,
        cpus: 1,
        subjects,
    };
    Topic {
        name: "startup",
        about: "create a loop, run one callback, close it",
        cases: vec![
            case(
                "lazy",
                "without I/O",
                10_000,
                vec![
                    Subject::anyloop(lazily(anyloop)),
                    Subject::limit("a queue", lazily(queue)),
                    Subject::peer("tokio", lazily(tokio)),
                    Subject::peer("smol", lazily(smol)),
                    Subject::peer("monoio", lazily(monoio)),
                    Subject::peer("calloop", lazily(calloop)),
                    uv::subject(lazily(uv::once)),
                ],
            ),
            case(
                "eager",
                "for a descriptor that is readable",
                5_000,
                vec![
                    Subject::anyloop(eagerly(anyloop_watching)),
                    Subject::limit("epoll, eventfd", eagerly(epoll_eventfd)),
                    Subject::limit("epoll", eagerly(epoll)),
                    Subject::peer("tokio", eagerly(tokio_watching)),
                    Subject::peer("smol", eagerly(smol_watching)),
                    Subject::peer("calloop", eagerly(calloop_watching)),
                    uv::subject(eagerly(uv::watch_once)),
                ],
            ),
            case(
                "eager-remote",
                "for a descriptor that is readable, with a remote half",
                5_000,
                vec![
                    Subject::anyloop(eagerly(anyloop_with_remote)),
                    Subject::limit("epoll, eventfd", eagerly(epoll_eventfd)),
                    // It makes its waker in any case.
                    Subject::peer("tokio", eagerly(tokio_watching)),
                ],
            ),
        ],
    }
}
