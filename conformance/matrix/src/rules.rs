//! What the rules are, for people.

use anyloop::rules::ancestors::{ANCESTORS, Fate};
use anyloop::rules::{self, Level};
use anyloop_conformance::zoo;

use crate::say::say;
use crate::{Outcome, actor, nearest};

/// Lists the rules, of one level or of all.
pub(crate) fn list(level: Option<Level>) -> Outcome {
    let chosen: Vec<_> = rules::all().filter(|rule| level.is_none_or(|level| rule.level == level)).collect();
    for rule in &chosen {
        say!("{:<18} {:<6}  {}", rule.id, rule.level, rule.text);
    }
    say!("{} rules", chosen.len());
    Outcome::Well
}

/// Prints which of asyncio's rules became which rules, and the other way round.
pub(crate) fn ancestors() -> Outcome {
    say!("What became of asyncio's rules:");
    for ancestor in ANCESTORS {
        let fate = match ancestor.fate {
            Fate::Kept => ancestor.heirs().map(|rule| rule.id).collect::<Vec<_>>().join(", "),
            Fate::Meaningless(why) => format!("meaningless here: {why}"),
            Fate::Later(what, why) => format!("later, with {what}: {why}"),
        };
        say!("{:<9} {}\n          -> {fate}", ancestor.id, ancestor.title);
    }
    say!("\nWhere the rules come from:");
    for rule in rules::all() {
        let ancestors = if rule.ancestors.is_empty() { "new".into() } else { rule.ancestors.join(", ") };
        say!("{:<18} <- {ancestors}", rule.id);
    }
    let kept = ANCESTORS.iter().filter(|ancestor| ancestor.fate == Fate::Kept).count();
    let later = ANCESTORS.iter().filter(|ancestor| matches!(ancestor.fate, Fate::Later(..))).count();
    let meaningless = ANCESTORS.len() - kept - later;
    say!(
        "\n{} of asyncio's rules: {kept} kept, {later} later, {meaningless} meaningless here",
        ANCESTORS.len()
    );
    Outcome::Well
}

/// Explains one rule.
pub(crate) fn explain(id: &str) -> Outcome {
    let Some(rule) = rules::find(id) else {
        return Outcome::Misunderstood(nearest::unknown("rule", id, rules::all().map(|rule| rule.id)));
    };
    say!("{}  {}\n\n    {}\n", rule.id, rule.level, rule.text);
    say!("{}\n\nIf it fails, check {}.\n", rule.intent, rule.check);
    match rule.ancestors {
        [] => say!("It is new: asyncio has no such rule."),
        ancestors => say!("It descends from asyncio's {}.", ancestors.join(", ")),
    }
    for disease in zoo::diseases().filter(|disease| disease.rule == rule) {
        say!("The specimen `{}` breaks it: it {}.", disease.name, disease.what);
        say!("To see that: anyloop check {}", actor::specimen(&disease));
    }
    say!("\nTo see it judged: anyloop check");
    Outcome::Well
}
