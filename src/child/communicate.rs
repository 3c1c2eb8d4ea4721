//! How does a task talk with a program without either waiting for the other? It writes and reads at once, whatever is
//! possible.

use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};

use super::{Child, ExitStatus, PipeReader};
use crate::OsError;

/// What a program said, and how it ended. What was no pipe is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it complained.
    pub stderr: Vec<u8>,
}

/// Why a program was not heard to its end. It may be running still, and its pipes are closed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommunicateError {
    /// It said more than was allowed, on one of its streams. Here is what was read.
    TooLong {
        /// What it wrote.
        stdout: Vec<u8>,
        /// What it complained.
        stderr: Vec<u8>,
    },
    /// The system refused to read or to write.
    Os(OsError),
}

impl fmt::Debug for CommunicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { stdout, stderr } => {
                write!(f, "TooLong({} bytes and {})", stdout.len(), stderr.len())
            }
            Self::Os(error) => f.debug_tuple("Os").field(error).finish(),
        }
    }
}

impl fmt::Display for CommunicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { stdout, stderr } => write!(
                f,
                "the program said more than was allowed, {} bytes and {}: kill it, or allow more",
                stdout.len(),
                stderr.len()
            ),
            Self::Os(error) => write!(f, "the system refused to talk with the program: {error}"),
        }
    }
}

impl core::error::Error for CommunicateError {}

impl From<OsError> for CommunicateError {
    fn from(error: OsError) -> Self {
        Self::Os(error)
    }
}

/// One stream of a program that is read to its end.
struct Reading<'a> {
    pipe: &'a mut Option<PipeReader>,
    read: Vec<u8>,
    limit: usize,
}

/// How far a stream has come.
#[derive(PartialEq, Eq)]
enum Reached {
    Nothing,
    End,
    Limit,
}

impl Reading<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<Reached, OsError> {
        while let Some(pipe) = self.pipe {
            match pipe.poll_fill(cx, &mut self.read) {
                Poll::Pending => return Ok(Reached::Nothing),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Ready(Ok(0)) => *self.pipe = None,
                Poll::Ready(Ok(_)) if self.read.len() > self.limit => return Ok(Reached::Limit),
                Poll::Ready(Ok(_)) => {}
            }
        }
        Ok(Reached::End)
    }
}

impl Child {
    /// Gives it `input`, closes its standard input, reads both of its streams to their ends, and waits for its own:
    /// asyncio's `communicate`. A program that does not read all of its input is no error.
    ///
    /// If this is dropped before it is ready, what was read is lost.
    ///
    /// *Keeps* [`process.communicate`](crate::rules::process::COMMUNICATE),
    /// [`process.deaf`](crate::rules::process::DEAF).
    ///
    /// # Errors
    ///
    /// [`CommunicateError::Os`].
    ///
    /// ```
    /// # use anyloop_os as _;
    /// use anyloop::{Child, Command, CommunicateError, Output, Stdio};
    ///
    /// /// Says one thing first, and then another.
    /// async fn talk(child: &mut Child) -> Result<Output, CommunicateError> {
    ///     if let Some(stdin) = &mut child.stdin {
    ///         stdin.write_all(b"one ").await?;
    ///     }
    ///     child.communicate(b"two").await
    /// }
    ///
    /// let output = anyloop::run(async {
    ///     let echo = Command::new("cat").stdin(Stdio::Pipe).stdout(Stdio::Pipe);
    ///     talk(&mut anyloop::create_subprocess_exec(&echo).unwrap()).await.unwrap()
    /// })?;
    /// assert_eq!(output.stdout, b"one two");
    /// # Ok::<(), anyloop::RunError>(())
    /// ```
    pub async fn communicate(&mut self, input: &[u8]) -> Result<Output, CommunicateError> {
        self.communicate_within(input, usize::MAX).await
    }

    /// The same, with at most `limit` bytes of each stream, and somewhat more at a time.
    ///
    /// # Errors
    ///
    /// [`CommunicateError::TooLong`] as soon as it says more. It finds its pipes closed then, and is not killed.
    pub async fn communicate_within(
        &mut self,
        input: &[u8],
        limit: usize,
    ) -> Result<Output, CommunicateError> {
        let mut rest = input;
        let mut ending = pin!(self.wait());
        let Self { stdin, stdout, stderr, .. } = self;
        let mut out = Reading { pipe: stdout, read: Vec::new(), limit };
        let mut err = Reading { pipe: stderr, read: Vec::new(), limit };
        let talked = poll_fn(|cx| {
            while let Some(pipe) = stdin.as_mut().filter(|_| !rest.is_empty()) {
                match pipe.poll_write(cx, rest) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(written)) => rest = rest.get(written..).unwrap_or_default(),
                    // It reads no more.
                    Poll::Ready(Err(_)) => rest = &[],
                }
            }
            if rest.is_empty() {
                *stdin = None;
            }
            let reached = match (out.poll(cx), err.poll(cx)) {
                (Ok(out), Ok(err)) => [out, err],
                (Err(error), _) | (_, Err(error)) => return Poll::Ready(Err(Some(error))),
            };
            if reached.contains(&Reached::Limit) {
                return Poll::Ready(Err(None));
            }
            if reached != [Reached::End, Reached::End] {
                return Poll::Pending;
            }
            ending.as_mut().poll(cx).map(Ok)
        });
        let talked = talked.await;
        let (stdout, stderr) = (out.read, err.read);
        (self.stdin, self.stdout, self.stderr) = (None, None, None);
        match talked {
            Ok(status) => Ok(Output { status, stdout, stderr }),
            Err(None) => Err(CommunicateError::TooLong { stdout, stderr }),
            Err(Some(error)) => Err(error.into()),
        }
    }
}
