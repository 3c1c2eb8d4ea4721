//! What is to be started, and how: a program, its arguments, and all that it finds there.

use alloc::vec::Vec;
use core::any::Any;
use core::fmt;

use crate::RawSource;
use crate::platform::{Arc, share};

/// What a program's standard stream is connected to.
///
/// *Keeps* [`process.streams`](crate::rules::process::STREAMS).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Stdio {
    /// The same as this process's.
    #[default]
    Inherit,
    /// Nothing: reads end at once, writes vanish.
    Null,
    /// A pipe, whose other end the [`Child`](crate::Child) has.
    Pipe,
    /// Standard error only: wherever standard output goes.
    Merged,
    /// Something that is open here.
    Given(Given),
}

/// A descriptor or handle that is open here, and stays so for as long as this lives.
///
/// With `std`, an owned descriptor, a file or an end of a pipe becomes a [`Stdio`] by itself:
///
/// ```
/// # #[cfg(unix)] {
/// use anyloop::{Command, Stdio};
///
/// let log = std::fs::File::open("/dev/null")?;
/// let program = Command::new("/bin/date").stdout(std::os::fd::OwnedFd::from(log));
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Given {
    raw: RawSource,
    _owner: Arc<dyn Any + Send + Sync>,
}

impl Given {
    /// `raw`, which `owner` keeps open.
    ///
    /// # Safety
    ///
    /// `raw` is open for as long as `owner` lives.
    pub unsafe fn new(raw: RawSource, owner: impl Any + Send + Sync) -> Self {
        Self { raw, _owner: share!(owner, dyn Any + Send + Sync) }
    }

    /// Its number.
    #[must_use]
    pub const fn raw(&self) -> RawSource {
        self.raw
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Given").field(&self.raw.0).finish()
    }
}

/// A limit of what a program may use, by the system's number of the resource (`RLIMIT_…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// Which resource.
    pub resource: i32,
    /// What is enforced.
    pub soft: u64,
    /// How far the program may raise that.
    pub hard: u64,
}

/// A program to start: its path or name and its arguments, as bytes, and what it finds when it starts.
///
/// By default that is what this process has: standard streams, environment, working directory. Other descriptors are
/// not passed on, unless the system lacks the means and they are not marked close-on-exec. See
/// [`Loop::subprocess_exec`](crate::Loop::subprocess_exec).
///
/// ```
/// use anyloop::{Command, Stdio};
/// let program = Command::new("/bin/echo").arg("hello").env("LANG", "C").stdout(Stdio::Pipe);
/// assert_eq!(program.get_args().len(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Command {
    program: Vec<u8>,
    args: Vec<Vec<u8>>,
    pub(crate) kill_on_drop: bool,
    setting: Setting,
}

/// What a program finds when it starts.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Setting {
    /// Standard input, output and error.
    pub stdio: [Stdio; 3],
    /// Whether it inherits no environment.
    pub env_clear: bool,
    /// Variables that are set, or removed.
    pub env: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Its working directory.
    pub current_dir: Option<Vec<u8>>,
    /// The process group that it joins: 0 is one of its own.
    pub process_group: Option<i32>,
    /// Whether it leads a session of its own, without a terminal.
    pub new_session: bool,
    /// The user that it runs as.
    pub uid: Option<u32>,
    /// The group that it runs as.
    pub gid: Option<u32>,
    /// The permissions that files that it makes do not get.
    pub umask: Option<u32>,
    /// What it may use.
    pub limits: Vec<ResourceLimit>,
}

impl Command {
    /// Runs the program at `path`, or of that name in the search path.
    #[must_use]
    pub fn new(path: impl AsRef<[u8]>) -> Self {
        let program = path.as_ref().to_vec();
        Self { program, args: Vec::new(), kill_on_drop: false, setting: Setting::default() }
    }

    /// Has the system's shell, `/bin/sh`, run a line: asyncio's `subprocess_shell`. What comes from elsewhere must be
    /// quoted, or be given as arguments (`"$1"`).
    ///
    /// ```
    /// use anyloop::Command;
    /// let program = Command::shell(r#"sort "$1" | uniq -c"#).arg("sh").arg("names.txt");
    /// assert_eq!(program.get_program(), b"/bin/sh");
    /// ```
    #[doc(alias = "subprocess_shell")]
    #[must_use]
    pub fn shell(line: impl AsRef<[u8]>) -> Self {
        Self::new("/bin/sh").arg("-c").arg(line)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        self.args.push(arg.as_ref().to_vec());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_vec()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.setting.env.push((name.as_ref().to_vec(), Some(value.as_ref().to_vec())));
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<[u8]>) -> Self {
        self.setting.env.push((name.as_ref().to_vec(), None));
        self
    }

    /// Starts with an empty environment: what was set before this is forgotten.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.setting.env.clear();
        self.setting.env_clear = true;
        self
    }

    /// Starts in that directory. A relative path of the program is looked up from there.
    #[doc(alias = "cwd")]
    #[must_use]
    pub fn current_dir(mut self, directory: impl AsRef<[u8]>) -> Self {
        self.setting.current_dir = Some(directory.as_ref().to_vec());
        self
    }

    /// Connects its standard input.
    #[must_use]
    pub fn stdin(mut self, stdio: impl Into<Stdio>) -> Self {
        self.setting.stdio[0] = stdio.into();
        self
    }

    /// Connects its standard output.
    #[must_use]
    pub fn stdout(mut self, stdio: impl Into<Stdio>) -> Self {
        self.setting.stdio[1] = stdio.into();
        self
    }

    /// Connects its standard error.
    #[must_use]
    pub fn stderr(mut self, stdio: impl Into<Stdio>) -> Self {
        self.setting.stdio[2] = stdio.into();
        self
    }

    /// Has it join a process group: 0 is one of its own, so that the terminal's signals do not reach it.
    #[must_use]
    pub const fn process_group(mut self, group: i32) -> Self {
        self.setting.process_group = Some(group);
        self
    }

    /// Has it lead a session of its own, without a terminal.
    #[doc(alias = "start_new_session")]
    #[must_use]
    pub const fn new_session(mut self) -> Self {
        self.setting.new_session = true;
        self
    }

    /// Has it killed if its [`Child`](crate::Child) is dropped before its end was reported.
    #[must_use]
    pub const fn kill_on_drop(mut self) -> Self {
        self.kill_on_drop = true;
        self
    }

    /// Runs it as that user, which takes the right to do so.
    #[must_use]
    pub const fn uid(mut self, user: u32) -> Self {
        self.setting.uid = Some(user);
        self
    }

    /// Runs it as that group, which takes the right to do so.
    #[must_use]
    pub const fn gid(mut self, group: u32) -> Self {
        self.setting.gid = Some(group);
        self
    }

    /// Sets the permissions that files that it makes do not get.
    #[must_use]
    pub const fn umask(mut self, mask: u32) -> Self {
        self.setting.umask = Some(mask);
        self
    }

    /// Limits what it may use.
    #[must_use]
    pub fn limit(mut self, limit: ResourceLimit) -> Self {
        self.setting.limits.push(limit);
        self
    }

    /// The program's path or name.
    #[must_use]
    pub fn get_program(&self) -> &[u8] {
        &self.program
    }

    /// The arguments, the program's own name not among them.
    #[must_use]
    pub fn get_args(&self) -> &[Vec<u8>] {
        &self.args
    }

    /// What it finds when it starts: for those who implement [`Processes`](crate::Processes).
    #[must_use]
    pub const fn setting(&self) -> &Setting {
        &self.setting
    }
}
