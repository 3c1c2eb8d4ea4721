//! How the default policy gets there without a call: by an entry that runs when the program is
//! loaded.
//!
//! Each object format has a section of pointers to functions that the system's loader calls before
//! `main`. The function only stores a pointer, under a lock that nobody else can hold yet; the
//! policy itself is made when it is first needed.

use anyloop::{DefaultPolicy, Policy, register_default_policy};

use crate::DefaultEventLoopPolicy;

static DEFAULT: DefaultPolicy =
    DefaultPolicy { name: "anyloop-os", make: || Policy::new(DefaultEventLoopPolicy::new()) };

extern "C" fn register() {
    register_default_policy(&DEFAULT);
}

// SAFETY: the sections hold pointers to functions of this type, which run before `main` on its
// thread. `register` needs nothing of std that is not there yet.
#[used]
#[cfg_attr(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    unsafe(link_section = ".init_array")
)]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
static REGISTER: extern "C" fn() = register;
