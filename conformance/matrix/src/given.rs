//! Which program somebody gave: a text, or a file that ends in `.loop`.

use std::fs;

use anyloop_conformance::{ParseError, Program};

/// The program that is `text`, or stands in the file of that name. What is wrong with it is said
/// with the place, the line, and a mark below the column.
pub(crate) fn program(text: &str) -> Result<Program, String> {
    if !text.ends_with(".loop") {
        return text.parse().map_err(|error| place("the program", text, &error));
    }
    let bytes = fs::read(text).map_err(|error| format!("{text} cannot be read: {error}"))?;
    match str::from_utf8(&bytes) {
        Ok(content) => content.parse().map_err(|error| place(text, content, &error)),
        Err(error) => {
            let content = String::from_utf8_lossy(&bytes);
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let error = ParseError {
                line: before.matches('\n').count() + 1,
                column: before[start..].chars().count() + 1,
                message: "expected text, not a byte that is no UTF-8".into(),
            };
            Err(place(text, &content, &error))
        }
    }
}

/// What is wrong with a program, with the line where it is.
pub(crate) fn place(name: &str, text: &str, error: &ParseError) -> String {
    // What stands in a file must not steer the terminal.
    let plain = |next: char| if next.is_control() { '\u{fffd}' } else { next };
    let number = error.line.to_string();
    let line: String = text.lines().nth(error.line - 1).unwrap_or_default().replace('\t', " ");
    let line: String = line.chars().map(plain).collect();
    let message: String = error.message.chars().map(plain).collect();
    let blank = " ".repeat(number.len());
    let margin = " ".repeat(error.column - 1);
    format!(
        "{name}, line {}, column {}: {message}\n  {number} | {line}\n  {blank} | {margin}^",
        error.line, error.column
    )
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn the_place_is_shown() {
        let error = program("stop\n\tsoon \u{1b}3").unwrap_err();
        let expected = "the program, line 2, column 7: expected a label like #3, not `\u{fffd}3`\n  \
                        2 |  soon \u{fffd}3\n    |       ^";
        assert_eq!(error, expected);
        let at_the_end = "the program, line 1, column 5: expected a label like #3, but the text ends\n  \
                          1 | soon\n    |     ^";
        assert_eq!(program("soon").unwrap_err(), at_the_end);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = program("/no/such.loop").unwrap_err();
        assert!(error.starts_with("/no/such.loop cannot be read: "), "{error}");
    }
}
