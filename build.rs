//! Exists because Cargo honours `links = "anyloop"` only for packages with a build script: that
//! key makes two versions of this crate in one program, and so two process-wide policies, a
//! resolver error. It looks at nothing and emits nothing else.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
