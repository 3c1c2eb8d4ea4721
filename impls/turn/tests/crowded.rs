//! Does the engine keep every rule on storage that is full now and then?

mod host;

fn main() {
    host::judge::<8>("turn/crowded");
}
