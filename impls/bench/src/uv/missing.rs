//! What stands in for libuv where it is not installed? Nothing here is ever called.

use std::ffi::c_int;
use std::os::fd::{AsFd, OwnedFd};

const WHY: &str = "a missing subject is not measured";

pub(crate) fn version() -> Option<String> {
    None
}

pub(crate) fn call_soon(_: u64, _: u64) -> u64 {
    unreachable!("{WHY}")
}

pub(crate) struct Timers;

impl Timers {
    pub(crate) fn new(_: &[u64]) -> Self {
        unreachable!("{WHY}")
    }

    pub(crate) fn insert(&self) {}

    pub(crate) fn cancel(&self) {}

    pub(crate) fn run(&self) -> u64 {
        0
    }
}

pub(crate) fn lateness(_: &[u64]) -> Vec<i64> {
    unreachable!("{WHY}")
}

#[derive(Clone, Copy)]
pub(crate) struct Pair;

impl Pair {
    pub(crate) fn new(_: u64) -> Self {
        unreachable!("{WHY}")
    }

    pub(crate) fn run(self, _: c_int) {}
}

#[derive(Clone, Copy)]
pub(crate) struct Consumer;

impl Consumer {
    pub(crate) fn new(_: u64) -> Self {
        unreachable!("{WHY}")
    }

    pub(crate) fn post(self, _: u64) {}

    pub(crate) fn run(self) {}
}

pub(crate) fn once() {
    unreachable!("{WHY}")
}

pub(crate) fn watch_once(_: &OwnedFd) {
    unreachable!("{WHY}")
}

pub(crate) struct Watched;

impl Watched {
    pub(crate) fn new() -> Self {
        unreachable!("{WHY}")
    }

    pub(crate) fn idle(&mut self, _: OwnedFd) {}

    pub(crate) fn play(&mut self, _: &[impl AsFd; 2], _: u64) -> u64 {
        0
    }
}

pub(crate) struct Children;

impl Children {
    pub(crate) fn new() -> Self {
        unreachable!("{WHY}")
    }

    pub(crate) fn spawn(&self, _: &str, _: impl AsFd) {}

    pub(crate) fn next(&self) -> c_int {
        0
    }
}
