//! How this program becomes a driver of its own subjects, so that they can crash without it.

use std::io::{BufRead, StdinLock};
use std::process::{self, Command};
use std::string::{String, ToString};
use std::{env, format, io};

use super::{Driver, Fault, Wire, drive, word};
use crate::check::Source;
use crate::{platform, world, zoo};

/// The variable that makes this program a driver: of the specimen that it names, or of the
/// [`SUBJECT`] that its `main` is for.
pub(crate) const DRIVE: &str = "ANYLOOP_DRIVE";

/// The value that stands for the subject of [`trials::main`](crate::trials::main).
pub(crate) const SUBJECT: &str = "subject";

/// Starts this program once more, as the driver of `what`: a specimen, or the subject of `main`.
///
/// # Errors
///
/// [`Fault`] if that does not greet. Its `main` has to begin with
/// [`enter_if_child`](world::enter_if_child).
pub fn isolated(what: &str) -> Result<Driver, Fault> {
    let program = env::current_exe().map_err(|error| Fault { why: format!("has no name: {error}") })?;
    let mut command = Command::new(program);
    command.env(DRIVE, what);
    Driver::start(command)
}

/// Becomes the driver of a specimen, if this process was started for that.
pub(crate) fn serve_if_asked() {
    let Ok(what) = env::var(DRIVE) else { return };
    if let Some(disease) = zoo::diseases().find(|disease| disease.name == what) {
        serve(&what, &*zoo::played(&disease));
    }
}

/// Answers the kit at the other end of the standard streams, and ends with it.
///
/// What the subject prints goes to the standard error, so that it is not taken for an answer.
pub fn serve(name: &str, source: &dyn Source) -> ! {
    platform::answer_to(world::take_stdout());
    let mut wire = Streams(io::stdin().lock());
    drive(name, source.lacks(), source.patience(), &mut wire, |program, trace| {
        platform::answer_at_once(trace);
        let history = source.play(program).unwrap_or_else(|fault| {
            platform::answer(&format!("// {fault}"));
            process::exit(1)
        });
        platform::answer_at_once(false);
        if trace { crate::History::default() } else { history }
    });
    process::exit(0)
}

/// The standard streams, of which the answers go through the platform: a play that hangs is told
/// from another thread.
struct Streams(StdinLock<'static>);

impl Wire for Streams {
    fn hear(&mut self) -> Option<String> {
        platform::flush_answers();
        loop {
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Ok(1..) => {}
                _ => return None,
            }
            let line = line.trim_end();
            match line.split_once(' ').filter(|(said, _)| *said == word::PATIENCE) {
                Some((_, millis)) => platform::ask_patience(millis.parse().unwrap_or_default()),
                None => return Some(line.to_string()),
            }
        }
    }

    fn say(&mut self, line: &str) {
        platform::answer(line);
    }
}
