//! Programs that the kit once misjudged: a loop that conforms passes them.

use anyloop::rules;
use anyloop_conformance::judges::{Evidence, Verdict, judge};
use anyloop_conformance::{History, Options, Specimen, check, trials};

/// Each with what was wrong with the kit.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "a future that is run again was woken by its waker of the former run, which is owed nothing",
        "task #1 { task #2; stop }; until #4 { park; wake #4; park }",
    ),
    ("a child that the last run started was never told to end", "soon #1 { child %1 signal 9 }"),
    ("the kit's own watcher was taken for the judged one", "setwatcher a; child %1 exit 1; watch %1 #1"),
    ("who closes a watcher that is set again was not asked", "setwatcher a; closewatcher; setwatcher a"),
    (
        "what another context set, and so closed, was not known",
        "setwatcher a; soon #1 { setwatcher a }; elsewhere { unsetwatcher }",
    ),
    ("another context that sets a watcher was not heard", "watcher; elsewhere { unsetwatcher }; watcher"),
    (
        "a watcher that refused was taken for a factory that fails for ever",
        "failing { ask }; setwatcher b; refuse; ask",
    ),
    (
        "a stop that came when the future was at its end was taken for what ended the run",
        "soon #1 { thread #2 { soon #3; stop } }; until #4 { wake #5; task #6 { task #7 { yield; yield }; await #5 } }",
    ),
    (
        "what was cancelled in a step was not allowed to count in the next",
        "soon #1 { soon #2; cancel #2 }; turn 0; turn 0",
    ),
    ("a loop that a host drives was said to be idle", "soon #12 { store b }; turn 0"),
    (
        "a deadline that had passed was said to be missed, where what was cancelled counted as ready",
        "soon #1; cancel #1; at 0 #4; turn 0",
    ),
    (
        "a child that was told of before it was registered again was said to be known",
        "child %1 exit 255; child %2 signal 9; watch %1 #2; watch %2 #3 { watch %1 #4; fork }; ended %1; ended %2; run",
    ),
    ("what tells that a child is not ours was not seen, and nothing was said to wait", "alien #1; turn 0"),
    (
        "what a capture asks for while it is dropped was not seen to run",
        "soon #1 { cancel #4 }; touchy #4; run; turn 0",
    ),
    ("what polls the future of a run was not seen to wait", "until #4 { park }; turn 0"),
    ("a callback that asks for itself again was not seen to wait", "at 0 #1; spin #11 #1; run; turn 0"),
    ("a new watcher was taken for the closed one", "closewatcher; unsetwatcher; alien #1"),
];

/// A crowd asked for in one go, behind a timer that was due before the loop could look.
fn crowd() -> String {
    let soon: Vec<String> = (2..1200).map(|number| format!("soon #{number}")).collect();
    format!("at 0 #1; {}; run", soon.join("; "))
}

#[test]
fn what_was_misjudged_is_judged_rightly() {
    let crowd = crowd();
    let crowd =
        ("a crowd that was there before the loop was taken for one that feeds itself", crowd.as_str());
    for (what, program) in PROGRAMS.iter().copied().chain([crowd]) {
        let program = Some(program.parse().expect("a program"));
        let options = Options { program, ..Options::default() };
        let report = check("specimen", &Specimen::default(), &options, |_, _, _| {});
        let failures: Vec<String> =
            report.cells.iter().filter(|cell| cell.is_failure()).map(trials::explain).collect();
        assert!(failures.is_empty(), "{what}\n{}", failures.join("\n"));
    }
}

/// What no play makes, and a driver may say.
const NONSENSE: &[(&str, &str)] = &[(
    "the process's own scope went away with a guard of its number",
    "0 0 guard-off guard=0\n0 0 found policy=0",
)];

#[test]
fn every_judge_has_an_opinion_on_nonsense() {
    for (what, history) in NONSENSE {
        let history: History = history.parse().unwrap_or_else(|error| panic!("{what}: {error}"));
        for rule in rules::all() {
            let _ = judge(rule, &Evidence::new(&history));
        }
    }
}

/// What takes the right moment, as it happened.
const MOMENTS: &[(&str, &str)] = &[
    (
        "what another thread dropped meanwhile was taken for the victim of a cancellation",
        "0 0 asking label=#1 how=soon; 0 0 accepted label=#1 handle=1; 0 0 enter; 0 0 started label=#1; 0 0 ended label=#1;
         0 0 cancelling label=#1; - 1 dropped label=#2; 0 0 cancelled label=#1 answer=no; 0 0 exit result=returned",
    ),
    (
        "what another thread asked for just after the deadline was read was taken for ready before",
        "- 1 asking label=#1 how=post; - 1 accepted label=#1; 0 0 turning wait=0; 0 0 turned result=returned ran=no",
    ),
];

#[test]
fn what_another_thread_does_in_between_is_nobodys_fault() {
    for (what, history) in MOMENTS {
        let lines: Vec<&str> = history.split(';').map(str::trim).collect();
        let history: History = lines.join("\n").parse().unwrap_or_else(|error| panic!("{what}: {error}"));
        for rule in [&rules::cancel::STALE, &rules::step::DEADLINE] {
            let verdict = judge(rule, &Evidence::new(&history));
            assert!(matches!(verdict, Some(Verdict::Holds { .. })), "{what}: {verdict:?}");
        }
    }
}
