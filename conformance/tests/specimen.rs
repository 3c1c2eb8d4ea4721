//! The trials on the healthy specimen: what an implementation's `tests/conformance.rs` looks like.

use anyloop_conformance::{Specimen, trials};

fn main() {
    trials::main::<Specimen>("specimen")
}
