//! What somebody meant who mistyped a name.

/// One line about `given`, which is no `kind`, that names the valid choice nearest to it.
pub(crate) fn unknown<'a>(kind: &str, given: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let similarity = |name: &&str| (strsim::jaro_winkler(given, name) * 1e6) as u32;
    match valid.into_iter().max_by_key(similarity) {
        Some(nearest) => format!("there is no {kind} `{given}`; did you mean `{nearest}`?"),
        None => format!("there is no {kind} `{given}`, nor any other here"),
    }
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn the_nearest_choice_is_named() {
        let line = unknown("rule", "ready.fofi", ["timer.tie", "ready.fifo", "ready.fair"]);
        assert_eq!(line, "there is no rule `ready.fofi`; did you mean `ready.fifo`?");
    }
}
