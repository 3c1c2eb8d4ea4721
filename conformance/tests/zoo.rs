//! Who judges the judges: every disease dies by its rule, and every judged MUST owns one.

use anyloop::rules::Level;
use anyloop_conformance::judges::{self, Treatment};
use anyloop_conformance::{Options, Specimen, check, trials, world, zoo};

fn main() {
    world::enter_if_child();
    // One after the other: there is only one policy of the process, and hangs are to be told apart.
    every_disease_is_noticed_by_the_judge_of_its_rule();
    the_healthy_specimen_conforms();
    every_judged_must_owns_a_disease();
    println!("the zoo is in order");
}

fn every_judged_must_owns_a_disease() {
    for (rule, treatment) in judges::all() {
        let judged = matches!(treatment, Treatment::Judged(_)) && rule.level == Level::Must;
        let owned = zoo::diseases().any(|disease| disease.rule == *rule);
        assert!(!judged || owned, "{rule} is judged, and no specimen breaks it");
    }
}

fn the_healthy_specimen_conforms() {
    let report = check("specimen", &Specimen::default(), &Options::default(), |_, _, _| {});
    let failures: Vec<String> =
        report.cells.iter().filter(|cell| cell.is_failure()).map(trials::explain).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn every_disease_is_noticed_by_the_judge_of_its_rule() {
    let mut sizes = Vec::new();
    let rows = zoo::run(None, 0, |row| match &row.killed {
        Some(failure) => println!(
            "{:26} {:16} killed at {} {:4}, {:3} -> {:2} steps: {:#}\n{:44} {}",
            row.disease.name,
            row.disease.rule.id,
            failure.kind,
            failure.number,
            failure.steps,
            failure.program.len(),
            failure.program,
            "",
            failure.why,
        ),
        None => println!("{:26} {:16} SURVIVED", row.disease.name, row.disease.rule.id),
    });
    for row in &rows {
        let Some(failure) = &row.killed else {
            panic!("{} was not noticed by the judge of {}", row.disease.name, row.disease.rule);
        };
        sizes.push(failure.program.len());
    }
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    assert!(median <= 8, "minimal programs have {median} steps at the median: nobody will read them");
}
