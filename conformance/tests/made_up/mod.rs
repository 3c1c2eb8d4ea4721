//! Reports with every verdict in them, and with texts that would be markup if they were let.

use std::sync::LazyLock;

use anyloop::rules::{self, Level, Rule};
use anyloop_conformance::check::{Failure, Outcome};
use anyloop_conformance::protocol::Fault;
use anyloop_conformance::{Cell, Report, zoo};

/// A name that breaks out of every quotation that forgets to escape.
pub(crate) const EVIL: &str = "<img src=x onerror=alert(1)> \"'&{{data}} ü\u{1}";

/// What the second subject lacks.
pub(crate) const LACKED: &str = "no <b>children</b> here";

/// Two subjects: one with every verdict, and one with the evil name, for which one MUST and one
/// SHOULD are broken and nothing else was asked.
pub(crate) fn reports() -> Vec<Report> {
    let first = [
        (&rules::ready::FIFO, Outcome::Holds),
        (&rules::timer::TIE, Outcome::Broken(failure())),
        (&rules::timer::FAR, Outcome::Vacuous),
        (&rules::close::DROPS, Outcome::Unjudged("nobody can & nobody will")),
        (rules::child::ALL[0], Outcome::Lacks(LACKED.into())),
    ];
    let second = [
        (&rules::wake::FIFO, Outcome::Broken(Failure { why: EVIL.into(), ..failure() })),
        (&SHOULD, Outcome::Broken(failure())),
    ];
    let fault = Some(Fault { why: EVIL.into() });
    vec![report("os/epoll+pidfd", &first), Report { fault, ..report(EVIL, &second) }]
}

/// A rule that an implementation may have a reason to break.
pub(crate) static SHOULD: Rule = Rule {
    id: "zeal.enough",
    level: Level::Should,
    text: "A rule that was made up SHOULD be shown like any other.",
    intent: "A report tells of whatever it is given.",
    check: "whether it was made up well",
    ancestors: &[],
};

fn report(subject: &str, outcomes: &[(&'static Rule, Outcome)]) -> Report {
    let cells = outcomes
        .iter()
        .map(|(rule, outcome)| Cell {
            rule,
            outcome: outcome.clone(),
            exercised: 7,
            programs: 1024,
            known: None,
        })
        .collect();
    Report { subject: subject.into(), selector: None, os: "linux", seed: 5, cells, fault: None }
}

/// A real one, that has more than one context.
pub(crate) fn failure() -> Failure {
    static FAILURE: LazyLock<Failure> = LazyLock::new(|| {
        let disease = zoo::diseases().find(|disease| disease.rule == &rules::wake::FIFO).expect("a disease");
        zoo::kill(&disease, None, 0).expect("it is noticed")
    });
    FAILURE.clone()
}
