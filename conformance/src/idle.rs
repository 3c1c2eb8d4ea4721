//! A child watcher that watches nothing: something to set in a policy, which tells when it is
//! attached.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, Ordering};

use anyloop::{ChildToken, ChildWatcher, ExitCallback, Loop, OsError, PerContext, Pid, Rejected, WatchError};

use crate::history::What;
use crate::log::Log;

/// What a watcher fails with that the program lets refuse: it is busy.
const FAILURE: i32 = 16;

/// The loops that were met in a context, with their numbers.
pub(crate) type Loops = RefCell<Vec<(u32, Loop)>>;

/// A watcher is called with a loop, and has to know what the history calls it.
static LOOPS: PerContext<Loops> = PerContext::new();

/// From now on the watchers know the loops of this context by those numbers.
pub(crate) fn know(loops: Option<Rc<Loops>>) {
    // Without a context no watcher can be attached here, either.
    drop(LOOPS.replace(loops));
}

/// The number of a loop, and whether it was met before.
pub(crate) fn number(loops: &Loops, log: &Log, lp: &Loop) -> (u32, bool) {
    let known = loops.borrow().iter().find(|(_, other)| other.is_same(lp)).map(|(number, _)| *number);
    match known {
        Some(number) => (number, true),
        None => {
            let number = log.next_loop();
            loops.borrow_mut().push((number, lp.clone()));
            (number, false)
        }
    }
}

/// It refuses every child, and can be closed.
pub(crate) struct Idle {
    closed: AtomicBool,
    log: Log,
    number: u32,
}

impl Idle {
    /// The watcher of that number.
    pub(crate) const fn new(log: Log, number: u32) -> Self {
        Self { closed: AtomicBool::new(false), log, number }
    }
}

impl ChildWatcher for Idle {
    fn watch(
        &self,
        _: &Loop,
        token: ChildToken,
        callback: ExitCallback,
    ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
        Err(Rejected::new(WatchError::Unsupported("children"), (token, callback)))
    }

    fn remove_child_handler(&self, _: Pid) -> bool {
        false
    }

    fn attach_loop(&self, lp: Option<&Loop>) -> Result<(), WatchError> {
        let loops = LOOPS.get().ok().flatten();
        let number = |lp| loops.as_ref().map_or(u32::MAX, |loops| number(loops, &self.log, lp).0);
        let refused = self.log.with(|state| core::mem::take(&mut state.refusing));
        self.log.record(What::Attached { watcher: self.number, lp: lp.map(number), refused });
        if refused { Err(OsError::from_raw(FAILURE).into()) } else { Ok(()) }
    }

    fn is_active(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
