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
fn what_happens_to_programs_is_written_down_and_read() {
    let text = "\
- 0 launching label=#1 scene=awaited plan=exit:7
- 0 launched label=#1 result=done
- 0 launched label=#1 result=inactive
- 0 launched label=#1 result=os:2
- 0 launched label=#1 result=failed:\"no\"
- 0 status-saw label=#1
- 0 status-saw label=#1 status=exited:7
- 0 gave-up label=#1
- 0 released label=#1
- 0 program-ended label=#1
- 0 waited label=#1 waiter=3 status=signaled:9
- 0 heard label=#1 stream=stdout bytes=5 right=yes
- 0 heard label=#1 stream=stderr bytes=0 right=no failed=5
- 0 talked label=#1 status=exited:0 right=yes,no
- 0 talk-failed label=#1 why=\"broken pipe\"
- 0 signalling label=#1 signal=15
- 0 signalled label=#1 result=done
- 0 signalled label=#1 result=over
- 0 signalled label=#1 result=failed:\"no such process\"
- 0 dropping-child label=#1
- 0 went-on label=#1 ended=yes said=no
- 0 loop-left label=#1
- 0 settled label=#1 collected=yes
- 0 spent label=#1 before=6 after=6 children=no,no
- 0 spent label=#1 children=no,yes
- 0 performed label=#1
";
    assert_eq!(text.parse::<History>().map(|history| history.to_string()).as_deref(), Ok(text));
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
