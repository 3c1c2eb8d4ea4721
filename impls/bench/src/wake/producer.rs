//! What does a callback from another thread cost, if there are many?

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use super::together;
use crate::case::{Order, Sample, Subject};
use crate::limits::eventfd::Bell;
use crate::limits::stack::Stack;
use crate::{peers, uv};

type Boxed = Box<dyn FnOnce() + Send>;

/// Callbacks that ran. Only the consumer writes it.
static RAN: AtomicU64 = AtomicU64::new(0);

#[inline(always)]
fn hit(value: u64) -> u64 {
    black_box(value);
    let ran = RAN.load(Ordering::Relaxed) + 1;
    RAN.store(ran, Ordering::Relaxed);
    ran
}

fn ran() -> u64 {
    RAN.load(Ordering::Relaxed)
}

fn boxed(value: u64) -> Boxed {
    Box::new(move || {
        hit(value);
    })
}

fn anyloop(order: &Order) -> Sample {
    let length = order.length;
    let (send, receive) = mpsc::channel();
    together(
        order,
        move || {
            let lp = anyloop_bench_subject::make();
            send.send(lp.remote()).expect("the producer waits for it");
            lp.run_forever().expect("it runs");
            assert_eq!(ran(), length);
        },
        move || {
            let remote: anyloop::Remote = receive.recv().expect("the loop's remote");
            for value in 0..length {
                let post = remote.call_soon(move || {
                    hit(value);
                });
                post.expect("the loop is open");
            }
            remote.stop();
        },
    )
}

fn stack(order: &Order) -> Sample {
    let length = order.length;
    let shared: &'static (Stack, Bell) = Box::leak(Box::new((Stack::new(), Bell::new())));
    let (stack, bell) = shared;
    together(
        order,
        move || {
            while ran() < length {
                if stack.run() == 0 {
                    bell.wait();
                }
            }
        },
        move || {
            for value in 0..length {
                let first = stack.push(move || {
                    hit(value);
                });
                if first {
                    bell.ring();
                }
            }
        },
    )
}

fn tokio(order: &Order) -> Sample {
    let length = order.length;
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel::<Boxed>();
    together(
        order,
        move || {
            peers::tokio().block_on(async {
                while ran() < length {
                    receive.recv().await.expect("it sends")();
                }
            });
        },
        move || (0..length).for_each(|value| assert!(send.send(boxed(value)).is_ok())),
    )
}

fn smol(order: &Order) -> Sample {
    let length = order.length;
    let (send, receive) = async_channel::unbounded::<Boxed>();
    together(
        order,
        move || {
            peers::smol(async {
                while ran() < length {
                    receive.recv().await.expect("it sends")();
                }
            });
        },
        move || (0..length).for_each(|value| assert!(send.try_send(boxed(value)).is_ok())),
    )
}

fn calloop(order: &Order) -> Sample {
    use calloop::channel::{Event, channel};
    let length = order.length;
    let (send, receive) = channel::<Boxed>();
    together(
        order,
        move || {
            let mut lp = calloop::EventLoop::<()>::try_new().expect("a loop");
            let run = |event, (): &mut (), (): &mut ()| {
                if let Event::Msg(callback) = event {
                    let callback: Boxed = callback;
                    callback();
                }
            };
            lp.handle().insert_source(receive, run).expect("a source");
            while ran() < length {
                lp.dispatch(None, &mut ()).expect("it runs");
            }
        },
        move || (0..length).for_each(|value| assert!(send.send(boxed(value)).is_ok())),
    )
}

fn libuv(order: &Order) -> Sample {
    let length = order.length;
    let consumer = uv::Consumer::new(length);
    together(order, move || consumer.run(), move || (0..length).for_each(|value| consumer.post(value)))
}

pub(super) fn subjects() -> Vec<Subject> {
    vec![
        Subject::anyloop(anyloop),
        Subject::limit("swapped stack", stack),
        Subject::peer("tokio", tokio),
        Subject::peer("smol", smol),
        Subject::peer("calloop", calloop).slower(5),
        uv::subject(libuv),
    ]
}
