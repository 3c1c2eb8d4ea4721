//! Is every text a program, or an error with its place?
#![no_main]

use anyloop_conformance::{ParseError, Program};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Program>() {
        Ok(program) => {
            for printed in [program.to_string(), format!("{program:#}")] {
                assert_eq!(printed.parse().as_ref(), Ok(&program), "{printed}");
            }
            assert!(!format!("{program:#}").contains('\n'), "a line is one");
        }
        Err(error) => assert_is_there(text, &error),
    }
});

/// The place is one of the text, or right behind it.
fn assert_is_there(text: &str, error: &ParseError) {
    let line = text.split('\n').nth(error.line - 1);
    let length = line.map(|line| line.chars().count());
    assert!(Some(error.column - 1) <= length, "{error}");
    assert!(error.message.starts_with("expected "), "{error}");
}
