//! How a driver that is written in Rust answers: with an allocator, and without a standard library.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::{VERSION, word};
use crate::history::History;
use crate::program::Program;
use crate::subject::Lack;

/// The driver's end of the pipe, or of the serial line.
pub trait Wire {
    /// The next line of the kit, without its end; `None` if there is none to come.
    fn hear(&mut self) -> Option<String>;

    /// Says `line`, and its end.
    fn say(&mut self, line: &str);
}

/// Greets the kit as `name`, and answers until it has nothing more to say.
///
/// `play` is told whether each event is to be said as soon as it happens. If it does so, what it
/// returns holds only what it has not yet said.
///
/// ```
/// use anyloop_conformance::protocol::{Wire, drive};
/// use anyloop_conformance::{History, Lack};
///
/// struct Script(Vec<&'static str>, Vec<String>);
///
/// impl Wire for Script {
///     fn hear(&mut self) -> Option<String> {
///         (!self.0.is_empty()).then(|| self.0.remove(0).into())
///     }
///
///     fn say(&mut self, line: &str) {
///         self.1.push(line.into());
///     }
/// }
///
/// let mut wire = Script(vec!["play stop; run"], vec![]);
/// let lacks = [Lack::family("child", "no processes here")];
/// drive("mine", &lacks, None, &mut wire, |program, _| {
///     assert_eq!(program.len(), 2);
///     History::default() // `anyloop_conformance::play` gives a better one
/// });
/// assert_eq!(wire.1, ["anyloop 1 mine", "lacks child no processes here", "ready", "end"]);
/// ```
pub fn drive(
    name: &str,
    lacks: &[Lack],
    patience: Option<Duration>,
    wire: &mut dyn Wire,
    mut play: impl FnMut(&Program, bool) -> History,
) {
    wire.say(&format!("{} {VERSION} {name}", word::GREETING));
    for lack in lacks {
        wire.say(&format!("{} {} {}", word::LACKS, lack.what, lack.why));
    }
    if let Some(patience) = patience {
        wire.say(&format!("{} {}", word::PATIENCE, patience.as_millis()));
    }
    wire.say(word::READY);
    while let Some(line) = wire.hear() {
        let (asked, program) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        if asked != word::PLAY && asked != word::TRACE {
            wire.say(&format!("{} not understood: {asked}", word::COMMENT));
            continue;
        }
        match program.parse() {
            Ok(program) => {
                for event in play(&program, asked == word::TRACE).events {
                    wire.say(&format!("{event}"));
                }
            }
            // The kit prints only programs. Whoever types them here sees what is wrong.
            Err(error) => wire.say(&format!("{} {error}", word::COMMENT)),
        }
        wire.say(word::END);
    }
}
