//! What does the kit make of what a driver says?
//!
//! A driver that stops in the middle of a play has shown what its subject does. Nonsense is a fault of
//! the driver and says nothing about any rule.

use std::error::Error;
use std::fmt;
use std::format;
use std::string::{String, ToString};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::{HUNG, VERSION, word};
use crate::history::{Event, History, What};
use crate::subject::Lack;

/// The patience of a driver that does not say how much it has.
const PATIENCE: Duration = Duration::from_secs(10);

/// A history of more bytes is no history.
const FLOOD: usize = 4 << 20;

/// What a driver does that drivers must not do. It says nothing about the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it did, in words.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the driver {}", self.why)
    }
}

impl Error for Fault {}

pub(super) fn fault<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { why: why.into() })
}

/// What a driver says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The name and version that it gives itself.
    pub name: String,
    /// What it lacks.
    pub lacks: Vec<Lack>,
    /// How long "in the end" may take.
    pub patience: Duration,
}

/// What the kit makes of a driver that says all this, and ends: its greeting, and its answers.
///
/// # Errors
///
/// [`Fault`] where it does not say what the [protocol](super) lets it say.
///
/// ```
/// use anyloop_conformance::protocol::overheard;
///
/// let (greeting, answers) = overheard(b"anyloop 1 mine\nready\n- 0 stop\nend\n")?;
/// assert_eq!((greeting.name.as_str(), answers.len()), ("mine", 1));
/// assert!(overheard(b"anyloop 1 mine\nready\n- 0 sotp\nend\n").is_err());
/// # Ok::<(), anyloop_conformance::protocol::Fault>(())
/// ```
pub fn overheard(said: &[u8]) -> Result<(Greeting, Vec<History>), Fault> {
    // It has said all that it will, so there is nothing to wait for.
    let now = Instant::now();
    let mut ear = Ear::new(said);
    let Heard::Whole(greeting) = ear.greeting(now)? else { return fault("ended before it was ready") };
    let mut answers = Vec::new();
    loop {
        match ear.history(now)? {
            Heard::Whole(history) => answers.push(history),
            Heard::End(history) if history.events.is_empty() => return Ok((greeting, answers)),
            Heard::End(history) | Heard::Silence(history) => {
                answers.push(cut_by(history, What::Hung));
                return Ok((greeting, answers));
            }
        }
    }
}

/// A history that breaks off.
pub(super) fn cut_by(mut history: History, what: What) -> History {
    history.events.push(Event { at: None, context: 0, what });
    history
}

/// Where a driver's words come from.
pub(super) trait Mouth {
    /// Waits for more of them.
    fn more(&mut self, deadline: Instant) -> Result<Vec<u8>, RecvTimeoutError>;
}

impl Mouth for Receiver<Vec<u8>> {
    fn more(&mut self, deadline: Instant) -> Result<Vec<u8>, RecvTimeoutError> {
        self.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    }
}

impl Mouth for &[u8] {
    fn more(&mut self, _: Instant) -> Result<Vec<u8>, RecvTimeoutError> {
        let (now, later) = self.split_at(self.len().min(4096));
        *self = later;
        if now.is_empty() { Err(RecvTimeoutError::Disconnected) } else { Ok(now.to_vec()) }
    }
}

/// What was heard: as much as should be, or what came before something else.
pub(super) enum Heard<T> {
    Whole(T),
    /// Then the pipe came to its end.
    End(T),
    /// Then nothing more came in time, or it said that it hangs.
    Silence(T),
}

/// Listens to a driver.
pub(super) struct Ear<M> {
    mouth: M,
    /// What was heard of a line whose end was not.
    heard: Vec<u8>,
}

impl<M: Mouth> Ear<M> {
    pub(super) const fn new(mouth: M) -> Self {
        Self { mouth, heard: Vec::new() }
    }

    /// All up to `ready`.
    pub(super) fn greeting(&mut self, deadline: Instant) -> Result<Heard<Greeting>, Fault> {
        let mut greeting = Greeting { name: String::new(), lacks: Vec::new(), patience: PATIENCE };
        loop {
            let line = match self.line(deadline)? {
                Heard::Whole(line) => line,
                Heard::End(_) => return Ok(Heard::End(greeting)),
                Heard::Silence(_) => return Ok(Heard::Silence(greeting)),
            };
            let (said, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match (said, rest.split_once(' ').unwrap_or((rest, ""))) {
                (word::GREETING, (version, name)) if greeting.name.is_empty() && !name.is_empty() => {
                    if version.parse() != Ok(VERSION) {
                        return fault(format!("speaks version {version} of the protocol, not {VERSION}"));
                    }
                    greeting.name = name.to_string();
                }
                _ if greeting.name.is_empty() => {
                    return fault(format!(
                        "says {line:?} in the place of `{} {VERSION} NAME`",
                        word::GREETING
                    ));
                }
                (word::LACKS, (what, why)) if !what.is_empty() && !why.is_empty() => {
                    greeting.lacks.push(Lack { what: what.to_string().into(), why: why.to_string().into() });
                }
                (word::PATIENCE, (millis, "")) if millis.parse::<u32>().is_ok() => {
                    greeting.patience = Duration::from_millis(millis.parse().unwrap_or_default());
                }
                (word::READY, ("", "")) => return Ok(Heard::Whole(greeting)),
                _ => return fault(format!("says {line:?}, which no greeting has")),
            }
        }
    }

    /// All up to `end`, or what takes its place.
    pub(super) fn history(&mut self, deadline: Instant) -> Result<Heard<History>, Fault> {
        let mut history = History::default();
        let mut bytes = 0;
        loop {
            let line = match self.line(deadline)? {
                Heard::Whole(line) if line == word::END => return Ok(Heard::Whole(history)),
                Heard::Whole(line) if line == HUNG => return Ok(Heard::Silence(history)),
                Heard::Whole(line) => line,
                Heard::End(_) => return Ok(Heard::End(history)),
                Heard::Silence(_) => return Ok(Heard::Silence(history)),
            };
            bytes += line.len();
            match line.parse() {
                Ok(event) => history.events.push(event),
                Err(error) => return fault(format!("says {line:?}, which is no event: {error}")),
            }
            if bytes > FLOOD {
                return fault(format!("answers with more than {FLOOD} bytes"));
            }
        }
    }

    /// The next line that is not for people.
    fn line(&mut self, deadline: Instant) -> Result<Heard<String>, Fault> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let rest = self.heard.split_off(end + 1);
                let line = std::mem::replace(&mut self.heard, rest);
                let Ok(line) = String::from_utf8(line) else { return fault("says what is not UTF-8") };
                let line = line.trim();
                if !line.is_empty() && !line.starts_with(word::COMMENT) {
                    return Ok(Heard::Whole(line.to_string()));
                }
                continue;
            }
            if self.heard.len() > FLOOD {
                return fault(format!("says a line of more than {FLOOD} bytes"));
            }
            match self.mouth.more(deadline) {
                Ok(bytes) => self.heard.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => return Ok(Heard::End(String::new())),
                Err(RecvTimeoutError::Timeout) => return Ok(Heard::Silence(String::new())),
            }
        }
    }
}
