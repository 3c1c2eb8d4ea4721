//! The specimen's histories depend on nothing but the program, so a verdict can be replayed.

use anyloop_conformance::generate::KINDS;
use anyloop_conformance::{History, Program, Specimen, Step, What, play, world};

#[test]
fn a_program_has_one_history() {
    let world = world::none();
    for kind in KINDS.iter().filter(|kind| kind.needs != "child") {
        for program in kind.generate(0).take(100).filter(|program| !has_threads(program)) {
            let play = || without_handles(play(&program, &Specimen::default(), &world));
            assert_eq!(play(), play(), "{program}");
        }
    }
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
