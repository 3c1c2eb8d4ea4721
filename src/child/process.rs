//! How a task starts a program and awaits its end, on whatever loop and watcher are in force.

use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::{ChildToken, ExitStatus, Pid, Watcher};
use crate::platform::{Arc, Lock};
use crate::{Loop, Rejected, SpawnError, WatchError, get_child_watcher};

/// What a program's standard stream is connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StdioMode {
    /// The same as this process's.
    #[default]
    Inherit,
    /// Nothing: reads end at once, writes vanish.
    Null,
}

/// A program to start: its path and its arguments, as bytes.
///
/// The environment and the working directory are inherited.
///
/// ```
/// use anyloop::{Exec, StdioMode};
/// let program = Exec::new("/bin/echo").arg("hello").stdout(StdioMode::Null);
/// assert_eq!(program.args().len(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Exec {
    program: Vec<u8>,
    args: Vec<Vec<u8>>,
    stdin: StdioMode,
    stdout: StdioMode,
    stderr: StdioMode,
}

impl Exec {
    /// Runs the program at `path`, or of that name in the search path.
    #[must_use]
    pub fn new(path: impl AsRef<[u8]>) -> Self {
        Self {
            program: path.as_ref().to_vec(),
            args: Vec::new(),
            stdin: StdioMode::Inherit,
            stdout: StdioMode::Inherit,
            stderr: StdioMode::Inherit,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        self.args.push(arg.as_ref().to_vec());
        self
    }

    /// Connects its standard input.
    #[must_use]
    pub const fn stdin(mut self, mode: StdioMode) -> Self {
        self.stdin = mode;
        self
    }

    /// Connects its standard output.
    #[must_use]
    pub const fn stdout(mut self, mode: StdioMode) -> Self {
        self.stdout = mode;
        self
    }

    /// Connects its standard error.
    #[must_use]
    pub const fn stderr(mut self, mode: StdioMode) -> Self {
        self.stderr = mode;
        self
    }

    /// The program's path or name.
    #[must_use]
    pub fn program(&self) -> &[u8] {
        &self.program
    }

    /// The arguments, the program's own name not among them.
    #[must_use]
    pub fn args(&self) -> &[Vec<u8>] {
        &self.args
    }

    /// Standard input, output and error.
    #[must_use]
    pub const fn stdio(&self) -> [StdioMode; 3] {
        [self.stdin, self.stdout, self.stderr]
    }
}

/// What the watcher's callback and the waiting task share.
#[derive(Debug, Default)]
struct Shared {
    status: Option<ExitStatus>,
    waker: Option<Waker>,
}

/// A child process whose end is being watched for.
///
/// Dropping it forgets about the child, which is collected all the same when it ends.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    shared: Arc<Lock<Shared>>,
}

impl Child {
    /// Watches, with `watcher`, for the end of a child that is there already; `lp` is told.
    ///
    /// # Errors
    ///
    /// [`Rejected`] gives the child back, uncollected.
    pub fn adopt(
        lp: &Loop,
        watcher: &Watcher,
        token: ChildToken,
    ) -> Result<Self, Rejected<ChildToken, WatchError>> {
        let pid = token.pid();
        let shared = Arc::new(Lock::new(Shared::default()));
        let told = shared.clone();
        let tell = move |_, status| {
            let waker = told.with(|shared| {
                shared.status = Some(status);
                shared.waker.take()
            });
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        match watcher.watch_on(lp, token, tell) {
            Ok(displaced) => drop(displaced),
            Err(rejected) => return Err(rejected.map(|(token, _)| token)),
        }
        Ok(Self { pid, shared })
    }

    /// Its number. It names this child until its end has been reported.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if that has been reported.
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        self.shared.with(|shared| shared.status)
    }

    /// Waits for its end. It may be called again, and gives the same status then.
    ///
    /// If the loop that is told is closed first, this never becomes ready.
    pub const fn wait(&mut self) -> Wait<'_> {
        Wait { child: self }
    }
}

/// The future of [`Child::wait`].
#[derive(Debug)]
pub struct Wait<'a> {
    child: &'a mut Child,
}

impl Future for Wait<'_> {
    type Output = ExitStatus;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitStatus> {
        let waker = cx.waker().clone();
        let (status, unused) = self.child.shared.with(|shared| match shared.status {
            Some(status) => (Some(status), Some(waker)),
            None => (None, shared.waker.replace(waker)),
        });
        // Wakers are user code: dropped out here.
        drop(unused);
        status.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Loop {
    /// Starts a program, and watches for its end with the policy's child watcher.
    ///
    /// # Errors
    ///
    /// [`SpawnRejected`]: before a process was made, a [`SpawnError`]; after, the child itself,
    /// running and not watched.
    ///
    /// ```
    /// # use anyloop_os as _;
    /// use anyloop::{Exec, ExitStatus};
    ///
    /// let status = anyloop::run(async {
    ///     let lp = anyloop::get_running_loop().unwrap();
    ///     let mut child = lp.subprocess_exec(&Exec::new("/bin/true")).unwrap();
    ///     child.wait().await
    /// })?;
    /// assert_eq!(status, ExitStatus::Exited(0));
    /// # Ok::<(), anyloop::RunError>(())
    /// ```
    pub fn subprocess_exec(&self, program: &Exec) -> Result<Child, SpawnRejected> {
        let watcher = get_child_watcher().map_err(SpawnError::Policy)?;
        let processes = self.capabilities().processes.ok_or(SpawnError::Unsupported)?;
        if !watcher.is_active() {
            return Err(SpawnError::Inactive.into());
        }
        let token = processes.spawn(program).map_err(SpawnError::Os)?;
        Child::adopt(self, &watcher, token).map_err(SpawnRejected::Unwatched)
    }
}

/// Why there is no [`Child`] to await.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpawnRejected {
    /// No process was made.
    NotSpawned(SpawnError),
    /// The process runs, but its end would not be noticed: here it is, collectable.
    Unwatched(Rejected<ChildToken, WatchError>),
}

impl From<SpawnError> for SpawnRejected {
    fn from(error: SpawnError) -> Self {
        Self::NotSpawned(error)
    }
}

impl fmt::Display for SpawnRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSpawned(error) => error.fmt(f),
            Self::Unwatched(rejected) => {
                write!(f, "the program runs, but nobody watches for its end: {rejected}")
            }
        }
    }
}

impl core::error::Error for SpawnRejected {}
