//! What did the hot paths take before, with this compiler? `counts.toml` tells.

use std::collections::BTreeMap;
use std::fs;

use super::Counts;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.toml");

const HEAD: &str =
    "# Instructions of one operation, by compiler. `cargo peers counts` compares with them, and
# `cargo peers counts --record` writes those of the compiler in use.\n\n";

/// All compilers that somebody has counted with.
type Record = BTreeMap<String, Counts>;

/// What counts depend on: the compiler, and what it compiles for.
pub(super) fn key() -> String {
    format!("{} {}", env!("RUSTC_VERSION"), std::env::consts::ARCH)
}

fn read_all() -> Result<Record, String> {
    let text = fs::read_to_string(PATH).map_err(|error| format!("{PATH}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{PATH}: {error}"))
}

/// The counts of this compiler, if there are any.
pub(super) fn read() -> Result<Option<Counts>, String> {
    Ok(read_all()?.remove(&key()))
}

/// Keeps `counts` as those of this compiler.
pub(super) fn write(counts: &Counts) -> Result<(), String> {
    let mut record = read_all()?;
    record.insert(key(), counts.clone());
    let text = toml::to_string(&record).map_err(|error| error.to_string())?;
    fs::write(PATH, format!("{HEAD}{text}")).map_err(|error| format!("{PATH}: {error}"))
}
