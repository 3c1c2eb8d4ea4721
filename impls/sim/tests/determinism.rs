//! What happens depends on nothing but the program: one history each, to the byte, children
//! included.

use anyloop_conformance::generate::KINDS;
use anyloop_conformance::{History, Program, Step, Subject, What, play};

#[path = "../../../conformance/matrix/src/subjects/sim.rs"]
mod subject;

#[test]
fn a_program_has_one_history() {
    let mut children = 0;
    for kind in KINDS {
        for program in kind.generate(0).take(200).filter(|program| !has_threads(program)) {
            let first = history(&program);
            children += first.matches("Told").count();
            assert_eq!(first, history(&program), "{program}");
        }
    }
    assert!(children > 100, "only {children} ends of children were told of");
}

/// The history of a program in a simulation of its own, in letters.
fn history(program: &Program) -> String {
    let sim = subject::Sim::default();
    let world = sim.world().expect("a simulation has a world");
    format!("{:#?}", without_handles(play(program, &sim, &world)))
}

fn has_threads(program: &Program) -> bool {
    program.0.iter().any(|step| {
        matches!(step, Step::Thread { .. } | Step::Elsewhere { .. }) || step.body().is_some_and(has_threads)
    })
}

/// Handles are different in each play: that is their promise.
fn without_handles(mut history: History) -> History {
    for event in &mut history.events {
        match &mut event.what {
            What::Accepted { handle, .. } => *handle = None,
            What::OtherAccepted { handle } => *handle = 0,
            _ => {}
        }
    }
    history
}
