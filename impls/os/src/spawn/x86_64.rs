//! How is it said to an x86-64 processor that a process is to be made, and a system call?

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
    // SAFETY: in the caller only `rax`, `rcx` and `r11` change. The new process begins behind the call with the
    // registers of the caller, at the top of its own stack, which is aligned as a call wants it, and never returns.
    unsafe {
        asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 as isize => result,
            in("rdi") clone_args,
            in("rsi") size_of::<T>(),
            in("r12") argument,
            in("r13") run,
            lateout("rcx") _,
            lateout("r11") _,
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
    // SAFETY: as the caller promises; the kernel changes these registers and no others.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}
