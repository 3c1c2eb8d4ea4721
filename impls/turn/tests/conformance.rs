//! Does the engine keep every rule on storage of fixed capacity, more than any program fills?

mod host;

fn main() {
    host::judge::<{ host::MANY }>("turn/fixed");
}
