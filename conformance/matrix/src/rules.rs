//! What the rules are, for people.

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

/// Explains one rule.
pub(crate) fn explain(id: &str) -> Outcome {
    let Some(rule) = rules::find(id) else {
        return Outcome::Misunderstood(nearest::unknown("rule", id, rules::all().map(|rule| rule.id)));
    };
    println!("{}  {}\n\n    {}\n", rule.id, rule.level, rule.text);
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
