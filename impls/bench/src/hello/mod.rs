//! How big is a program that only waits for a timer, and how much memory does it take?
//!
//! Both are counted over a program that does nothing. The programs are in `hello/`, built one by
//! one, so that each has only the features that it asks for.

use std::process::{Command, Stdio};

use crate::case::{Case, Metric, Order, Sample, Subject, Topic, metric};

const METRICS: &[Metric] = &[metric("size", "kB"), metric("memory", "kB")];

/// Builds a program of this workspace by itself, and says where it is.
pub(crate) fn executable(profile: &str, name: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(cargo)
        .args(["build", "--profile", profile, "--message-format", "json"])
        .args(["--manifest-path", manifest, "-p", name])
        .stderr(Stdio::null())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{name} does not build");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
        .expect("cargo names the program")
}

/// Builds a program, and gives its size and its anonymous memory, in kB.
fn built(name: &str) -> [f64; 2] {
    let executable = executable("hello", name);
    let size = std::fs::metadata(&executable).expect("cargo has made it").len();
    let said = Command::new(executable).output().expect("it runs").stdout;
    let memory: f64 = String::from_utf8_lossy(&said).trim().parse().expect("it says its memory");
    [size as f64 / 1024.0, memory]
}

fn over_empty(name: &'static str) -> impl Fn(&Order) -> Sample {
    move |_| {
        let (ours, empty) = (built(name), built("hello-empty"));
        Sample(METRICS.iter().enumerate().map(|(at, metric)| (metric.name, ours[at] - empty[at])).collect())
    }
}

pub(crate) fn topic() -> Topic {
    Topic {
        name: "hello",
        about: "a program that waits for a timer, over one that does nothing",
        cases: vec![Case {
            name: "program",
            about: "stripped size and anonymous memory, over an empty program",
            metrics: METRICS,
            length: 1,
            quick: 1,
            cpus: 1,
            subjects: vec![
                Subject::anyloop(over_empty("hello-anyloop")),
                Subject::peer("tokio", over_empty("hello-tokio")),
            ],
        }],
    }
}
