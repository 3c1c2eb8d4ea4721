//! Says hello in a callback and waits for a timer, on anyloop's reference loop.

use std::time::Duration;

use anyloop_os as _;

fn main() {
    let lp = anyloop::new_event_loop().expect("a loop");
    lp.call_soon(|| eprintln!("hello")).expect("it is open");
    let it = lp.clone();
    lp.call_later(Duration::from_millis(1), move || it.stop()).expect("it is open");
    lp.run_forever().expect("it runs");
    hello_memory::print();
}
