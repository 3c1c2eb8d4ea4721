//! How does a program change a little, and stay a program?
//!
//! The input of the target `programs` is the text of a program, so that what it finds can be read, played
//! by `anyloop check`, and kept in the kit's corpus. Bytes that change at random would seldom be a text.

use std::collections::BTreeSet;

use anyloop_conformance::Program;
use anyloop_conformance::generate::KINDS;
use anyloop_conformance::program::{
    Body, Kid, KidRef, Label, LoopName, PartMut, Plan, PolicyName, Ref, Scene, SignalName, Step, Units, Wire,
    WireRef,
};

/// More steps take longer, and show nothing more.
const MOST: usize = 48;

/// Numbers that look random: Steele, Lea and Flood's SplitMix.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn number(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }
}

/// Whether a program is small, and gives each label once, as generated programs do.
pub fn is_sane(program: &Program) -> bool {
    let mut given = Given::default();
    let mut again = program.clone();
    given.distinguish(&mut again);
    again == *program && program.len() <= MOST
}

/// The program with one change or a few.
pub fn mutated(program: &Program, random: &mut Random) -> Program {
    let mut program = program.clone();
    for _ in 0..=random.below(3) {
        let mut place = random.below(bodies(&program));
        in_body(&mut program, &mut place, &mut |body| change(body, random));
    }
    program.0.truncate(MOST);
    Given::default().distinguish(&mut program);
    program
}

/// Some steps of one program, and then some of another.
pub fn crossed(first: &Program, second: &Program, random: &mut Random) -> Program {
    let (head, tail) = (random.below(first.0.len() + 1), random.below(second.0.len() + 1));
    let mut program = Body([&first.0[..head], &second.0[tail..]].concat());
    Given::default().distinguish(&mut program);
    program
}

fn bodies(body: &Body) -> usize {
    1 + body.0.iter().filter_map(Step::body).map(bodies).sum::<usize>()
}

/// Calls `work` with the body that is so far from the beginning.
fn in_body(body: &mut Body, place: &mut usize, work: &mut dyn FnMut(&mut Body)) {
    if *place == 0 {
        work(body);
    }
    *place = place.wrapping_sub(1);
    for inner in body.0.iter_mut().filter_map(Step::body_mut) {
        in_body(inner, place, work);
    }
}

fn change(body: &mut Body, random: &mut Random) {
    let length = body.0.len();
    let at = random.below(length);
    let between = random.below(length + 1);
    match (random.below(8), body.0.get_mut(at)) {
        (0, Some(_)) => _ = body.0.remove(at),
        (1, Some(step)) => step.parts_mut().into_iter().for_each(|part| operand(part, random)),
        (2, Some(_)) => body.0.swap(at, between.min(length - 1)),
        (3, Some(step)) => {
            let label = Label(0);
            *step = Step::Soon { label, body: Body(vec![step.clone()]) };
        }
        (4, Some(step)) => {
            let step = step.clone();
            body.0.insert(between, step);
        }
        (5, _) => {
            let kind = &KINDS[random.below(KINDS.len())];
            let Some(new) = kind.generate(random.next()).next() else { return };
            let from = random.below(new.0.len());
            let most = 1 + random.below(4);
            body.0.splice(between..between, new.0.into_iter().skip(from).take(most));
        }
        _ => {
            let word = Step::WORDS[random.below(Step::WORDS.len())];
            let Some(mut step) = Step::blank(word) else { return };
            step.parts_mut().into_iter().for_each(|part| operand(part, random));
            body.0.insert(between, step);
        }
    }
}

fn operand(part: PartMut<'_>, random: &mut Random) {
    match part {
        PartMut::Ref(Ref(label)) => *label = Label(1 + random.number(8)),
        PartMut::KidRef(KidRef(kid)) => *kid = Kid(1 + random.number(4)),
        PartMut::WireRef(WireRef(wire)) => *wire = Wire(1 + random.number(4)),
        PartMut::Units(units) => *units = Units(random.number(7)),
        PartMut::Loop(name) => *name = [LoopName::A, LoopName::B][random.below(2)],
        PartMut::Policy(name) => *name = [PolicyName::P, PolicyName::Q][random.below(2)],
        // Signals that end a process, and leave no core.
        PartMut::Scene(scene) => *scene = Scene::ALL[random.below(Scene::ALL.len())].1,
        PartMut::Plan(plan) => {
            *plan = [Plan::Exit(random.number(256) as u8), Plan::Signal(9), Plan::Signal(15)][random.below(3)]
        }
        PartMut::Signal(name) => *name = SignalName::ALL[random.below(SignalName::ALL.len())].1,
        PartMut::Label(_) | PartMut::Kid(_) | PartMut::Wire(_) | PartMut::Body(_) => {}
    }
}

/// The names that were given already.
#[derive(Default)]
struct Given {
    labels: BTreeSet<u32>,
    kids: BTreeSet<u32>,
    wires: BTreeSet<u32>,
}

impl Given {
    /// Gives whatever has no name of its own the next one.
    fn distinguish(&mut self, body: &mut Body) {
        for step in &mut body.0 {
            for part in step.parts_mut() {
                match part {
                    PartMut::Label(Label(label)) => own(&mut self.labels, label),
                    PartMut::Kid(Kid(kid)) => own(&mut self.kids, kid),
                    PartMut::Wire(Wire(wire)) => own(&mut self.wires, wire),
                    PartMut::Body(body) => self.distinguish(body),
                    _ => {}
                }
            }
        }
    }
}

fn own(given: &mut BTreeSet<u32>, name: &mut u32) {
    let is_free = |name: &u32| *name > 0 && !given.contains(name);
    if !is_free(name) {
        *name = (1..).find(is_free).unwrap_or_default();
    }
    given.insert(*name);
}
