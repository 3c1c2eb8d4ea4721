//! Does any program break a rule on a reference loop?
//!
//! The input is a program as text; every rule that is a MUST is judged.
#![no_main]

use std::hash::{DefaultHasher, Hash, Hasher};

use anyloop_conformance::{Program, world};
use anyloop_fuzz::judge::check;
use anyloop_fuzz::mutate::{Random, crossed, is_sane, mutated};
use libfuzzer_sys::{Corpus, fuzz_crossover, fuzz_mutator, fuzz_target};

fuzz_target!(init: world::enter_if_child(), |text: &[u8]| -> Corpus {
    let Some(program) = parsed(text).filter(is_sane) else { return Corpus::Reject };
    let mut hash = DefaultHasher::new();
    program.hash(&mut hash);
    check(&program, hash.finish());
    Corpus::Keep
});

fuzz_mutator!(|text: &mut [u8], size: usize, most: usize, seed: u32| {
    let program = parsed(&text[..size]).unwrap_or_default();
    let mutated = mutated(&program, &mut Random(seed.into())).to_string();
    // One that is too long is what it was.
    if mutated.len() > most.min(text.len()) {
        return size;
    }
    text[..mutated.len()].copy_from_slice(mutated.as_bytes());
    mutated.len()
});

fuzz_crossover!(|first: &[u8], second: &[u8], text: &mut [u8], seed: u32| {
    let (first, second) = (parsed(first).unwrap_or_default(), parsed(second).unwrap_or_default());
    let crossed = crossed(&first, &second, &mut Random(seed.into())).to_string();
    if crossed.len() > text.len() {
        return 0;
    }
    text[..crossed.len()].copy_from_slice(crossed.as_bytes());
    crossed.len()
});

fn parsed(text: &[u8]) -> Option<Program> {
    str::from_utf8(text).ok()?.parse().ok()
}
