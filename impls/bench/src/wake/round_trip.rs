//! What does a round trip between two loops cost?

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use anyloop::{Loop, Remote};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::together;
use crate::case::{Order, Sample, Subject};
use crate::limits::eventfd::Bell;
use crate::limits::stack::Stack;
use crate::{peers, uv};

/// Two loops that play ball.
struct Court {
    sides: [Remote; 2],
    thrown: AtomicU64,
    length: u64,
}

impl Court {
    fn throw(&'static self, to: usize) {
        let caught = move || {
            if self.thrown.fetch_add(1, Ordering::Relaxed) + 1 < 2 * self.length {
                self.throw(1 - to);
            } else {
                self.sides.iter().for_each(Remote::stop);
            }
        };
        self.sides[to].call_soon(caught).expect("the loop is open");
    }
}

fn anyloop(order: &Order, make: fn() -> Loop) -> Sample {
    let length = order.length;
    let (send, receive) = mpsc::channel();
    together(
        order,
        move || {
            let here = make();
            let there = receive.recv().expect("the other loop's remote");
            let court = Court { sides: [here.remote(), there], thrown: AtomicU64::new(0), length };
            let court: &'static Court = Box::leak(Box::new(court));
            court.throw(1);
            here.run_forever().expect("it runs");
        },
        move || {
            let there = make();
            send.send(there.remote()).expect("the first thread waits for it");
            there.run_forever().expect("it runs");
        },
    )
}

fn eventfd(order: &Order) -> Sample {
    let length = order.length;
    let bells: &'static [Bell; 2] = Box::leak(Box::new([Bell::new(), Bell::new()]));
    let wait = |bell: &Bell| while bell.wait() == 0 {};
    together(
        order,
        move || {
            for _ in 0..length {
                bells[1].ring();
                wait(&bells[0]);
            }
        },
        move || {
            for _ in 0..length {
                wait(&bells[1]);
                bells[0].ring();
            }
        },
    )
}

/// Closures over swapped stacks: a loop's work without a loop.
struct ByHand {
    sides: [(Stack, Bell); 2],
    thrown: AtomicU64,
    length: u64,
}

impl ByHand {
    fn throw(&'static self, to: usize) {
        let (stack, bell) = &self.sides[to];
        let caught = move || {
            if self.thrown.fetch_add(1, Ordering::Relaxed) + 1 < 2 * self.length {
                self.throw(1 - to);
            } else {
                self.sides.iter().for_each(|(_, bell)| bell.ring());
            }
        };
        if stack.push(caught) {
            bell.ring();
        }
    }

    fn run(&self, side: usize) {
        let (stack, bell) = &self.sides[side];
        while self.thrown.load(Ordering::Relaxed) < 2 * self.length {
            if stack.run() == 0 {
                bell.wait();
            }
        }
    }
}

fn stacks(order: &Order) -> Sample {
    let sides = [(); 2].map(|()| (Stack::new(), Bell::new()));
    let court = ByHand { sides, thrown: AtomicU64::new(0), length: order.length };
    let court: &'static ByHand = Box::leak(Box::new(court));
    court.throw(1);
    together(order, || court.run(0), || court.run(1))
}

fn spin(order: &Order) -> Sample {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let length = order.length;
    let play = move |side: u64| {
        for round in 0..length {
            while TURN.load(Ordering::Acquire) != 2 * round + side {
                std::hint::spin_loop();
            }
            TURN.store(2 * round + side + 1, Ordering::Release);
        }
    };
    together(order, move || play(0), move || play(1))
}

/// Round trips over channels: this thread asks, the other answers.
///
/// Of a runtime, only how it drives a future counts here.
macro_rules! over_channels {
    ($order:expr, $unbounded:path, $send:ident, $drive:path) => {{
        let length = $order.length;
        #[allow(unused_mut, reason = "only tokio's receivers have to be mutable")]
        let ((to_here, mut here), (to_there, mut there)) = ($unbounded(), $unbounded());
        together(
            $order,
            move || {
                $drive(async move {
                    for round in 0..length {
                        to_there.$send(round).expect("it listens");
                        here.recv().await.expect("it answers");
                    }
                });
            },
            move || {
                $drive(async move {
                    for _ in 0..length {
                        let round: u64 = there.recv().await.expect("it asks");
                        to_here.$send(round).expect("it listens");
                    }
                });
            },
        )
    }};
}

fn tokio(order: &Order) -> Sample {
    fn drive(root: impl Future<Output = ()>) {
        peers::tokio().block_on(root);
    }
    over_channels!(order, tokio::sync::mpsc::unbounded_channel, send, drive)
}

fn smol(order: &Order) -> Sample {
    over_channels!(order, async_channel::unbounded, try_send, peers::smol)
}

fn monoio(order: &Order) -> Sample {
    over_channels!(order, async_channel::unbounded, try_send, peers::monoio)
}

fn calloop(order: &Order) -> Sample {
    use calloop::EventLoop;
    use calloop::ping::{Ping, PingSource, make_ping};
    let length = order.length;
    let (to_here, here) = make_ping().expect("a ping");
    let (to_there, there) = make_ping().expect("a ping");
    let run = move |source: PingSource, other: Ping, first: bool| {
        let mut lp = EventLoop::<u64>::try_new().expect("a loop");
        if first {
            other.ping();
        }
        let answer = move |(), (): &mut (), caught: &mut u64| {
            *caught += 1;
            if !first || *caught < length {
                other.ping();
            }
        };
        lp.handle().insert_source(source, answer).expect("a source");
        let mut caught = 0;
        while caught < length {
            lp.dispatch(None, &mut caught).expect("it runs");
        }
    };
    together(order, move || run(here, to_there, true), move || run(there, to_here, false))
}

fn libuv(order: &Order) -> Sample {
    let pair = uv::Pair::new(order.length);
    together(order, move || pair.run(0), move || pair.run(1))
}

/// Loops that sleep as soon as they have nothing to do.
pub(crate) fn blocking() -> Vec<Subject> {
    vec![
        Subject::anyloop(|order| anyloop(order, anyloop_bench_subject::make)),
        Subject::limit("eventfd, edge", eventfd),
        Subject::limit("stacks, eventfd", stacks),
        Subject::peer("tokio", tokio),
        Subject::peer("smol", smol),
        Subject::peer("monoio", monoio),
        Subject::peer("calloop", calloop),
        uv::subject(libuv),
    ]
}

/// Loops that look for a while before they sleep. No peer does.
pub(super) fn spinning() -> Vec<Subject> {
    vec![Subject::anyloop(|order| anyloop(order, unpinned)), Subject::limit("two atomics", spin)]
}

/// A spinning loop, made before its thread is pinned: on one processor it would not spin.
fn unpinned() -> Loop {
    let pinned = sched_getaffinity(None).expect("a thread knows its CPUs");
    let mut all = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|cpu| all.set(cpu));
    sched_setaffinity(None, &all).expect("the kernel leaves out those that there are not");
    let lp = anyloop_bench_subject::make_spinning();
    sched_setaffinity(None, &pinned).expect("it was like that before");
    lp
}
