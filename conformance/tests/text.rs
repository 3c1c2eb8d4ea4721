//! What is printed is parsed as what it was, whatever the generators make.

use anyloop_conformance::Program;
use anyloop_conformance::generate::KINDS;

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
fn a_seed_is_a_set_of_programs() {
    for kind in KINDS {
        let programs = |seed| kind.generate(seed).take(20).collect::<Vec<_>>();
        assert_eq!(programs(1), programs(1));
        assert_ne!(programs(1), programs(2));
    }
}
