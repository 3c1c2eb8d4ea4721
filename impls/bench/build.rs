//! Builds libuv's part if libuv is there, and notes which compiler this is.

use std::env::var;
use std::process::Command;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(libuv)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=c/uv.c");
    if cc::Build::new().file("c/uv.c").opt_level(3).cargo_warnings(false).try_compile("bench_uv").is_ok() {
        println!("cargo::rustc-link-lib=uv");
        println!("cargo::rustc-cfg=libuv");
    } else {
        // There is no such file, so cargo asks again with each build, until libuv is there.
        println!("cargo::rerun-if-changed=c/libuv-is-missing");
    }
    cc::Build::new().file("c/clone.c").opt_level(2).warnings_into_errors(true).compile("bench_clone");
    println!("cargo::rerun-if-changed=c/clone.c");
    let version = Command::new(var("RUSTC").unwrap()).arg("-V").output().unwrap().stdout;
    println!("cargo::rustc-env=RUSTC_VERSION={}", String::from_utf8(version).unwrap().trim());
}
