//! How is it said to a 64-bit ARM processor that a process is to be made, and a system call?

use std::arch::asm;
use std::ffi::c_void;

/// Makes a process that runs `run(argument)` on a stack of its own, and gives what the kernel answered.
///
/// # Safety
///
/// `clone_args` is the kernel's `struct clone_args`, with a stack; `run` may run with `argument` beside or, with
/// `CLONE_VFORK`, in the place of this thread.
pub(crate) unsafe fn clone3<T>(
    clone_args: *const T,
    run: unsafe extern "C" fn(*mut c_void) -> !,
    argument: *mut c_void,
) -> isize {
    let result;
    // SAFETY: in the caller only `x0` changes. The new process begins behind the call with the registers of the caller,
    // at the top of its own stack, which is aligned, and never returns.
    unsafe {
        asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x0, x10",
            "blr x9",
            "brk 1",
            "2:",
            in("x8") libc::SYS_clone3,
            inlateout("x0") clone_args => result,
            in("x1") size_of::<T>(),
            in("x9") run,
            in("x10") argument,
        );
    }
    result
}

/// A system call that sets no `errno`: below zero, the answer is a negated number of an error.
///
/// # Safety
///
/// As the call says.
pub(crate) unsafe fn call(number: libc::c_long, [a, b, c, d]: [usize; 4]) -> isize {
    let result;
    // SAFETY: as the caller promises; the kernel changes `x0` and nothing else.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a as isize => result,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            options(nostack),
        );
    }
    result
}
