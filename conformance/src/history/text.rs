//! How a history is written down: an event a line, printed and parsed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::str::FromStr;

use anyloop::{ExitStatus, OsError};

use super::{Event, History, What};
use crate::program::{Kid, Label, Scene, SignalName, Wire};
use crate::text::ParseError;

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

impl FromStr for History {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let place = |(number, line): (usize, &str)| {
            line.parse().map_err(|error| ParseError { line: number + 1, ..error })
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        Ok(Self { events: lines.map(place).collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{at} ")?,
            None => f.write_str("- ")?,
        }
        write!(f, "{} {}", self.context, self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        self.fields(&mut |name, value| {
            if value.is_left_out() {
                return Ok(());
            }
            write!(f, " {name}=")?;
            value.write(f)
        })
    }
}

impl FromStr for Event {
    type Err = ParseError;

    fn from_str(line: &str) -> Result<Self, ParseError> {
        let mut words = Words { line, from: 0, at: 0 };
        let at = words.next("a time in nanoseconds, or -", |word| match word {
            "-" => Some(None),
            _ => u64::read(word).map(Some),
        })?;
        let context = words.next("the number of a context", u32::read)?;
        let word = words.next("the word of an event", |word| (!word.is_empty()).then_some(word))?;
        let column = words.column();
        let mut fields = Fields { given: Vec::new() };
        while !words.rest().is_empty() {
            fields.given.push(words.next("a field such as label=#1", |word| word.split_once('='))?);
        }
        let error = |message| ParseError { line: 1, column, message };
        let what = What::read(word, &mut fields).map_err(error)?;
        match fields.given.first() {
            None => Ok(Self { at, context, what }),
            Some((name, _)) => Err(error(format!("`{word}` has no field `{name}`, or has it once only"))),
        }
    }
}

/// The words of one line. What stands between quotes is not taken apart.
struct Words<'l> {
    line: &'l str,
    /// Where the last word begins.
    from: usize,
    /// Where it ends.
    at: usize,
}

impl<'l> Words<'l> {
    fn rest(&self) -> &'l str {
        self.line[self.at..].trim_start()
    }

    /// The column in which the last word begins, from one.
    fn column(&self) -> usize {
        self.line[..self.from].chars().count() + 1
    }

    /// The next word as `read` understands it.
    fn next<T>(&mut self, what: &str, read: impl FnOnce(&'l str) -> Option<T>) -> Result<T, ParseError> {
        let rest = self.rest();
        self.from = self.line.len() - rest.len();
        let (mut quoted, mut escaped) = (false, false);
        let over = |next: char| {
            let over = next.is_whitespace() && !quoted;
            quoted ^= next == '"' && !escaped;
            escaped = next == '\\' && !escaped;
            over
        };
        let word = &rest[..rest.find(over).unwrap_or(rest.len())];
        self.at = self.from + word.len();
        read(word).ok_or_else(|| ParseError {
            line: 1,
            column: self.column(),
            message: match word {
                "" => format!("expected {what}, but the line ends"),
                _ => format!("expected {what}, not `{word}`"),
            },
        })
    }
}

/// The fields of an event that were written down and not yet taken.
pub(super) struct Fields<'l> {
    given: Vec<(&'l str, &'l str)>,
}

impl Fields<'_> {
    pub(super) fn take<V: Value>(&mut self, name: &str) -> Result<V, String> {
        let Some(at) = self.given.iter().position(|(given, _)| *given == name) else {
            return V::left_out().ok_or_else(|| format!("the field `{name}` is missing"));
        };
        let (_, word) = self.given.swap_remove(at);
        V::read(word).ok_or_else(|| format!("`{word}` is nothing that the field `{name}` can be"))
    }
}

/// A field of an event, written as one word.
pub(super) trait Value {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    fn read(word: &str) -> Option<Self>
    where
        Self: Sized;

    /// Whether it is told by leaving it out.
    fn is_left_out(&self) -> bool {
        false
    }

    /// What is meant if it is left out.
    fn left_out() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

impl<V: Value> Value for Option<V> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |value| value.write(f))
    }

    fn read(word: &str) -> Option<Self> {
        V::read(word).map(Some)
    }

    fn is_left_out(&self) -> bool {
        self.is_none()
    }

    fn left_out() -> Option<Self> {
        Some(None)
    }
}

/// Values that are written as `ok`, or as what they hold, or as what went wrong.
impl<E: Value> Value for Result<(), E> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ok(()) => f.write_str("ok"),
            Err(error) => error.write(f),
        }
    }

    fn read(word: &str) -> Option<Self> {
        if word == "ok" { Some(Ok(())) } else { E::read(word).map(Err) }
    }
}

impl<E: Value> Value for Result<u32, E> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ok(output) => output.write(f),
            Err(error) => error.write(f),
        }
    }

    fn read(word: &str) -> Option<Self> {
        u32::read(word).map(Ok).or_else(|| E::read(word).map(Err))
    }
}

impl Value for [bool; 2] {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[0].write(f)?;
        f.write_char(',')?;
        self[1].write(f)
    }

    fn read(word: &str) -> Option<Self> {
        let (first, second) = word.split_once(',')?;
        Some([bool::read(first)?, bool::read(second)?])
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Value for $kind {
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }

            fn read(word: &str) -> Option<Self> {
                // Signs are for numbers that have one.
                word.parse().ok().filter(|_| !word.starts_with('+'))
            }
        }
    )*};
}

numbers!(u8, u32, u64, usize, i32, i64);

impl Value for Label {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn read(word: &str) -> Option<Self> {
        word.strip_prefix('#').and_then(u32::read).map(Self)
    }
}

impl Value for Kid {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn read(word: &str) -> Option<Self> {
        word.strip_prefix('%').and_then(u32::read).map(Self)
    }
}

impl Value for Wire {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn read(word: &str) -> Option<Self> {
        word.strip_prefix('~').and_then(u32::read).map(Self)
    }
}

impl Value for String {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for next in self.chars() {
            match next {
                '"' | '\\' => write!(f, "\\{next}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                _ => f.write_char(next)?,
            }
        }
        f.write_char('"')
    }

    fn read(word: &str) -> Option<Self> {
        let inner = word.strip_prefix('"')?.strip_suffix('"')?;
        let mut text = Self::new();
        let mut rest = inner.chars();
        while let Some(next) = rest.next() {
            text.push(match next {
                '\\' => match rest.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    plain @ ('"' | '\\') => plain,
                    _ => return None,
                },
                '"' => return None,
                plain => plain,
            });
        }
        Some(text)
    }
}

impl Value for Scene {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, scene)| *scene)
    }
}

impl Value for SignalName {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, signal)| *signal)
    }
}

impl Value for bool {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self { "yes" } else { "no" })
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }
}

impl Value for OsError {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw().write(f)
    }

    fn read(word: &str) -> Option<Self> {
        i32::read(word).map(Self::from_raw)
    }
}

impl Value for ExitStatus {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited:{code}"),
            Self::Signaled { signal, core: false } => write!(f, "signaled:{signal}"),
            Self::Signaled { signal, core: true } => write!(f, "dumped:{signal}"),
            _ => f.write_str("unknown"),
        }
    }

    fn read(word: &str) -> Option<Self> {
        match word.split_once(':') {
            Some(("exited", code)) => i32::read(code).map(Self::Exited),
            Some(("signaled", signal)) => {
                i32::read(signal).map(|signal| Self::Signaled { signal, core: false })
            }
            Some(("dumped", signal)) => i32::read(signal).map(|signal| Self::Signaled { signal, core: true }),
            _ => (word == "unknown").then_some(Self::Unknown),
        }
    }
}
