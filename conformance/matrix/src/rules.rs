//! What the rules are, for people.

use anyloop::rules::ancestors::{ANCESTORS, Fate};
use anyloop::rules::{self, Level};
use anyloop_conformance::zoo;

use crate::{Outcome, actor, nearest};

/// Lists the rules, of one level or of all.
pub(crate) fn list(level: Option<Level>) -> Outcome {
    let chosen: Vec<_> = rules::all().filter(|rule| level.is_none_or(|level| rule.level == level)).collect();
    for rule in &chosen {
        println!("{:<18} {:<6}  {}", rule.id, rule.level, rule.text);
    }
    println!("{} rules", chosen.len());
    Outcome::Well
}

/// Prints which of asyncio's rules became which rules, and the other way round.
pub(crate) fn ancestors() -> Outcome {
    println!("What became of asyncio's rules:");
    for ancestor in ANCESTORS {
        let fate = match ancestor.fate {
            Fate::Kept => ancestor.heirs().map(|rule| rule.id).collect::<Vec<_>>().join(", "),
            Fate::Meaningless(why) => format!("meaningless here: {why}"),
            Fate::Later(what, why) => format!("later, with {what}: {why}"),
        };
        println!("{:<9} {}\n          -> {fate}", ancestor.id, ancestor.title);
    }
    println!("\nWhere the rules come from:");
    for rule in rules::all() {
        let ancestors = if rule.ancestors.is_empty() { "new".into() } else { rule.ancestors.join(", ") };
        println!("{:<18} <- {ancestors}", rule.id);
    }
    let kept = ANCESTORS.iter().filter(|ancestor| ancestor.fate == Fate::Kept).count();
    let later = ANCESTORS.iter().filter(|ancestor| matches!(ancestor.fate, Fate::Later(..))).count();
    let meaningless = ANCESTORS.len() - kept - later;
    println!(
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
    println!("{}  {}\n\n    {}\n", rule.id, rule.level, rule.text);
    println!("{}\n\nIf it fails, check {}.\n", rule.intent, rule.check);
    match rule.ancestors {
        [] => println!("It is new: asyncio has no such rule."),
        ancestors => println!("It descends from asyncio's {}.", ancestors.join(", ")),
    }
    for disease in zoo::diseases().filter(|disease| disease.rule == rule) {
        println!("The specimen `{}` breaks it: it {}.", disease.name, disease.what);
        println!("To see that: anyloop check {}", actor::specimen(&disease));
    }
    println!("\nTo see it judged: anyloop check");
    Outcome::Well
}
