//! What anyloop is given on this host: the context, the backend of a loop, and a policy.

use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, Ordering};

use anyloop::{
    Base, Context, ContextSlot, EventLoopPolicy, Instant, Loop, PerContext, PolicyError, PolicyLayer,
    RunError,
};
use anyloop_turn::{Backend, Engine, Park, Sink, Wake};

use crate::host;

/// One flow of control, which can be interrupted by what has no loop of its own.
struct MainOnly(ContextSlot);

// SAFETY: `slot` answers outside of the interrupt only, so one flow sees the slot.
unsafe impl Sync for MainOnly {}

// SAFETY: as above.
unsafe impl Context for MainOnly {
    fn slot(&self) -> Option<&ContextSlot> {
        (!host::in_interrupt()).then_some(&self.0)
    }
}

static CONTEXT: MainOnly = MainOnly(ContextSlot::new());

/// The context of this host, to be registered.
pub fn context() -> &'static dyn Context {
    &CONTEXT
}

/// Waits by looking at a flag now and then.
#[derive(Default)]
struct Polling {
    woken: Arc<AtomicBool>,
}

struct Flag(Arc<AtomicBool>);

impl Wake for Flag {
    fn wake(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Backend for Polling {
    type Waker = Flag;

    fn now(&self) -> Instant {
        Instant::from_nanos(host::now())
    }

    fn waker(&self) -> Flag {
        Flag(self.woken.clone())
    }

    fn park(&self, park: Park, _: &mut Sink<'_>) -> Result<(), RunError> {
        /// The longest nap, and the longest that this program waits for anything.
        const NAP: u64 = 1_000_000;
        const PATIENCE: u64 = 5_000_000_000;

        let (start, deadline) = match park {
            Park::Poll => return Ok(()),
            Park::Until(when) => (host::now(), when.as_nanos()),
            Park::Forever => (host::now(), u64::MAX),
        };
        while !self.woken.swap(false, Ordering::Acquire) {
            match host::now() {
                now if now >= deadline => break,
                now if now - start > PATIENCE => return Err(RunError::Stalled),
                now => host::sleep(NAP.min(deadline - now)),
            }
        }
        Ok(())
    }
}

/// Makes the loop of a context when it is first asked for.
#[derive(Default)]
pub struct HostPolicy {
    /// `None` inside: "no loop" was stored. Nothing at all: nothing was ever stored.
    current: PerContext<Option<Loop>>,
}

impl EventLoopPolicy for HostPolicy {
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        match self.current.get()?.as_deref() {
            Some(Some(lp)) => Ok(lp.clone()),
            Some(None) => Err(PolicyError::no_current_loop()),
            None => {
                let lp = outer.new_event_loop(outer)?;
                outer.set_event_loop(outer, Some(lp.clone()))?;
                Ok(lp)
            }
        }
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, lp: Option<Loop>) -> Result<(), PolicyError> {
        let displaced = self.current.replace(Some(Rc::new(lp)))?;
        drop(displaced);
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        Ok(Loop::new(<Engine<_>>::new(Polling::default())))
    }
}

/// The calls that layers have seen, in their order.
static CALLS: PerContext<RefCell<Vec<&'static str>>> = PerContext::new();

fn note(call: &'static str) -> Result<(), PolicyError> {
    let calls = CALLS.get()?.unwrap_or_default();
    calls.borrow_mut().push(call);
    CALLS.replace(Some(calls))?;
    Ok(())
}

/// Takes the calls that layers have seen since the last time.
pub fn take_calls() -> Vec<&'static str> {
    CALLS.replace(None).ok().flatten().map(|calls| calls.take()).unwrap_or_default()
}

/// A layer that notes how it is called: for a new loop, and to store one.
pub struct Noting(pub &'static str, pub &'static str);

impl PolicyLayer for Noting {
    fn new_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
        note(self.0)?;
        base.new_event_loop()
    }

    fn set_event_loop(&self, base: Base<'_>, lp: Option<Loop>) -> Result<(), PolicyError> {
        note(self.1)?;
        base.set_event_loop(lp)
    }
}
