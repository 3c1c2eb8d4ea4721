//! Is nothing lost or told twice when other threads, other loops and signals come in between?

use std::collections::BTreeSet;
use std::format;

use anyloop::ExitStatus;

use super::story::Story;
use crate::history::What;
use crate::judges::{Evidence, Judgement};
use crate::program::{Kid, Label};

/// The children whose registration another thread tried to remove. In what order that came with
/// all else that became of them, the history cannot tell.
pub(super) fn snatched(evidence: &Evidence<'_>) -> BTreeSet<Kid> {
    let kid = |what: &What| match what {
        What::Snatching { kid } => Some(*kid),
        _ => None,
    };
    evidence.events.iter().filter_map(|event| kid(&event.what)).collect()
}

/// What became of the registrations of one child, in numbers: whatever the order, they add up.
#[derive(Default)]
struct Account {
    accepted: BTreeSet<Label>,
    /// All that were asked for.
    asked: BTreeSet<Label>,
    called: usize,
    /// Dropped uncalled, while the loop was open.
    dropped: usize,
    removed: usize,
    displaced: usize,
    attempts: usize,
    /// Whether nothing keeps it from ending.
    ordered: bool,
    stopped: bool,
}

impl Account {
    fn of(evidence: &Evidence<'_>, of: Kid) -> Self {
        let mut account = Self::default();
        let closed = evidence.closed.map_or(evidence.events.len(), |(from, _)| from);
        for (at, event) in evidence.events.iter().enumerate() {
            match &event.what {
                What::Watching { label, kid: Some(kid), .. } | What::TakingOver { label, kid, .. }
                    if *kid == of =>
                {
                    account.asked.insert(*label);
                }
                What::Accepted { label, .. } if account.asked.contains(label) => {
                    account.accepted.insert(*label);
                }
                What::WatchRefused { label, .. } => {
                    account.asked.remove(label);
                }
                What::Started { label } | What::ToldThere { label, .. } => {
                    account.called += usize::from(account.asked.contains(label))
                }
                What::Dropped { label } if at < closed => {
                    account.dropped += usize::from(account.asked.contains(label));
                }
                What::Displaced { by } => account.displaced += usize::from(account.asked.contains(by)),
                What::Unwatched { kid, answer } if *kid == of => account.removed += usize::from(*answer),
                What::Snatched { kid, answer } if *kid == of => {
                    account.attempts += 1;
                    account.removed += usize::from(*answer);
                }
                What::Ordered { kid } if *kid == of => account.ordered = true,
                What::Suspended { kid, stopped } if *kid == of => account.stopped = *stopped,
                _ => {}
            }
        }
        account
    }
}

/// Each registration is called, removed or replaced, and only one of the three.
pub(super) fn race(evidence: &Evidence<'_>) -> Judgement {
    let stalled = evidence.runs.iter().any(|run| run.stalled);
    let mut exercised = 0;
    for kid in snatched(evidence) {
        let account = Account::of(evidence, kid);
        let Account { called, removed, displaced, dropped, attempts, .. } = account;
        let accepted = account.accepted.len();
        let over = called + removed + displaced;
        let all = format!(
            "{kid} was registered {accepted} times: {called} were called, {removed} removed and {displaced} replaced"
        );
        if over > accepted {
            return Err(format!("{all}, which is more than there were"));
        }
        if dropped > removed + displaced {
            return Err(format!("{all}, and yet {dropped} were dropped"));
        }
        let due = account.ordered && !account.stopped;
        if stalled && due && over < accepted {
            return Err(format!("{all}, and the others never were, although it has ended"));
        }
        exercised += if accepted > 0 { attempts } else { 0 };
    }
    Ok(exercised)
}

/// Whatever a watcher is attached to, it tells of each child, and where it was asked to.
pub(super) fn attached(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        if !matches!(event.what, What::Attaching { .. }) {
            continue;
        }
        for it in story.registrations.iter().filter(|it| it.is_live(at)) {
            let label = it.label;
            if story.is_missing(it) {
                return Err(format!(
                    "{label} was pending when the watcher was attached, and was never called"
                ));
            }
            if it.started.len() > 1 {
                return Err(format!(
                    "{label} was pending when the watcher was attached, and was called twice"
                ));
            }
            if it.started.iter().any(|started| !evidence.is_running_at(*started)) {
                return Err(format!("the watcher was attached to a loop, and {label} not called on its own"));
            }
            exercised += it.told.len();
        }
    }
    Ok(exercised)
}

/// Signals change nothing.
pub(super) fn interrupted(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let mut exercised = 0;
    for (at, event) in evidence.events.iter().enumerate() {
        if event.what != What::Interrupting {
            continue;
        }
        for it in story.registrations.iter().filter(|it| it.is_live(at)) {
            let label = it.label;
            if story.is_missing(it) {
                return Err(format!("{label} was pending when a signal came, and was never called"));
            }
            if it.told.len() > 1 {
                return Err(format!("{label} was pending when a signal came, and was called twice"));
            }
            let Some(kid) = it.kid else { continue };
            let Some(child) = story.kids.get(&kid) else { continue };
            // Somebody else may have had the status, or another registration.
            let doubtful = child.stolen || story.of(kid).count() > 1;
            for telling in &it.told {
                let excused = doubtful && telling.status == ExitStatus::Unknown;
                if !child.is_true(telling.status) && !excused {
                    return Err(format!(
                        "{label} was pending when a signal came, and told `{}` of {kid}, which {}",
                        telling.status,
                        child.truth()
                    ));
                }
                exercised += 1;
            }
        }
    }
    Ok(exercised)
}
