//! Is every word of a driver, and of the kit, understood, or a fault?
//!
//! The input is what both say: first the kit, then, after a line `===`, the driver.
#![no_main]

use anyloop::rules;
use anyloop_conformance::judges::{self, Evidence};
use anyloop_conformance::protocol::{Wire, drive, overheard};
use anyloop_conformance::{History, Lack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|said: &[u8]| {
    const BORDER: &[u8] = b"===\n";
    let border = said.windows(BORDER.len()).position(|bytes| bytes == BORDER);
    let (kit, driver) = match border {
        Some(at) => (&said[..at], &said[at + BORDER.len()..]),
        None => (said, said),
    };
    let answers = overhear(driver);
    answer(kit, &answers);
});

/// The kit hears anything. Nonsense is a fault; all else is a history, on which every judge has an opinion.
fn overhear(driver: &[u8]) -> Vec<History> {
    let Ok((_, answers)) = overheard(driver) else { return Vec::new() };
    for history in &answers {
        assert_eq!(history.to_string().parse().as_ref(), Ok(history));
        let evidence = Evidence::new(history);
        for rule in rules::all() {
            let _ = judges::judge(rule, &evidence);
        }
    }
    answers
}

/// A driver hears anything. It answers whatever is asked, in words that the kit understands.
fn answer(kit: &[u8], answers: &[History]) {
    let text = String::from_utf8_lossy(kit);
    let mut wire = Script { lines: text.lines(), said: String::new() };
    let mut expected = Vec::new();
    let mut plays = answers.iter().filter(|history| !history.is_cut()).cloned().cycle();
    drive("fuzz", &[Lack::family("child", "none here")], None, &mut wire, |_, _| {
        let history = plays.next().unwrap_or_default();
        expected.push(history.clone());
        history
    });
    let asked = text.lines().filter(|line| is_question(line)).count();
    let (greeting, heard) =
        overheard(wire.said.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {}", wire.said));
    assert_eq!((greeting.name.as_str(), greeting.lacks.len()), ("fuzz", 1));
    assert_eq!(heard.len(), asked, "{}", wire.said);
    // What is asked for, and is no program, is answered by nothing.
    let told = heard.iter().filter(|history| !history.events.is_empty());
    assert!(told.eq(expected.iter().filter(|history| !history.events.is_empty())));
}

fn is_question(line: &str) -> bool {
    matches!(line.trim().split_once(' ').map_or(line.trim(), |(asked, _)| asked), "play" | "trace")
}

/// A kit that does not listen.
struct Script<'t> {
    lines: std::str::Lines<'t>,
    said: String,
}

impl Wire for Script<'_> {
    fn hear(&mut self) -> Option<String> {
        self.lines.next().map(str::to_string)
    }

    fn say(&mut self, line: &str) {
        self.said += line;
        self.said.push('\n');
    }
}
