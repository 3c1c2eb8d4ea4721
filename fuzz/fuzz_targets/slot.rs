//! Is the policy in force the one that a stack of scopes would have?
//!
//! Policies are set, wrapped, taken back and overridden by guards that end in any order; each is dropped
//! as soon as nobody has it, and a call goes through its layers from the outermost on.
#![no_main]

use std::cell::RefCell;
use std::sync::Mutex;

use anyloop::{
    Base, DefaultPolicy, EventLoopPolicy, Loop, Policy, PolicyError, PolicyGuard, PolicyLayer,
    get_event_loop_policy, register_default_policy, set_event_loop_policy,
};
use libfuzzer_sys::{arbitrary, fuzz_target};

#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
enum Do {
    Set,
    SetAgain(u8),
    Wrap,
    Reset,
    Get,
    Enter,
    EnterAgain(u8),
    Leave(u8),
    Forget(u8),
}

/// By the numbers of policies: which are alive, and which layers the last call went through.
#[derive(Default)]
struct Record {
    alive: Vec<bool>,
    seen: Vec<usize>,
}

static RECORD: Mutex<Record> = Mutex::new(Record { alive: Vec::new(), seen: Vec::new() });

fn with<R>(work: impl FnOnce(&mut Record) -> R) -> R {
    work(&mut RECORD.lock().unwrap())
}

/// A policy, or a layer, that notes its calls and its end.
struct Noted(usize);

fn noted() -> Noted {
    with(|record| {
        record.alive.push(true);
        Noted(record.alive.len() - 1)
    })
}

impl Drop for Noted {
    fn drop(&mut self) {
        // No lock is held meanwhile, or this would wait for ever. It changes nothing.
        register_default_policy(&DEFAULT);
        with(|record| assert!(std::mem::take(&mut record.alive[self.0])));
    }
}

impl EventLoopPolicy for Noted {
    fn get_event_loop(&self, outer: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        // The outermost one is asked for what this one needs.
        outer.new_event_loop(outer)
    }

    fn set_event_loop(&self, _: &dyn EventLoopPolicy, _: Option<Loop>) -> Result<(), PolicyError> {
        Ok(())
    }

    fn new_event_loop(&self, _: &dyn EventLoopPolicy) -> Result<Loop, PolicyError> {
        with(|record| record.seen.push(self.0));
        Err(PolicyError::Unsupported("loops"))
    }
}

impl PolicyLayer for Noted {
    fn new_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
        with(|record| record.seen.push(self.0));
        base.new_event_loop()
    }
}

static DEFAULT: DefaultPolicy = DefaultPolicy { name: "fuzz", make: || Policy::new(noted()) };

/// A policy as the model knows it: its layers, the outermost first.
type Layers = Vec<usize>;

/// One scope, and the guard that it ends with.
struct Scope {
    guard: Option<PolicyGuard>,
    layers: Option<Layers>,
}

thread_local! {
    /// What is kept beside the slot, to be set again.
    static HELD: RefCell<Vec<(Policy, Layers)>> = const { RefCell::new(Vec::new()) };
}

fuzz_target!(init: register_default_policy(&DEFAULT), |plan: Vec<Do>| {
    set_event_loop_policy(None);
    with(|record| *record = Record::default());
    let mut model = vec![Scope { guard: None, layers: None }];
    plan.iter().for_each(|step| play(*step, &mut model));
    // The guards end in any order; what was set in the process is there again.
    while let Some(at) = model.len().checked_sub(2) {
        drop(model.remove(1 + at / 2));
        compare(&mut model);
    }
    set_event_loop_policy(None);
    HELD.take();
    with(|record| assert!(!record.alive.contains(&true), "{:?}", record.alive));
});

fn play(step: Do, model: &mut Vec<Scope>) {
    let held = |of: u8| HELD.with_borrow(|held| held.get(usize::from(of) % held.len().max(1)).cloned());
    match step {
        Do::Set => set(fresh(), model),
        Do::SetAgain(of) => _ = held(of).map(|given| set(given, model)),
        Do::Wrap => {
            let base = compare(model);
            let layer = noted();
            let layers = [&[layer.0], &*base.1].concat();
            // Deep layers are deep calls.
            if layers.len() < 32 {
                set((Policy::layered(base.0, layer), layers), model);
            }
        }
        Do::Reset => {
            let former = set_event_loop_policy(None);
            let top = model.last_mut().unwrap();
            assert_eq!(former.is_some(), top.layers.take().is_some());
        }
        Do::Get => _ = compare(model),
        Do::Enter => enter(fresh(), model),
        Do::EnterAgain(of) => _ = held(of).map(|given| enter(given, model)),
        Do::Leave(of) if model.len() > 1 => drop(model.remove(1 + usize::from(of) % (model.len() - 1))),
        Do::Leave(_) => {}
        Do::Forget(of) => {
            let len = HELD.with_borrow(Vec::len);
            drop((len > 0).then(|| HELD.with_borrow_mut(|held| held.remove(usize::from(of) % len))));
        }
    }
}

/// A new policy, of which one more handle is kept.
fn fresh() -> (Policy, Layers) {
    let noted = noted();
    let layers = vec![noted.0];
    let policy = Policy::new(noted);
    HELD.with_borrow_mut(|held| held.push((policy.clone(), layers.clone())));
    (policy, layers)
}

fn set((policy, layers): (Policy, Layers), model: &mut [Scope]) {
    let former = set_event_loop_policy(Some(policy));
    let top = model.last_mut().unwrap();
    assert_eq!(former.is_some(), top.layers.replace(layers).is_some());
}

fn enter((policy, layers): (Policy, Layers), model: &mut Vec<Scope>) {
    model.push(Scope { guard: Some(PolicyGuard::new(policy)), layers: Some(layers) });
    assert_eq!(model.iter().filter(|scope| scope.guard.is_some()).count(), model.len() - 1);
}

/// The policy in force, which is the model's; a new default, if that has none.
fn compare(model: &mut [Scope]) -> (Policy, Layers) {
    let policy = get_event_loop_policy().unwrap();
    with(|record| record.seen.clear());
    assert!(policy.get_event_loop().is_err());
    let seen = with(|record| record.seen.clone());
    let layers = &mut model.last_mut().unwrap().layers;
    // A default is one that was made last.
    let expected = layers.get_or_insert_with(|| vec![with(|record| record.alive.len()) - 1]);
    assert_eq!(seen, *expected);
    let is_had = |number| {
        let in_scope = model.iter().flat_map(|scope| &scope.layers).any(|layers| layers.contains(&number));
        in_scope || HELD.with_borrow(|held| held.iter().any(|(_, layers)| layers.contains(&number)))
    };
    with(|record| assert!(record.alive.iter().enumerate().all(|(number, alive)| *alive == is_had(number))));
    (policy, seen)
}
