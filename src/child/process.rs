//! How a task starts a program and awaits its end, on whatever loop and watcher are in force.

use super::ending::{Ending, Teller};
use super::{ChildToken, Command, ExitStatus, Pid, PipeReader, PipeWriter, RawChild, Wait, Watcher};
use crate::{Loop, Rejected, SignalError, SpawnError, WatchError, get_child_watcher, get_running_loop};

/// POSIX's numbers, which Windows takes for "end it" as well.
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

/// What a loop has started: see [`Processes::spawn`](crate::Processes::spawn).
#[derive(Debug)]
#[non_exhaustive]
pub struct Spawned {
    /// The child.
    pub token: ChildToken,
    /// What it reads, if that is a pipe.
    pub stdin: Option<PipeWriter>,
    /// What it writes, if that is a pipe.
    pub stdout: Option<PipeReader>,
    /// What it complains, if that is a pipe of its own.
    pub stderr: Option<PipeReader>,
}

impl From<ChildToken> for Spawned {
    /// A child without pipes.
    fn from(token: ChildToken) -> Self {
        Self { token, stdin: None, stdout: None, stderr: None }
    }
}

/// A child process whose end is being watched for.
///
/// Dropping it forgets about the child, which goes on and is collected when it ends; or has it killed, if the
/// [`Command`] said so. The streams can be taken out, and a `wait` lives on without it.
///
/// *Keeps* [`process.killed`](crate::rules::process::KILLED), [`process.detached`](crate::rules::process::DETACHED).
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    ending: Ending,
    handle: Option<RawChild>,
    kill_on_drop: bool,
    /// What it reads, if that is a pipe. Drop it for the child to read the end.
    pub stdin: Option<PipeWriter>,
    /// What it writes, if that is a pipe.
    pub stdout: Option<PipeReader>,
    /// What it complains, if that is a pipe of its own.
    pub stderr: Option<PipeReader>,
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
        let (pid, handle, ending) = (token.pid(), token.handle().cloned(), Ending::new());
        let teller = Teller(ending.clone());
        match watcher.watch_on(lp, token, move |_, status| teller.tell(status)) {
            Ok(displaced) => drop(displaced),
            Err(rejected) => return Err(rejected.map(|(token, _)| token)),
        }
        Ok(Self { pid, ending, handle, kill_on_drop: false, stdin: None, stdout: None, stderr: None })
    }

    /// Its number. It names this child until its end has been reported.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if that has been reported: from then on always the same.
    ///
    /// *Keeps* [`process.status`](crate::rules::process::STATUS).
    #[doc(alias = "returncode")]
    #[doc(alias = "try_wait")]
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        self.ending.status()
    }

    /// Waits for its end, and for nothing else: what it wrote may still be in the pipes, which a child of its own may
    /// keep open. Any number of tasks may wait, one after the other or at once, and be cancelled.
    ///
    /// If the loop that is told is closed first, or somebody else takes the child over, this gives
    /// [`ExitStatus::Unknown`]. The child is collected all the same.
    ///
    /// *Keeps* [`process.waiters`](crate::rules::process::WAITERS), [`process.alone`](crate::rules::process::ALONE),
    /// [`process.closed`](crate::rules::process::CLOSED).
    #[must_use]
    pub fn wait(&self) -> Wait {
        self.ending.clone().wait()
    }

    /// Sends it a signal, by the system's handle where there is one: so it never reaches another process. One that
    /// has ended, without this having been reported yet, does not notice.
    ///
    /// *Keeps* [`process.signalled`](crate::rules::process::SIGNALLED),
    /// [`process.over`](crate::rules::process::OVER), [`process.kept`](crate::rules::process::KEPT).
    ///
    /// # Errors
    ///
    /// [`SignalError::Over`] once its end has been reported, without asking the system.
    pub fn send_signal(&self, signal: i32) -> Result<(), SignalError> {
        if self.status().is_some() {
            return Err(SignalError::Over);
        }
        let handle = self.handle.as_ref().ok_or(SignalError::Unsupported)?;
        handle.send_signal(signal).map_err(SignalError::Os)
    }

    /// Asks it to end (`SIGTERM`).
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Self::send_signal).
    pub fn terminate(&self) -> Result<(), SignalError> {
        self.send_signal(SIGTERM)
    }

    /// Ends it (`SIGKILL`).
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Self::send_signal).
    pub fn kill(&self) -> Result<(), SignalError> {
        self.send_signal(SIGKILL)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.kill_on_drop {
            // It can fail only if there is nothing to kill any more.
            let _ = self.kill();
        }
    }
}

/// A child that nobody watches yet: ended and collected, unless somebody does in the end.
struct Unwatched(Option<RawChild>);

impl Drop for Unwatched {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.discard();
        }
    }
}

impl Loop {
    /// Starts a program, and watches for its end with the policy's child watcher.
    ///
    /// The loop waits until the program has begun, which takes a tenth of a millisecond or so.
    ///
    /// *Keeps* [`process.first`](crate::rules::process::FIRST), [`process.nothing`](crate::rules::process::NOTHING).
    ///
    /// # Errors
    ///
    /// [`SpawnError`], and nothing is left behind: no process, no descriptor, no registration.
    ///
    /// ```
    /// # use anyloop_os as _;
    /// use anyloop::{Command, ExitStatus, Stdio};
    ///
    /// let output = anyloop::run(async {
    ///     let lp = anyloop::get_running_loop().unwrap();
    ///     let program = Command::new("tr").arg("a-z").arg("A-Z").stdin(Stdio::Pipe).stdout(Stdio::Pipe);
    ///     let mut child = lp.subprocess_exec(&program).unwrap();
    ///     child.communicate(b"loud").await.unwrap()
    /// })?;
    /// assert_eq!((output.status, &*output.stdout), (ExitStatus::Exited(0), &b"LOUD"[..]));
    /// # Ok::<(), anyloop::RunError>(())
    /// ```
    pub fn subprocess_exec(&self, command: &Command) -> Result<Child, SpawnError> {
        let watcher = get_child_watcher().map_err(SpawnError::Policy)?;
        self.subprocess_exec_with(&watcher, command)
    }

    /// The same, with a watcher that is not the policy's.
    ///
    /// # Errors
    ///
    /// As [`subprocess_exec`](Self::subprocess_exec).
    pub fn subprocess_exec_with(&self, watcher: &Watcher, command: &Command) -> Result<Child, SpawnError> {
        let processes = self.capabilities().processes.ok_or(SpawnError::Unsupported)?;
        if !watcher.is_active() {
            return Err(SpawnError::Inactive);
        }
        let spawning = watcher.reaper().map(super::Reaper::begin_spawn);
        let Spawned { token, stdin, stdout, stderr } = processes.spawn(command)?;
        let mut unwatched = Unwatched(token.handle().cloned());
        let adopted = Child::adopt(self, watcher, token);
        let mut child = adopted.map_err(|rejected| SpawnError::Watcher(rejected.reason))?;
        unwatched.0 = None;
        drop(spawning);
        (child.stdin, child.stdout, child.stderr) = (stdin, stdout, stderr);
        child.kill_on_drop = command.kill_on_drop;
        Ok(child)
    }
}

/// Starts a program on the running loop: [`Loop::subprocess_exec`].
///
/// # Errors
///
/// [`SpawnError`], and nothing is left behind.
///
/// ```
/// # use anyloop_os as _;
/// use anyloop::{Command, create_subprocess_exec};
///
/// let status = anyloop::run(async {
///     create_subprocess_exec(&Command::new("/bin/true")).unwrap().wait().await
/// })?;
/// assert!(status.success());
/// # Ok::<(), anyloop::RunError>(())
/// ```
pub fn create_subprocess_exec(command: &Command) -> Result<Child, SpawnError> {
    get_running_loop().map_err(|_| SpawnError::NoRunningLoop)?.subprocess_exec(command)
}

/// Has the system's shell run a line on the running loop: [`Command::shell`].
///
/// # Errors
///
/// As [`create_subprocess_exec`].
pub fn create_subprocess_shell(line: impl AsRef<[u8]>) -> Result<Child, SpawnError> {
    create_subprocess_exec(&Command::shell(line))
}
