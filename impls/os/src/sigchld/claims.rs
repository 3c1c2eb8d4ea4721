//! Which watchers may be at work together? Any, but with one that takes everybody's children none.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyloop::{ProcessStamp, WatchError};

/// Who is at work.
struct Claims {
    /// Where: a forked child begins anew.
    process: ProcessStamp,
    /// Those that only look at their own children.
    modest: Vec<&'static str>,
    /// The one that takes all.
    greedy: Option<&'static str>,
}

static CLAIMS: Mutex<Claims> =
    Mutex::new(Claims { process: ProcessStamp::NONE, modest: Vec::new(), greedy: None });

fn claims() -> MutexGuard<'static, Claims> {
    let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
    if !claims.process.is_current() {
        *claims = Claims { process: ProcessStamp::current(), modest: Vec::new(), greedy: None };
    }
    claims
}

/// Says that a watcher is at work, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    name: &'static str,
    greedy: bool,
}

impl Claim {
    /// For one that looks at its own children only.
    pub(crate) fn modest(name: &'static str) -> Result<Self, WatchError> {
        let mut claims = claims();
        match claims.greedy {
            Some(other) => Err(WatchError::Conflict(other)),
            None => {
                claims.modest.push(name);
                Ok(Self { name, greedy: false })
            }
        }
    }

    /// For one that takes everybody's.
    pub(crate) fn greedy(name: &'static str) -> Result<Self, WatchError> {
        let mut claims = claims();
        match claims.modest.first().copied().or(claims.greedy) {
            Some(other) => Err(WatchError::Conflict(other)),
            None => {
                claims.greedy = Some(name);
                Ok(Self { name, greedy: true })
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut claims = claims();
        if self.greedy {
            claims.greedy = None;
        } else if let Some(at) = claims.modest.iter().position(|name| *name == self.name) {
            claims.modest.swap_remove(at);
        }
    }
}
