//! How results are printed: a reader who leaves early, as `head` does, has read what they wanted.

use std::fmt;
use std::io::{self, Write};

/// Prints a line of results.
pub(crate) fn line(words: fmt::Arguments<'_>) {
    // Whoever left is not to be told; the exit status still says how it ended.
    let _ = writeln!(io::stdout(), "{words}");
}

/// As `println!`, which would panic if nobody reads.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::say::line(format_args!($($words)*))
    };
}

pub(crate) use say;
