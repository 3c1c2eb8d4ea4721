//! How does a task talk with a program? Through pipes that its loop waits for.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll};

use crate::OsError;

/// So much is read at a time, at least.
const CHUNK: usize = 16 * 1024;

/// The end of a pipe that this process reads: what a loop gives, for [`PipeReader`].
pub trait ReadPipe {
    /// Reads at most `buffer.len()` bytes; none at the end. If there are none yet, the task is woken when there are.
    ///
    /// # Errors
    ///
    /// What the system answered; on a closed loop, the number that a closed descriptor gives.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, OsError>>;
}

/// The end of a pipe that this process writes: what a loop gives, for [`PipeWriter`].
pub trait WritePipe {
    /// Writes some of the bytes, and says how many. If there is no room, the task is woken when there is.
    ///
    /// # Errors
    ///
    /// What the system answered: `EPIPE` if nobody reads any more; on a closed loop, the number that a closed
    /// descriptor gives.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, OsError>>;
}

/// What a program writes, to be read by a task of the loop that started it. Dropping it closes the pipe.
///
/// *Keeps* [`process.bytes`](crate::rules::process::BYTES).
pub struct PipeReader {
    pipe: Box<dyn ReadPipe>,
    /// What was read, and not yet given out.
    kept: Vec<u8>,
}

impl PipeReader {
    /// Reads from `pipe`.
    #[must_use]
    pub fn new(pipe: Box<dyn ReadPipe>) -> Self {
        Self { pipe, kept: Vec::new() }
    }

    /// Appends what comes next to `to`, and says how much that is: nothing at the end. May be dropped at any time, and
    /// nothing is lost.
    ///
    /// # Errors
    ///
    /// What the system answered.
    pub async fn read(&mut self, to: &mut Vec<u8>) -> Result<usize, OsError> {
        poll_fn(|cx| self.poll_fill(cx, to)).await
    }

    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Vec<u8>,
    ) -> Poll<Result<usize, OsError>> {
        if !self.kept.is_empty() {
            let kept = self.kept.len();
            to.append(&mut self.kept);
            return Poll::Ready(Ok(kept));
        }
        let before = to.len();
        // What is read into has to be written first, so not all that there may be.
        let room = (to.capacity() - before).clamp(CHUNK, 4 * CHUNK);
        to.resize(before + room, 0);
        let read = self.pipe.poll_read(cx, &mut to[before..]);
        let new = if let Poll::Ready(Ok(new)) = &read { *new } else { 0 };
        to.truncate(before + new);
        read
    }

    /// Appends a line to `to`, its end included, and says how long it is: nothing at the end, and the last one may
    /// have no end of line. May be dropped at any time, and nothing is lost.
    ///
    /// # Errors
    ///
    /// What the system answered. What came before is kept.
    pub async fn read_line(&mut self, to: &mut Vec<u8>) -> Result<usize, OsError> {
        let mut looked_at = 0;
        loop {
            let found = self.kept[looked_at..].iter().position(|byte| *byte == b'\n');
            if let Some(at) = found {
                let length = looked_at + at + 1;
                to.extend(self.kept.drain(..length));
                return Ok(length);
            }
            looked_at = self.kept.len();
            let (pipe, kept) = (&mut self.pipe, &mut self.kept);
            let mut buffer = [0; 1024];
            let new = poll_fn(|cx| pipe.poll_read(cx, &mut buffer)).await?;
            if new == 0 {
                to.append(kept);
                return Ok(looked_at);
            }
            kept.extend_from_slice(&buffer[..new]);
        }
    }

    /// Appends all that comes until the end, and says how much that is.
    ///
    /// # Errors
    ///
    /// What the system answered. What came before is in `to`.
    pub async fn read_to_end(&mut self, to: &mut Vec<u8>) -> Result<usize, OsError> {
        let before = to.len();
        while self.read(to).await? > 0 {}
        Ok(to.len() - before)
    }
}

impl fmt::Debug for PipeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeReader").field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}

/// What a program reads, to be written by a task of the loop that started it. Dropping it closes the pipe: the program
/// reads its end then.
///
/// *Keeps* [`process.input`](crate::rules::process::INPUT).
pub struct PipeWriter {
    pipe: Box<dyn WritePipe>,
}

impl PipeWriter {
    /// Writes to `pipe`.
    #[must_use]
    pub fn new(pipe: Box<dyn WritePipe>) -> Self {
        Self { pipe }
    }

    /// Writes some of the bytes, and says how many. May be dropped at any time: then none was written.
    ///
    /// # Errors
    ///
    /// What the system answered: `EPIPE` if the program reads no more.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<usize, OsError> {
        poll_fn(|cx| self.poll_write(cx, bytes)).await
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, OsError>> {
        self.pipe.poll_write(cx, bytes)
    }

    /// Writes all the bytes.
    ///
    /// # Errors
    ///
    /// What the system answered. Some may have been written.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), OsError> {
        while !bytes.is_empty() {
            let written = self.write(bytes).await?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}

impl fmt::Debug for PipeWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeWriter").finish_non_exhaustive()
    }
}
