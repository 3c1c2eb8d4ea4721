//! How a program is written down: one syntax, printed and parsed.
//!
//! ```
//! let program: anyloop_conformance::Program = "soon #1 { stop; soon #2 } run".parse()?;
//! assert_eq!(program.to_string(), "soon #1 {\n  stop\n  soon #2\n}\nrun\n");
//! assert_eq!(format!("{program:#}"), "soon #1 { stop; soon #2 }; run");
//! # Ok::<(), anyloop_conformance::ParseError>(())
//! ```
//!
//! Steps are separated by newlines, semicolons or nothing, `//` begins a comment, and a body
//! without steps is not printed.

use alloc::string::String;
use core::error::Error;
use core::fmt;
use core::str::FromStr;

use crate::program::{
    Body, Kid, KidRef, Label, LoopName, Part, PartMut, Plan, PolicyName, Ref, Scene, SignalName, Step, Wire,
    WireRef,
};

impl fmt::Display for Body {
    /// One step a line; `{:#}` puts all in one line, as a shell wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { print_line(self, f) } else { print_lines(self, 0, f) }
    }
}

fn print_lines(body: &Body, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for step in &body.0 {
        write!(f, "{:1$}", "", 2 * depth)?;
        print_head(step, f)?;
        match step.body() {
            Some(inner) if !inner.is_empty() => {
                f.write_str(" {\n")?;
                print_lines(inner, depth + 1, f)?;
                writeln!(f, "{:1$}}}", "", 2 * depth)?;
            }
            _ => f.write_str("\n")?,
        }
    }
    Ok(())
}

fn print_line(body: &Body, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, step) in body.0.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { "; " })?;
        print_head(step, f)?;
        if let Some(inner) = step.body().filter(|inner| !inner.is_empty()) {
            f.write_str(" { ")?;
            print_line(inner, f)?;
            f.write_str(" }")?;
        }
    }
    Ok(())
}

/// The word and the operands, without the body.
fn print_head(step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(step.word())?;
    for part in step.parts() {
        match part {
            Part::Label(label) | Part::Ref(Ref(label)) => write!(f, " {label}")?,
            Part::Kid(kid) | Part::KidRef(KidRef(kid)) => write!(f, " {kid}")?,
            Part::Wire(wire) | Part::WireRef(WireRef(wire)) => write!(f, " {wire}")?,
            Part::Units(units) => write!(f, " {}", units.0)?,
            Part::Loop(name) => write!(f, " {name}")?,
            Part::Policy(name) => write!(f, " {name}")?,
            Part::Plan(plan) => write!(f, " {plan}")?,
            Part::Scene(scene) => write!(f, " {scene}")?,
            Part::Signal(signal) => write!(f, " {signal}")?,
            Part::Body(_) => {}
        }
    }
    Ok(())
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "~{}", self.0)
    }
}

impl fmt::Display for LoopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P => "p",
            Self::Q => "q",
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, _) = Self::ALL.iter().find(|(_, scene)| scene == self).unwrap_or(&Self::ALL[0]);
        f.write_str(word)
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, _) = Self::ALL.iter().find(|(_, signal)| signal == self).unwrap_or(&Self::ALL[0]);
        f.write_str(word)
    }
}

/// Where a text is no program, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from one.
    pub line: usize,
    /// The column, from one, in characters.
    pub column: usize,
    /// What was expected, and what stands there.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl Error for ParseError {}

impl FromStr for Body {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser { text, at: 0 };
        let body = parser.steps(0)?;
        match parser.peek() {
            "" => Ok(body),
            _ => Err(parser.expected("a step")),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    /// Bodies inside bodies inside bodies: deeper than any sensible program, shallower than the
    /// stack.
    const DEEPEST: usize = 64;

    /// The next token: a brace, or everything up to white space or a separator. Empty at the end.
    fn peek(&mut self) -> &'t str {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', ';']).len();
            self.at += blank;
            let rest = &self.text[self.at..];
            if !rest.starts_with("//") {
                let end = match rest.chars().next() {
                    Some('{' | '}') => 1,
                    _ => rest
                        .find(|next: char| next.is_whitespace() || "{};".contains(next))
                        .unwrap_or(rest.len()),
                };
                return &rest[..end];
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn advance(&mut self, token: &str) {
        self.at += token.len();
    }

    /// The error that the next token is not `what`.
    fn expected(&mut self, what: &str) -> ParseError {
        let found = self.peek();
        let before = &self.text[..self.at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
            message: match found {
                "" => alloc::format!("expected {what}, but the text ends"),
                _ => alloc::format!("expected {what}, not `{found}`"),
            },
        }
    }

    fn steps(&mut self, depth: usize) -> Result<Body, ParseError> {
        let mut body = Body::default();
        loop {
            match self.peek() {
                "" | "}" => return Ok(body),
                word => {
                    let mut step = Step::blank(word).ok_or_else(|| self.expected("a step"))?;
                    self.advance(word);
                    for part in step.parts_mut() {
                        self.part(part, depth)?;
                    }
                    body.0.push(step);
                }
            }
        }
    }

    fn part(&mut self, part: PartMut<'_>, depth: usize) -> Result<(), ParseError> {
        match part {
            PartMut::Label(label) | PartMut::Ref(Ref(label)) => {
                *label = Label(self.prefixed("#", "a label like #3")?);
            }
            PartMut::Kid(kid) | PartMut::KidRef(KidRef(kid)) => {
                *kid = Kid(self.prefixed("%", "a child like %1")?);
            }
            PartMut::Wire(wire) | PartMut::WireRef(WireRef(wire)) => {
                *wire = Wire(self.prefixed("~", "a pair of sockets like ~1")?);
            }
            PartMut::Units(units) => units.0 = self.prefixed("", "a number")?,
            PartMut::Loop(name) => {
                *name = self.one_of(&[("a", LoopName::A), ("b", LoopName::B)], "a or b")?;
            }
            PartMut::Policy(name) => {
                *name = self.one_of(&[("p", PolicyName::P), ("q", PolicyName::Q)], "p or q")?;
            }
            PartMut::Plan(plan) => {
                let make: fn(u8) -> Plan = self.one_of(
                    &[("exit", Plan::Exit as fn(u8) -> Plan), ("signal", Plan::Signal)],
                    "exit or signal",
                )?;
                *plan = make(self.prefixed("", "a number up to 255")?);
            }
            PartMut::Scene(scene) => *scene = self.one_of(Scene::ALL, "a scene like awaited")?,
            PartMut::Signal(signal) => *signal = self.one_of(SignalName::ALL, "a signal like usr1")?,
            PartMut::Body(body) => {
                if self.peek() != "{" {
                    return Ok(());
                }
                if depth == Self::DEEPEST {
                    return Err(self.expected("no deeper body"));
                }
                self.advance("{");
                *body = self.steps(depth + 1)?;
                match self.peek() {
                    "}" => self.advance("}"),
                    _ => return Err(self.expected("a step or }")),
                }
            }
        }
        Ok(())
    }

    fn prefixed<N: FromStr>(&mut self, prefix: &str, what: &str) -> Result<N, ParseError> {
        let token = self.peek();
        let number = token.strip_prefix(prefix).filter(|digits| digits.bytes().all(|d| d.is_ascii_digit()));
        let number = number.and_then(|digits| digits.parse().ok()).ok_or_else(|| self.expected(what))?;
        self.advance(token);
        Ok(number)
    }

    fn one_of<T: Copy>(&mut self, choices: &[(&str, T)], what: &str) -> Result<T, ParseError> {
        let token = self.peek();
        let (word, value) =
            choices.iter().find(|(word, _)| *word == token).ok_or_else(|| self.expected(what))?;
        self.advance(word);
        Ok(*value)
    }
}

/// The program in one line, quoted for a shell.
#[must_use]
pub fn quoted(program: &Body) -> String {
    alloc::format!("'{program:#}'")
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn errors_say_where() {
        let error = |text: &str| text.parse::<Body>().unwrap_err().to_string();
        assert_eq!(error("soon"), "line 1, column 5: expected a label like #3, but the text ends");
        assert_eq!(error("stop\n  soon 3"), "line 2, column 8: expected a label like #3, not `3`");
        assert_eq!(error("stop }"), "line 1, column 6: expected a step, not `}`");
        assert_eq!(error("soon #1 { stop"), "line 1, column 15: expected a step or }, but the text ends");
        assert_eq!(error("child %1 exit 256"), "line 1, column 15: expected a number up to 255, not `256`");
    }

    #[test]
    fn deep_bodies_are_refused_not_overflowed() {
        let deep = "soon #1 {".repeat(100_000);
        assert!(deep.parse::<Body>().is_err());
    }

    #[test]
    fn comments_and_separators_mean_nothing() {
        let one: Body = "// a comment\nstop;;run // another".parse().unwrap();
        let two: Body = "stop run".parse().unwrap();
        assert_eq!(one, two);
    }
}
