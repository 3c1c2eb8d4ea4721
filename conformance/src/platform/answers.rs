//! Where a driver's answers go: to one place, from the thread that plays, or from the one that
//! notices that it hangs.

use std::boxed::Box;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::history::{Event, History};
use crate::protocol;

type Answers = BufWriter<Box<dyn Write + Send>>;

static ANSWERS: Mutex<Option<Answers>> = Mutex::new(None);

/// Whether events are answers as soon as they happen.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

fn with(work: impl FnOnce(&mut Answers) -> std::io::Result<()>) {
    if let Some(answers) = &mut *ANSWERS.lock().unwrap_or_else(PoisonError::into_inner) {
        // Who does not listen any more needs no answer; the end of the input follows.
        let _ = work(answers);
    }
}

/// Answers go there from now on.
pub(crate) fn answer_to(place: Box<dyn Write + Send>) {
    *ANSWERS.lock().unwrap_or_else(PoisonError::into_inner) = Some(BufWriter::new(place));
}

/// Says a line.
pub(crate) fn answer(line: &str) {
    with(|answers| writeln!(answers, "{line}"));
}

/// Sends what was said.
pub(crate) fn flush_answers() {
    with(Write::flush);
}

/// Whether events are to be said as soon as they happen.
pub(crate) fn answer_at_once(yes: bool) {
    AT_ONCE.store(yes, Ordering::Relaxed);
}

/// An event happened. What a forked child does is not the play's, though both have the same answers
/// to write to.
pub(crate) fn happened(event: &Event) {
    if AT_ONCE.load(Ordering::Relaxed) && !super::is_fork() {
        with(|answers| writeln!(answers, "{event}").and_then(|()| answers.flush()));
    }
}

/// Answers that the play hangs, with what happened before; false if nobody asked.
pub(crate) fn answer_that_it_hangs(history: &History) -> bool {
    let mut asked = false;
    let at_once = AT_ONCE.load(Ordering::Relaxed);
    with(|answers| {
        asked = true;
        if !at_once {
            write!(answers, "{history}")?;
        }
        writeln!(answers, "{}", protocol::HUNG)?;
        answers.flush()
    });
    asked
}
