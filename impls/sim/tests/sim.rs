//! The simulated loop with simulated children, against every rule.

use anyloop_conformance::trials;

#[path = "../../../conformance/matrix/src/subjects/sim.rs"]
mod subject;

fn main() {
    trials::main::<subject::Sim>("sim")
}
