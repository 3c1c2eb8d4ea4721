//! How is a child told to end, and how? It reads a byte from a pipe, and ends with that.

use std::io::{PipeReader, PipeWriter, Write, pipe};

/// What the children read whose input this is: one byte each.
pub(crate) struct Gate {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        Self { reader, writer }
    }

    /// The input of a child that waits here.
    pub(crate) fn input(&self) -> PipeReader {
        self.reader.try_clone().expect("a descriptor")
    }

    /// Has one of the children end, with a code that depends on `number`.
    pub(crate) fn send(&self, number: u64) -> i32 {
        let code = (number * 7 + 1) as u8;
        (&self.writer).write_all(&[code]).expect("a pipe with room");
        code.into()
    }
}
