//! What happened while a program was played: the only evidence that judges see.
//!
//! # As text
//!
//! A history is printed and parsed, an event a line, so that it can come from another process, from
//! a program in another language, or from a board: nanoseconds on the loop's clock or `-`, the
//! number of the context, the event's [word](What::word), and its fields by name.
//!
//! ```
//! let text = "1200 0 asking label=#1 how=soon\n- 1 refused label=#2 reason=closed\n";
//! let history: anyloop_conformance::History = text.parse()?;
//! assert_eq!(history.to_string(), text);
//! # Ok::<(), anyloop_conformance::ParseError>(())
//! ```

mod named;
mod text;
mod what;
mod words;

use alloc::vec::Vec;

pub use what::What;
pub use words::{Current, Given, Heritage, How, Launch, OFFERS, Ran, Reply, Sending, Side, Stream, Tried};

/// A play, told in the order in which it was noticed.
///
/// What one context did is in its own order. Across contexts, an event that was recorded before a
/// call precedes whatever the call led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The events.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Nanoseconds on the loop's clock since the start of the play. `None` on other contexts, and
    /// where calling the loop would disturb it.
    pub at: Option<u64>,
    /// Where: 0 is the context of the loop, other contexts are numbered as they come.
    pub context: u32,
    /// What.
    pub what: What,
}

impl History {
    /// Whether somebody had to give up waiting.
    #[must_use]
    pub fn hangs(&self) -> bool {
        self.events.iter().any(|event| matches!(event.what, What::Stalled | What::Hung))
    }

    /// Whether it breaks off: the process died, or hangs.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(self.events.last(), Some(Event { what: What::Died { .. } | What::Hung, .. }))
    }
}
