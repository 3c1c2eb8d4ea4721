//! Are readers, writers and tasks called when their sources are ready, and only then?
//!
//! | file | answers |
//! | --- | --- |
//! | `source.rs` | what does each event say about each rule? |
//! | `source/line.rs` | for what is a source ready, and who has to do with it? |

mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;

use anyloop::SourceError;
use anyloop::rules::{Rule, source as rules};

use self::line::{Life, Line, Over, other};
use super::{Entry, Evidence, Judgement, Treatment::Judged};
use crate::history::{Event, Side, What};
use crate::program::{Label, Wire};

/// The rules of this family.
pub static TABLE: &[Entry] = &[
    (&rules::READY, Judged(|evidence| judge(evidence, &rules::READY))),
    (&rules::LEVEL, Judged(|evidence| judge(evidence, &rules::LEVEL))),
    (&rules::IDLE, Judged(|evidence| judge(evidence, &rules::IDLE))),
    (&rules::LATER, Judged(|evidence| judge(evidence, &rules::LATER))),
    (&rules::REPLACED, Judged(|evidence| judge(evidence, &rules::REPLACED))),
    (&rules::ANSWER, Judged(|evidence| judge(evidence, &rules::ANSWER))),
    (&rules::REMOVED, Judged(|evidence| judge(evidence, &rules::REMOVED))),
    (&rules::APART, Judged(|evidence| judge(evidence, &rules::APART))),
    (&rules::ORDER, Judged(|evidence| judge(evidence, &rules::ORDER))),
    (&rules::END, Judged(|evidence| judge(evidence, &rules::END))),
    (&rules::PANIC, Judged(|evidence| judge(evidence, &rules::PANIC))),
    (&rules::CLOSED, Judged(|evidence| judge(evidence, &rules::CLOSED))),
    (&rules::RECYCLED, Judged(|evidence| judge(evidence, &rules::RECYCLED))),
    (&rules::AWAITED, Judged(|evidence| judge(evidence, &rules::AWAITED))),
];

fn judge(evidence: &Evidence<'_>, rule: &'static Rule) -> Judgement {
    let mut story = Story::new(rule);
    for (at, event) in evidence.events.iter().enumerate() {
        story.see(evidence, at, event)?;
    }
    Ok(story.exercised)
}

/// What is known so far, in the eyes of one rule.
struct Story {
    rule: &'static Rule,
    exercised: usize,
    lines: BTreeMap<Wire, Line>,
    lives: BTreeMap<Label, Life>,
    /// The numbers of sources that are closed.
    numbers: BTreeSet<i64>,
    /// Who is being added.
    adding: Option<(Wire, Side, Label)>,
    /// What is being done on the loop's context that must call nobody.
    doing: Option<&'static str>,
}

impl Story {
    const fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            exercised: 0,
            lines: BTreeMap::new(),
            lives: BTreeMap::new(),
            numbers: BTreeSet::new(),
            adding: None,
            doing: None,
        }
    }

    /// A situation to which `rule` applies: was it kept?
    fn tell(&mut self, rule: &Rule, kept: bool, why: impl FnOnce() -> String) -> Result<(), String> {
        if self.rule != rule {
            return Ok(());
        }
        self.exercised += 1;
        if kept { Ok(()) } else { Err(why()) }
    }

    fn see(&mut self, evidence: &Evidence<'_>, at: usize, event: &Event) -> Result<(), String> {
        let closed = evidence.closed.is_some_and(|(closing, _)| closing < at);
        self.note_doing(event);
        match &event.what {
            What::Wired { wire, number } => {
                let recycled = self.numbers.remove(number);
                self.lines.insert(*wire, Line::new(*number, recycled));
            }
            What::SourceAdding { wire, side, label } => self.adding = Some((*wire, *side, *label)),
            What::SourceAdded { label, result } => self.added(*label, *result, closed)?,
            What::SourceRemoved { wire, side, answer } => self.removed(*wire, *side, *answer, closed)?,
            What::Called { label } => self.called(evidence, at, event.context, *label)?,
            What::Panicking { label } => {
                self.lives.entry(*label).and_modify(|life| life.panicked = true);
            }
            What::SourceDropped { label } => {
                self.lives.entry(*label).and_modify(|life| life.dropped = true);
            }
            What::Unwired { wire } => self.unwired(*wire)?,
            What::Awaiting { label, wire, side } => {
                self.lines.entry(*wire).and_modify(|line| line.waiting[*side as usize].push(*label));
            }
            What::Awaited { label, wire, side, result } => {
                self.lines.entry(*wire).and_modify(|line| line.give_up(*label));
                let failed = || format!("{label} awaited a side of {wire}, {side:?}, and failed: {result:?}");
                self.tell(&rules::AWAITED, result.is_ok() || closed, failed)?;
            }
            What::FutureDropped { label } => self.lines.values_mut().for_each(|line| line.give_up(*label)),
            What::Enter { .. } => self.lines.values_mut().for_each(|line| line.both_ready = line.owes_both()),
            What::Exit { .. } => self.lines.values_mut().for_each(|line| line.both_ready = false),
            What::Stalled => self.stalled()?,
            What::Closed { result: Ok(()) } if evidence.closed.is_some_and(|(_, it)| it == at) => {
                for life in self.lives.clone().values().filter(|life| life.over.is_none()) {
                    let label = life.label;
                    let why = || format!("the loop was closed, and {label} not dropped");
                    self.tell(&rules::CLOSED, life.dropped, why)?;
                }
            }
            what => {
                self.lines.iter_mut().for_each(|(wire, line)| line.see(*wire, what));
            }
        }
        for life in self.lives.values_mut().filter(|life| life.over.is_none()) {
            life.was_ready |= self.lines.get(&life.wire).is_some_and(|line| line.may_be_ready(life.side));
        }
        Ok(())
    }

    /// Notes what is being done on the loop's context.
    fn note_doing(&mut self, event: &Event) {
        if event.context != 0 {
            return;
        }
        match event.what {
            What::SourceAdding { .. } => self.doing = Some("adding"),
            What::SourceRemoving { .. } => self.doing = Some("removing"),
            What::Feeding { .. } => self.doing = Some("sending"),
            What::HangingUp { .. } => self.doing = Some("hanging up"),
            What::Unwiring { .. } => self.doing = Some("dropping a source"),
            What::SourceAdded { .. }
            | What::SourceRemoved { .. }
            | What::Fed { .. }
            | What::HungUp { .. }
            | What::Unwired { .. } => self.doing = None,
            _ => {}
        }
    }

    /// Ends what is in force on a side.
    fn end(&mut self, wire: Wire, side: Side, over: Over) -> Option<Life> {
        let line = self.lines.get_mut(&wire)?;
        line.both_ready = false;
        let label = line.labels[side as usize].take()?;
        let life = self.lives.get_mut(&label)?;
        life.over = Some(over);
        Some(life.clone())
    }

    /// Something was done to one side: the other has to stay as it was.
    fn disturb(&mut self, wire: Wire, side: Side) {
        let label = self.lines.get(&wire).and_then(|line| line.labels[other(side) as usize]);
        if let Some(life) = label.and_then(|label| self.lives.get_mut(&label)) {
            life.disturbed = true;
        }
    }

    fn added(&mut self, label: Label, result: Result<(), SourceError>, closed: bool) -> Result<(), String> {
        let Some((wire, side, _)) = self.adding.take() else { return Ok(()) };
        if closed {
            return self.tell(&rules::CLOSED, result.is_err(), || {
                format!("the loop is closed, and a callback was added to {wire} all the same")
            });
        }
        let former = self.end(wire, side, Over::Replaced(label));
        if let Err(error) = result {
            return self
                .tell(&rules::READY, false, || format!("{label} could not be added to {wire}: {error}"));
        }
        if former.is_some_and(|former| former.was_ready) {
            self.tell(&rules::REPLACED, true, String::new)?;
        }
        self.disturb(wire, side);
        if let Some(line) = self.lines.get_mut(&wire) {
            line.labels[side as usize] = Some(label);
            self.lives.insert(label, Life::new(label, wire, side));
        }
        Ok(())
    }

    fn removed(&mut self, wire: Wire, side: Side, answer: bool, closed: bool) -> Result<(), String> {
        let known = self.end(wire, side, Over::Removed);
        self.disturb(wire, side);
        if closed {
            return self.tell(&rules::CLOSED, !answer, || {
                format!("the loop is closed, and removing a callback from {wire} was answered with yes")
            });
        }
        let there_was = if known.is_some() { "there was one" } else { "there was none" };
        self.tell(&rules::ANSWER, answer == known.is_some(), || {
            let answer = if answer { "yes" } else { "no" };
            format!("removing a callback from {wire} was answered with {answer}, and {there_was}")
        })?;
        match known {
            Some(known) if known.was_ready => self.tell(&rules::REMOVED, true, String::new),
            _ => Ok(()),
        }
    }

    fn unwired(&mut self, wire: Wire) -> Result<(), String> {
        for side in [Side::Read, Side::Write] {
            if self.end(wire, side, Over::Removed).is_some_and(|life| life.was_ready) {
                self.tell(&rules::REMOVED, true, String::new)?;
            }
        }
        if let Some(line) = self.lines.remove(&wire) {
            self.numbers.insert(line.number);
        }
        Ok(())
    }

    fn called(
        &mut self,
        evidence: &Evidence<'_>,
        at: usize,
        context: u32,
        label: Label,
    ) -> Result<(), String> {
        let Some(life) = self.lives.get(&label).cloned() else {
            let early = self.adding.is_some_and(|(_, _, adding)| adding == label);
            return self.tell(&rules::LATER, !early, || format!("{label} was called by what added it"));
        };
        let doing = self.doing.filter(|_| context == 0);
        let proper = context == 0 && evidence.is_running_at(at) && doing.is_none();
        self.tell(&rules::LATER, proper, || match doing {
            Some(doing) => format!("{label} was called from inside of {doing}"),
            None => {
                format!("{label} was called elsewhere than on the context of its loop, or outside of its run")
            }
        })?;
        match life.over {
            Some(Over::Replaced(by)) => {
                let why = || format!("{by} took the place of {label}, which was called afterwards");
                return self.tell(&rules::REPLACED, false, why);
            }
            Some(Over::Removed) => {
                let why = || format!("{label} was removed, and called afterwards");
                return self.tell(&rules::REMOVED, false, why);
            }
            None => {}
        }
        let idle = || format!("{label} was called, and {} was not ready since its last call", life.wire);
        self.tell(&rules::IDLE, life.was_ready, idle)?;
        let Some(line) = self.lines.get_mut(&life.wire) else { return Ok(()) };
        let reasons = line.reasons(&life);
        let (first, writes) = (core::mem::take(&mut line.both_ready), life.side == Side::Write);
        if let Some(life) = self.lives.get_mut(&label) {
            life.calls += 1;
            life.was_ready = false;
        }
        if first {
            let why = || {
                format!("{} could be read and written, and {label} was called before the reader", life.wire)
            };
            self.tell(&rules::ORDER, !writes, why)?;
        }
        reasons.iter().try_for_each(|rule| self.tell(rule, true, String::new))
    }

    /// Nothing happens any more: whoever is to be called will not be.
    fn stalled(&mut self) -> Result<(), String> {
        for (wire, line) in self.lines.clone() {
            for side in [Side::Read, Side::Write].into_iter().filter(|side| line.is_ready(*side)) {
                if let Some(label) = line.waiting[side as usize].first() {
                    let why = || format!("{wire} was ready, and {label}, which awaits that, was not told");
                    self.tell(&rules::AWAITED, false, why)?;
                }
                let Some(life) = line.labels[side as usize].and_then(|label| self.lives.get(&label)) else {
                    continue;
                };
                let (label, rule) = (life.label, line.reasons(life).last().copied());
                let why = || format!("{wire} was ready, and {label} was not called any more");
                self.tell(rule.unwrap_or(&rules::READY), false, why)?;
            }
        }
        Ok(())
    }
}
