//! Which watchers may be at work together? Any, but with one that takes everybody's children none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use anyloop::{ProcessStamp, WatchError};

/// What a watcher is called.
#[derive(Debug)]
struct Name(&'static str);

/// Who is at work: those whose names somebody still has.
struct Claims {
    /// Where: a forked child begins anew.
    process: ProcessStamp,
    /// Those that only look at their own children.
    modest: Vec<Weak<Name>>,
    /// The one that takes all.
    greedy: Weak<Name>,
}

impl Claims {
    const fn of(process: ProcessStamp) -> Self {
        Self { process, modest: Vec::new(), greedy: Weak::new() }
    }
}

static CLAIMS: Mutex<Claims> = Mutex::new(Claims::of(ProcessStamp::NONE));

fn claims() -> MutexGuard<'static, Claims> {
    let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
    if !claims.process.is_current() {
        *claims = Claims::of(ProcessStamp::current());
    }
    claims
}

/// Says that a watcher is at work, until it is dropped: its name.
#[derive(Debug)]
pub(crate) struct Claim(Arc<Name>);

impl Claim {
    /// For one that looks at its own children only.
    pub(crate) fn modest(name: &'static str) -> Result<Self, WatchError> {
        let mut claims = claims();
        if let Some(other) = claims.greedy.upgrade() {
            return Err(WatchError::Conflict(other.0));
        }
        let claim = Self(Arc::new(Name(name)));
        claims.modest.retain(|known| known.upgrade().is_some());
        claims.modest.push(Arc::downgrade(&claim.0));
        Ok(claim)
    }

    /// For one that takes everybody's.
    pub(crate) fn greedy(name: &'static str) -> Result<Self, WatchError> {
        let mut claims = claims();
        let other = claims.modest.iter().find_map(Weak::upgrade).or_else(|| claims.greedy.upgrade());
        if let Some(other) = other {
            return Err(WatchError::Conflict(other.0));
        }
        let claim = Self(Arc::new(Name(name)));
        claims.greedy = Arc::downgrade(&claim.0);
        Ok(claim)
    }
}
