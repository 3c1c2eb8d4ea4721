//! Builds the child.

use std::env::var;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=child.c");
    let program = Path::new(&var("OUT_DIR").unwrap()).join("child");
    let mut compiler = cc::Build::new().cargo_warnings(false).get_compiler().to_command();
    // Static and without what makes a program ready for a library that it does not use.
    compiler.args(["-static", "-nostartfiles", "-fno-stack-protector", "-O2", "child.c", "-o"]).arg(&program);
    assert!(compiler.status().unwrap().success(), "the child does not compile");
    println!("cargo::rustc-env=CHILD={}", program.display());
}
