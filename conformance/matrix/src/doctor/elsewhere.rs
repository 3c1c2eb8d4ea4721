//! What is looked at where anyloop has no loop yet.

use std::thread::available_parallelism;

use super::Finding;

/// What the default policy makes.
pub(super) fn event_loop() -> String {
    "a loop".into()
}

/// What can be known everywhere.
pub(super) fn findings() -> Vec<Finding> {
    let processors =
        available_parallelism().map_or_else(|error| error.to_string(), |count| count.to_string());
    vec![
        Finding::new("system", std::env::consts::OS, "anyloop's own loops and watchers are made for Linux"),
        Finding::new("processors", processors, "that this process may use"),
    ]
}
