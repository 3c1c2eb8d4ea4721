//! Is a loop that lives as long as the program a loop like any other?

use std::cell::Cell;
use std::rc::Rc;

use anyloop::{EventLoop, Instant, Loop, RunError};
use anyloop_turn::{Backend, Engine, Fixed, Park, Sink, Wake};

/// Time stands still, and nothing ever happens.
struct Still;

struct Deaf;

impl Wake for Deaf {
    fn wake(&self) {}
}

impl Backend for Still {
    type Waker = Deaf;

    fn now(&self) -> Instant {
        Instant::from_nanos(7)
    }

    fn waker(&self) -> Deaf {
        Deaf
    }

    fn park(&self, park: Park, _: &mut Sink<'_>) -> Result<(), RunError> {
        if park == Park::Poll { Ok(()) } else { Err(RunError::Stalled) }
    }
}

type Small = Engine<Still, Fixed<8>>;

#[test]
fn all_its_handles_are_handles_of_one_loop() {
    let fixed: &'static Small = Box::leak(Box::new(Engine::new(Still)));
    let (one, other) = (Loop::from_static(fixed), Loop::from_static(fixed));
    assert_eq!(one, other);
    assert_eq!(one, other.clone());
    assert_ne!(one, Loop::new(Small::new(Still)));
    assert!(one.as_any().is::<Small>());

    let ran = Rc::new(Cell::new(0));
    for lp in [&one, &other] {
        let (ran, it) = (ran.clone(), lp.clone());
        lp.call_soon(move || {
            ran.set(ran.get() + 1);
            it.stop();
        })
        .unwrap();
    }
    let cancelled = other.call_at(Instant::NEVER, || unreachable!()).unwrap();
    assert!(one.cancel(cancelled));
    assert_eq!(one.run_until_complete(async { other.time().as_nanos() }), Ok(7));
    assert_eq!(one.run_forever(), Err(RunError::Stalled));
    assert_eq!(ran.get(), 2);
    assert!(one.capabilities().step.is_some());

    other.close().unwrap();
    assert!(one.is_closed() && EventLoop::remote(fixed).is_closed());
}
