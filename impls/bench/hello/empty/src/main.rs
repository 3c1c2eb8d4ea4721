//! What the others are compared with: a program without a loop.

fn main() {
    eprintln!("hello");
    hello_memory::print();
}
