//! Why was a program not started? At one of a few steps, for a reason that the system gave.

use alloc::vec::Vec;
use core::fmt;

use super::Command;
use crate::OsError;

/// What the system refused when a program was to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpawnFailure {
    program: Vec<u8>,
    step: SpawnStep,
    error: OsError,
}

/// At which step a program could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpawnStep {
    /// What was asked for makes no sense, or has a NUL byte.
    Command,
    /// Making a pipe, or opening the null device.
    Stream,
    /// Making a process.
    Process,
    /// Changing to the working directory.
    Directory,
    /// Setting up the process: its session, group, user, mask, limits or descriptors.
    Setting,
    /// Running the program in it.
    Program,
}

impl SpawnFailure {
    /// The step `step` failed for the program.
    #[must_use]
    pub fn new(command: &Command, step: SpawnStep, error: OsError) -> Self {
        Self { program: command.get_program().to_vec(), step, error }
    }

    /// The program that was to be started.
    #[must_use]
    pub fn program(&self) -> &[u8] {
        &self.program
    }

    /// What failed.
    #[must_use]
    pub const fn step(&self) -> SpawnStep {
        self.step
    }

    /// Why.
    #[must_use]
    pub const fn error(&self) -> OsError {
        self.error
    }
}

impl fmt::Display for SpawnFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.step {
            SpawnStep::Command => "what was asked for makes no sense",
            SpawnStep::Stream => "its standard streams could not be made",
            SpawnStep::Process => "there is no process to be had",
            SpawnStep::Directory => "its working directory cannot be entered",
            SpawnStep::Setting => "its process could not be set up",
            SpawnStep::Program => "it cannot be run",
        };
        write!(f, "`{}` was not started, since {what}: {}", self.program.escape_ascii(), self.error)
    }
}

impl core::error::Error for SpawnFailure {}
