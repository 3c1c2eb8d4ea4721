//! Says hello in a task and waits for a timer, on tokio.

use std::time::Duration;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        tokio::task::spawn_local(async { eprintln!("hello") }).await.expect("it runs");
        tokio::time::sleep(Duration::from_millis(1)).await;
    });
    hello_memory::print();
}
