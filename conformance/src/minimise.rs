//! How a program that breaks a rule is made small.
//!
//! Delete a step; put a body in its parent's place; turn `at` into `soon`; lower a number; again,
//! until nothing helps. Every sub-program is a program, so each try is worth playing.

use std::time::{Duration, Instant};
use std::vec::Vec;

use crate::program::{Body, PartMut, Program, Step, Units};

/// How much effort a smaller program is worth.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Programs that are played at most.
    pub tries: u32,
    /// Time that is spent at most.
    pub time: Duration,
}

impl Effort {
    /// The program stays as it was found.
    pub const NONE: Self = Self { tries: 0, time: Duration::ZERO };
}

impl Default for Effort {
    fn default() -> Self {
        Self { tries: 2000, time: Duration::from_secs(20) }
    }
}

/// The smallest program found that `fails` as `program` does, and the number of tries.
pub fn minimise(
    program: &Program,
    effort: Effort,
    mut fails: impl FnMut(&Program) -> bool,
) -> (Program, u32) {
    let start = Instant::now();
    let mut best = program.clone();
    let mut tries = 0;
    'again: loop {
        for smaller in smaller(&best) {
            if tries == effort.tries || start.elapsed() > effort.time {
                break 'again;
            }
            tries += 1;
            if fails(&smaller) {
                best = smaller;
                continue 'again;
            }
        }
        break;
    }
    (best, tries)
}

/// Programs that are one change smaller, the boldest changes first.
fn smaller(body: &Body) -> Vec<Body> {
    let mut found = Vec::new();
    // Halves first, while there is much to throw away.
    if body.0.len() > 3 {
        let half = body.0.len() / 2;
        found.push(Body(body.0[half..].to_vec()));
        found.push(Body(body.0[..half].to_vec()));
    }
    for at in 0..body.0.len() {
        found.push(replaced(body, at, []));
    }
    for (at, step) in body.0.iter().enumerate() {
        if let Some(inner) = step.body().filter(|inner| !inner.is_empty()) {
            found.push(replaced(body, at, inner.0.clone()));
        }
    }
    for (at, step) in body.0.iter().enumerate() {
        found.extend(simpler(step).into_iter().map(|step| replaced(body, at, [step])));
        for inner in step.body().map(smaller).unwrap_or_default() {
            let mut step = step.clone();
            if let Some(body) = step.body_mut() {
                *body = inner;
            }
            found.push(replaced(body, at, [step]));
        }
    }
    found
}

/// `body` with other steps in the place of one.
fn replaced(body: &Body, at: usize, steps: impl IntoIterator<Item = Step>) -> Body {
    let mut result = body.clone();
    result.0.splice(at..=at, steps);
    result
}

/// Steps that say less than `step`.
fn simpler(step: &Step) -> Vec<Step> {
    let mut found = Vec::new();
    if let Step::At { label, body, .. } | Step::Touchy { label, body } | Step::Post { label, body } = step {
        found.push(Step::Soon { label: *label, body: body.clone() });
    }
    for (number, _) in step.parts().iter().enumerate() {
        let mut lower = step.clone();
        let changed = match lower.parts_mut().into_iter().nth(number) {
            Some(PartMut::Units(units)) if units.0 > 0 => {
                *units = Units(units.0 - 1);
                true
            }
            _ => false,
        };
        if changed {
            found.push(lower);
        }
    }
    found
}
