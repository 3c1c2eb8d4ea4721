//! How a borrowed future is run to its end.
//!
//! The future of `run_until_complete` stands on the caller's stack, may borrow from it, and yet
//! has to be polled by a task, which is `'static`. So the task holds only a pointer, in a cell
//! that is emptied before the caller's frame goes.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::any::Any;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::{Pin, pin};
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::spawn::spawn;
use crate::{Loop, RejectReason, RunError, get_running_loop, platform};

/// What the task may do with the future on the caller's stack.
trait PollRoot {
    /// Polls it, and keeps what came of it.
    fn poll_root(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// The future, and the place for its output or its panic.
struct Root<'f, F: Future> {
    future: Pin<&'f mut F>,
    output: Option<Result<F::Output, Box<dyn Any + Send>>>,
}

impl<F: Future> PollRoot for Root<'_, F> {
    fn poll_root(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match platform::catch(|| self.future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => {
                self.output = Some(Ok(output));
                Poll::Ready(())
            }
            Err(panic) => {
                self.output = Some(Err(panic));
                Poll::Ready(())
            }
        }
    }
}

/// Where the task finds the future, for as long as it is there.
type RootCell = Rc<Cell<Option<NonNull<dyn PollRoot>>>>;

/// Empties the cell, whatever ends the caller's frame.
struct Borrowed(RootCell);

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

/// Drives `lp` with `run` until `future` is finished or the run ends.
pub(crate) fn run_until_complete<F: Future>(
    lp: &Loop,
    future: F,
    run: impl FnOnce() -> Result<(), RunError>,
) -> Result<F::Output, RunError> {
    let mut root = Root { future: pin!(future), output: None };
    let pointer: NonNull<dyn PollRoot + '_> = NonNull::from(&mut root);
    // SAFETY: this only forgets the lifetime. `borrowed` empties the cell before `root` goes.
    let pointer: NonNull<dyn PollRoot> = unsafe { core::mem::transmute(pointer) };
    let cell: RootCell = Rc::new(Cell::new(Some(pointer)));
    let borrowed = Borrowed(cell.clone());

    // The task asks for the loop when it is polled: a cancelled task may lie in the loop's inbox for
    // long, and must not keep the loop alive from there.
    let task = poll_fn(move |cx| {
        let Some(mut root) = cell.get() else {
            return Poll::Ready(());
        };
        // SAFETY: the cell is full, so the frame of `root` is there, and it does nothing with
        // `root` while `run` is on the stack above it. The task is polled on this context only,
        // and not from inside `poll_root`, since a loop does not run inside itself.
        let poll = unsafe { root.as_mut() }.poll_root(cx);
        if poll.is_ready() {
            cell.set(None);
            if let Ok(lp) = get_running_loop() {
                lp.stop();
            }
        }
        poll
    });
    let task = spawn(lp, task).map_err(|rejected| match rejected.reason {
        RejectReason::WrongContext => RunError::NoContext,
        _ => RunError::Closed,
    })?;
    let ran = run();
    drop(borrowed);
    // An unfinished task has nothing left to poll; it must not linger until the loop is closed.
    task.cancel();
    if ran == Err(RunError::WrongProcess) {
        // The run is the parent's, and so is what came of it there.
        mem::forget(root.output.take());
        return Err(RunError::WrongProcess);
    }
    match root.output {
        Some(Ok(output)) => Ok(output),
        Some(Err(panic)) => platform::resume_unwind(panic),
        None => Err(ran.err().unwrap_or(RunError::Stopped)),
    }
}
