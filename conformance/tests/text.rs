//! What is printed is parsed as what it was, whatever the generators make.

use anyloop_conformance::generate::KINDS;
use anyloop_conformance::{History, Program, Specimen, play, world};

#[test]
fn parsing_is_the_inverse_of_printing() {
    for kind in KINDS {
        for program in kind.generate(0).take(200) {
            assert_eq!(program.to_string().parse::<Program>().as_ref(), Ok(&program));
            assert_eq!(format!("{program:#}").parse::<Program>().as_ref(), Ok(&program));
        }
    }
}

#[test]
fn parsing_is_the_inverse_of_printing_for_histories_too() {
    let world = world::none();
    for kind in KINDS {
        for program in kind.generate(0).take(200) {
            let history = play(&program, &Specimen::default(), &world);
            assert_eq!(history.to_string().parse::<History>().as_ref(), Ok(&history));
        }
    }
}

#[test]
fn what_is_no_history_says_where() {
    let error = |text: &str| text.parse::<History>().unwrap_err().to_string();
    assert_eq!(error("soon"), "line 1, column 1: expected a time in nanoseconds, or -, not `soon`");
    assert_eq!(
        error("- 0 stop\n\n- 0"),
        "line 3, column 4: expected the word of an event, but the line ends"
    );
    assert_eq!(error("- 0 stopp"), "line 1, column 5: there is no event `stopp`");
    assert_eq!(error("- 0 started"), "line 1, column 5: the field `label` is missing");
    assert_eq!(error("- 0 stop now"), "line 1, column 10: expected a field such as label=#1, not `now`");
    assert_eq!(
        error("7 0 started label=3"),
        "line 1, column 5: `3` is nothing that the field `label` can be"
    );
    assert_eq!(
        error("7 0 stop label=#3"),
        "line 1, column 5: `stop` has no field `label`, or has it once only"
    );
    let words = "- 0 failed panic=\"a \\\"quoted\\\"\\nword\"\n";
    assert_eq!(words.parse::<History>().unwrap().to_string(), words);
}

#[test]
fn a_seed_is_a_set_of_programs() {
    for kind in KINDS {
        let programs = |seed| kind.generate(seed).take(20).collect::<Vec<_>>();
        assert_eq!(programs(1), programs(1));
        assert_ne!(programs(1), programs(2));
    }
}
