//! `anyloop check --report DIR` writes four files that say the same.

use std::path::Path;
use std::process::Command;
use std::{fs, str};

#[test]
fn a_report_is_four_files() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a/report");
    let output = Command::new(env!("CARGO_BIN_EXE_anyloop"))
        .args(["check", "--programs", "5", "--report"])
        .arg(&folder)
        .output()
        .unwrap();
    // So few programs leave rules vacuous, which is a failure; it is reported all the same.
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let read = |name: &str| {
        let file = folder.join(name);
        let said = str::from_utf8(&output.stdout).unwrap();
        assert!(said.contains(&format!("written: {}", file.display())), "{said}");
        fs::read_to_string(file).unwrap()
    };
    let results = read("results.json");
    assert!(results.contains("\"$schema\": \"results.schema.json\""), "the results name their schema");
    assert!(read("results.schema.json").contains("https://json-schema.org/draft/2020-12/schema"));
    let cells = results.matches("\"verdict\":").count();
    assert!(cells >= 40, "there are {cells} cells");
    assert_eq!(read("junit.xml").matches("<testcase ").count(), cells);
    assert_eq!(read("index.html").matches("data-cell=").count(), cells);
}
