//! What all Unix systems have in common.

pub(crate) mod collect;
#[cfg(not(target_os = "linux"))]
pub(crate) mod other;
