//! How are results shown?
//!
//! | file | answers |
//! | --- | --- |
//! | `table.rs` | what does a terminal show? |
//! | `goals.rs` | which goals are met? |
//! | `plot.rs` | what does a picture show? |

pub(crate) mod goals;
pub(crate) mod plot;
pub(crate) mod table;

/// A number with three significant digits, or all before the point.
pub(crate) fn short(number: f64) -> String {
    let digits = match number.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = format!("{number:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_have_three_digits_or_more() {
        let shown: Vec<_> = [0.0, 1.234, 45.67, 678.9, 1234.5, -1234567.0, -123.0].map(short).into();
        assert_eq!(shown, ["0.00", "1.23", "45.7", "679", "1,234", "-1,234,567", "-123"]);
    }
}
