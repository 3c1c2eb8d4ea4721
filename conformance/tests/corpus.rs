//! Each file of the corpus is compiled in, says what it is, and shows what it was kept for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyloop::rules;
use anyloop_conformance::check::{Played, Source, judge};
use anyloop_conformance::corpus::{self, CORPUS};
use anyloop_conformance::judges::Verdict;
use anyloop_conformance::{Specimen, world, zoo};

/// How often a program is played at most: with threads in it, no two plays are alike.
const TRIES: u32 = 64;

fn main() {
    world::enter_if_child();
    // One after the other: there is only one policy of the process.
    the_table_is_the_folder();
    every_file_tells_its_defect_and_parses();
    every_program_exercises_its_rules_on_the_healthy_specimen();
    every_program_is_the_end_of_some_disease_of_its_first_rule();
    println!("the corpus is in order");
}

fn the_table_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("corpus/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    let table: BTreeSet<String> = CORPUS.iter().map(|entry| entry.file.to_string()).collect();
    assert_eq!(table, files, "the table in src/corpus.rs must name every file of the folder, once");
    assert_eq!(table.len(), CORPUS.len(), "a file stands in the table twice");
}

fn every_file_tells_its_defect_and_parses() {
    for entry in CORPUS {
        let first = entry.text.lines().next().unwrap_or_default();
        let tells = first.starts_with("// ") && !first.starts_with("// rules:");
        assert!(tells, "{} must begin with the defect that it comes from", entry.file);
        assert!(entry.rules().next().is_some(), "{} has no line `// rules:`", entry.file);
        for id in entry.rules() {
            assert!(rules::find(id).is_some(), "{} names {id}, which is no rule", entry.file);
        }
    }
    let programs = corpus::programs().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(programs.len(), CORPUS.len());
}

fn every_program_exercises_its_rules_on_the_healthy_specimen() {
    let specimen = Specimen::default();
    let source = Played::new(&specimen);
    for (entry, program) in corpus::programs().unwrap() {
        if source.lacks().iter().any(|lack| entry.is_about(&lack.what)) {
            continue;
        }
        let mut missing: BTreeSet<&str> = entry.rules().collect();
        for _ in 0..TRIES {
            let history = source.play(&program).unwrap();
            for id in entry.rules() {
                match judge(rules::find(id).unwrap(), &history) {
                    Some(Verdict::Holds { exercised: 0 }) => {}
                    Some(Verdict::Holds { .. }) => drop(missing.remove(id)),
                    other => panic!("{} on the healthy specimen, {id}: {other:?}\n{history}", entry.file),
                }
            }
            if missing.is_empty() {
                break;
            }
        }
        assert!(
            missing.is_empty(),
            "{} never exercises {missing:?}:\n{}",
            entry.file,
            source.play(&program).unwrap()
        );
    }
}

fn every_program_is_the_end_of_some_disease_of_its_first_rule() {
    for (entry, program) in corpus::programs().unwrap() {
        let first = rules::find(entry.rules().next().unwrap()).unwrap();
        let dies = |disease: zoo::Disease| {
            let shown = zoo::show(&disease);
            (0..TRIES)
                .any(|_| matches!(judge(first, &shown.play(&program).unwrap()), Some(Verdict::Broken { .. })))
        };
        let killed = zoo::diseases().filter(|disease| disease.rule == first).any(dies);
        assert!(killed, "{} lets every specimen live that breaks {first}", entry.file);
    }
}
