//! Every rule is judged, or the kit says why not; and every rule is cited where it is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyloop::rules;
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
