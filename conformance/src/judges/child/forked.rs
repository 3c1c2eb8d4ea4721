//! Is what was registered before a fork reported as if there had been none?

use std::format;

use anyloop::ExitStatus;

use super::name;
use super::story::Story;
use crate::history::What;
use crate::judges::{Evidence, Judgement};

/// What a forked child does with the watcher leaves the parent's registrations as they are.
pub(crate) fn child(evidence: &Evidence<'_>) -> Judgement {
    let story = Story::new(evidence);
    let forks = evidence.events.iter().enumerate();
    let forks = forks.filter(|(_, event)| matches!(event.what, What::Forked { .. })).map(|(at, _)| at);
    let mut exercised = 0;
    for fork in forks {
        for it in story.registrations.iter().filter(|it| it.is_live(fork)) {
            let Some((kid, child)) = it.kid.and_then(|kid| story.kids.get_key_value(&kid)) else { continue };
            let (label, who) = (it.label, name(Some(*kid)));
            if story.is_missing(it) {
                return Err(format!("{label} was never called for {who}, after the process had forked"));
            }
            if it.told.len() > 1 {
                return Err(format!("{label} was called again for {who}, after the process had forked"));
            }
            for telling in &it.told {
                if child.ordered.is_none_or(|ordered| ordered > telling.at) {
                    return Err(format!("{who} ended unordered, after the process had forked"));
                }
                // Somebody else may have had the status, or another registration.
                let doubtful = child.stolen || story.of(*kid).count() > 1;
                let is_known = telling.status != ExitStatus::Unknown || !doubtful;
                if is_known && !child.is_true(telling.status) {
                    return Err(format!(
                        "{label} was told `{}` of {who}, which {}, after the process had forked",
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
