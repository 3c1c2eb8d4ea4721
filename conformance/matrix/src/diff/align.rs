//! Which events of several histories are the same event?
//!
//! The first history is the reference: each other is aligned with it by a longest common subsequence of
//! what [`Told::same`] says, context by context. What one context did is in its own order; how several
//! interleave is chance. So is how often the kit lets the loop run only to see whether a child has ended.

use std::collections::BTreeMap;

use anyloop_conformance::history::Ran;
use anyloop_conformance::{Event, History, What};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// An event, as it is shown and as it is compared.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Nanoseconds on the loop's clock.
    pub(crate) at: Option<u64>,
    /// What is shown.
    pub(crate) words: String,
    /// What is compared: `words` without all that has a name of its own in each play.
    same: String,
    /// Whether it is shown only, and is no difference: a run in which nothing happens, or what only gives a
    /// name.
    is_aside: bool,
}

impl Told {
    fn new(event: &Event, times: bool) -> Self {
        let text = event.what.to_string();
        let plain = |next: char| if next.is_control() { '\u{fffd}' } else { next };
        let words = text.replacen(" label=", " ", 1).chars().map(plain).collect();
        let mut same = essence(&text, times);
        if times {
            same = format!("{:?} {same}", event.at);
        }
        Self { at: event.at, words, same, is_aside: matches!(event.what, What::OtherAccepted { .. }) }
    }
}

/// An event in words, without free text and handles, and, unless `times` are wanted, without these.
fn essence(text: &str, times: bool) -> String {
    let silent = without_quoted(text);
    let field = |name: &str| silent.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    // How many descriptors a process has is its own affair; how many are left over is not.
    let number = |name: &str| field(name).and_then(|number| number.parse::<usize>().ok());
    let balance = match (number("before"), number("after")) {
        (Some(before), Some(after)) => format!(" {:?}", after.cmp(&before)),
        _ => String::new(),
    };
    let outline = |word| match word {
        _ if !times && starts(word, &["due=", "time="]) => "time",
        _ if !times && starts(word, &["how=at:"]) => "how=at",
        _ if starts(word, &["before=", "after="]) => "number",
        _ => word,
    };
    let named = silent.split(' ').filter(|word| !word.starts_with("handle="));
    named.map(outline).collect::<Vec<_>>().join(" ") + &balance
}

fn starts(word: &str, with: &[&str]) -> bool {
    with.iter().any(|with| word.starts_with(with))
}

/// A text without what stands between quotes.
fn without_quoted(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let is_outside = |next: &char| {
        let is_quote = *next == '"' && !escaped;
        escaped = *next == '\\' && !escaped;
        quoted ^= is_quote;
        !quoted || is_quote
    };
    text.chars().filter(is_outside).collect()
}

/// One event of each history, or none.
pub(crate) type Row = Vec<Option<Told>>;

/// Whether a row is the same everywhere.
pub(crate) fn is_common(row: &Row) -> bool {
    row.iter().all(|cell| same(cell) == same(&row[0]))
}

pub(crate) fn same(cell: &Option<Told>) -> Option<&str> {
    cell.as_ref().filter(|told| !told.is_aside).map(|told| told.same.as_str())
}

/// The rows of each context, the loop's first. `times` count if that is asked for.
pub(crate) fn sections(histories: &[History], times: bool) -> Vec<Vec<Row>> {
    let mut contexts: Vec<_> = histories.iter().map(|history| by_context(history, times)).collect();
    let mut sections = Vec::new();
    while let Some((first, number)) = first_left(&contexts) {
        let reference = contexts[first].remove(&number).unwrap_or_default();
        let mut columns = vec![Vec::new(); histories.len()];
        for (column, contexts) in columns.iter_mut().zip(&mut contexts).skip(first + 1) {
            let partner = if number == 0 { Some(0) } else { nearest(&reference, contexts) };
            *column = partner.and_then(|partner| contexts.remove(&partner)).unwrap_or_default();
        }
        columns[first] = reference;
        sections.push(rows(&columns));
    }
    sections
}

fn by_context(history: &History, times: bool) -> BTreeMap<u32, Vec<Told>> {
    let mut contexts = BTreeMap::<_, Vec<&Event>>::new();
    for event in &history.events {
        contexts.entry(event.context).or_default().push(event);
    }
    let tell = |(number, events): (_, Vec<&Event>)| {
        let mut told: Vec<_> = events.iter().map(|event| Told::new(event, times)).collect();
        for at in idle(&events) {
            told[at].is_aside = true;
        }
        (number, told)
    };
    contexts.into_iter().map(tell).collect()
}

/// Which events belong to runs in which nothing happens: the stop that ends them, and what the kit
/// looks at before and after.
fn idle(events: &[&Event]) -> Vec<usize> {
    let is_idle = |run: &[&Event]| {
        let [enter, stop, exit] = run else { return false };
        let begins = enter.what == What::Enter { until: None } && stop.what == What::Stop;
        begins && exit.what == What::Exit { result: Ran::Returned }
    };
    let looks = |at: &usize| {
        let what = events.get(*at).map(|event| &event.what);
        matches!(what, Some(What::Saw { .. } | What::RemoteSaw { .. }))
    };
    let runs = events.windows(3).enumerate().filter(|(_, run)| is_idle(run));
    let around = |at: usize| (at.saturating_sub(2)..at).chain(at + 3..at + 5).filter(looks).chain(at..at + 3);
    runs.flat_map(|(at, _)| around(at)).collect()
}

/// The first history that has a context left, and the number of that.
fn first_left(contexts: &[BTreeMap<u32, Vec<Told>>]) -> Option<(usize, u32)> {
    let first = |(at, contexts): (usize, &BTreeMap<_, _>)| Some((at, *contexts.keys().next()?));
    contexts.iter().enumerate().find_map(first)
}

/// The context that has most in common with another: they are numbered as they come, which is chance.
fn nearest(reference: &[Told], contexts: &BTreeMap<u32, Vec<Told>>) -> Option<u32> {
    let common = |told: &[Told]| {
        let common = |op| if let DiffOp::Equal { len, .. } = op { len } else { 0 };
        differences(reference, told).into_iter().map(common).sum::<usize>()
    };
    let choices = contexts.iter().filter(|(number, _)| **number != 0).rev();
    choices.max_by_key(|(_, told)| common(told)).map(|(number, _)| *number)
}

fn differences(reference: &[Told], other: &[Told]) -> Vec<DiffOp> {
    let words =
        |told: &[Told]| told.iter().map(|told| (told.is_aside, told.same.clone())).collect::<Vec<_>>();
    capture_diff_slices(Algorithm::Myers, &words(reference), &words(other))
}

/// Puts columns side by side. What only one of the others has stands beside what only the reference has,
/// or between.
fn rows(columns: &[Vec<Told>]) -> Vec<Row> {
    let empty = vec![None; columns.len()];
    let reference = &columns[0];
    let mut beside = vec![empty.clone(); reference.len()];
    // What stands before each event of the reference, and at the end.
    let mut before = vec![Vec::<Row>::new(); reference.len() + 1];
    for (row, told) in beside.iter_mut().zip(reference) {
        row[0] = Some(told.clone());
    }
    for (column, told) in columns.iter().enumerate().skip(1) {
        for op in differences(reference, told) {
            let (_, old, new) = op.as_tag_tuple();
            let mut news = told[new].iter().cloned();
            for row in &mut beside[old.clone()] {
                row[column] = news.next();
            }
            for (at, told) in news.enumerate() {
                let between = &mut before[old.end];
                if between.len() == at {
                    between.push(empty.clone());
                }
                between[at][column] = Some(told);
            }
        }
    }
    let mut rows = Vec::new();
    let mut beside = beside.into_iter();
    for between in before {
        rows.extend(between);
        rows.extend(beside.next());
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{essence, is_common, sections};
    use anyloop_conformance::History;

    fn parting(histories: &[&str]) -> Vec<Vec<String>> {
        let histories: Vec<History> = histories.iter().map(|text| text.parse().unwrap()).collect();
        let words = |cell: &Option<super::Told>| cell.as_ref().map_or("-".into(), |told| told.words.clone());
        let rows = sections(&histories, false).into_iter().flatten().filter(|row| !is_common(row));
        rows.map(|row| row.iter().map(words).collect()).collect()
    }

    #[test]
    fn names_and_times_are_not_compared() {
        assert_eq!(
            essence(r#"touched label=#1 panic="a \" b=c" accepted=no"#, false),
            "touched label=#1 panic=\"\" accepted=no"
        );
        assert_eq!(essence("accepted label=#1 handle=7", true), "accepted label=#1");
        assert_eq!(essence("asking label=#1 how=at:7", false), "asking label=#1 how=at");
        assert_eq!(essence("asking label=#1 how=at:7", true), "asking label=#1 how=at:7");
        assert_eq!(
            essence("descriptors before=7 after=8", false),
            essence("descriptors before=3 after=5", false)
        );
        assert_ne!(
            essence("descriptors before=7 after=8", false),
            essence("descriptors before=3 after=3", false)
        );
        assert_eq!(parting(&["1 0 stop", "2 0 stop"]), Vec::<Vec<String>>::new());
    }

    #[test]
    fn what_parts_stands_side_by_side() {
        let first = "0 0 enter\n1 0 started label=#1\n2 0 stop\n";
        let second = "0 0 enter\n1 0 started label=#2\n2 0 stop\n3 0 stop\n";
        let third = "0 0 enter\n2 0 stop\n";
        let rows = parting(&[first, second, third]);
        assert_eq!(rows, [["started #1", "started #2", "-"], ["-", "stop", "-"]]);
    }

    #[test]
    fn how_often_nothing_happens_is_no_difference() {
        let idle = "0 0 saw state=idle current=none\n0 0 enter\n9 0 stop\n9 0 exit result=returned\n";
        let busy = "0 0 enter\n0 0 started label=#1\n9 0 stop\n9 0 exit result=returned\n";
        assert_eq!(parting(&[&format!("{idle}{idle}{busy}"), busy]), Vec::<Vec<String>>::new());
        assert!(parting(&[idle, busy]).iter().any(|row| row[1] == "started #1"));
    }

    #[test]
    fn how_contexts_interleave_is_no_difference() {
        let first = "- 1 enter\n0 0 stop\n- 1 stop\n- 2 closing\n";
        let second = "0 0 stop\n- 1 closing\n- 2 enter\n- 2 stop\n";
        assert_eq!(parting(&[first, second]), Vec::<Vec<String>>::new());
        assert_eq!(parting(&["0 0 stop\n", "0 0 stop\n- 3 stop\n"]), [["-", "stop"]]);
    }
}
