//! Every rule is judged, or the kit says why not; and every rule is cited where it is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyloop::rules;
use anyloop::rules::ancestors::{self, ANCESTORS, Fate};
use anyloop_conformance::judges;

#[test]
fn every_rule_stands_in_the_table_once() {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (rule, _) in judges::all() {
        *places.entry(rule.id).or_default() += 1;
    }
    for rule in rules::all() {
        assert_eq!(places.remove(rule.id), Some(1), "{rule} must stand in the judges' table exactly once");
    }
    assert!(places.is_empty(), "the table has rules that do not exist: {places:?}");
}

#[test]
fn every_rule_is_cited_in_the_documentation_of_the_specification() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let mut sources = String::new();
    read(&root, &mut sources);
    let cited = |rule: &&rules::Rule| sources.contains(&format!("[`{}`]", rule.id));
    let uncited: Vec<_> = rules::all().filter(|rule| !cited(rule)).map(|rule| rule.id).collect();
    assert!(uncited.is_empty(), "not cited by the documentation of anything that keeps them: {uncited:?}");
}

/// The groups of the study that are listed completely, and the first and the last number of each.
const GROUPS: [(&str, usize, usize); 5] =
    [("POL", 1, 44), ("LOOP", 1, 70), ("WATCH", 1, 58), ("PROC", 1, 37), ("IO", 1, 55)];

#[test]
fn every_ancestor_is_listed_once_and_none_is_left_out() {
    let numbers = |(group, first, last): (&str, usize, usize)| -> Vec<String> {
        (first..=last).map(|number| format!("{group}-{number:02}")).collect()
    };
    let expected: Vec<String> = GROUPS.into_iter().flat_map(numbers).collect();
    let mut listed: Vec<&str> = ANCESTORS.iter().map(|ancestor| ancestor.id).collect();
    listed.sort_by_key(|id| expected.iter().position(|known| known == id));
    assert_eq!(listed, expected, "the list of asyncio's rules has gaps, strangers or twins");
}

#[test]
fn an_ancestor_is_kept_exactly_if_a_rule_descends_from_it() {
    let mut wrong = Vec::new();
    for ancestor in ANCESTORS {
        let heirs: Vec<_> = ancestor.heirs().map(|rule| rule.id).collect();
        let right = match ancestor.fate {
            Fate::Kept => !heirs.is_empty(),
            Fate::Meaningless(why) => heirs.is_empty() && !why.is_empty(),
            Fate::Later(what, why) => heirs.is_empty() && !what.is_empty() && !why.is_empty(),
        };
        if !right {
            wrong.push(format!(
                "{} is said to be {:?}, and has the heirs {heirs:?}",
                ancestor.id, ancestor.fate
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for rule in rules::all() {
        let mut named = rule.ancestors.to_vec();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.len(), rule.ancestors.len(), "{rule} names an ancestor twice");
        for id in rule.ancestors {
            let defect = id.strip_prefix('B').is_some_and(|number| number.parse::<u8>().is_ok());
            assert!(
                defect || ancestors::find(id).is_some(),
                "{rule} descends from {id}, which does not exist"
            );
        }
    }
}

/// Reads every source file but the rules themselves.
fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("rules") {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
