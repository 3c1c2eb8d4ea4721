//! What this program has in place of std and libc: the Linux kernel, called directly.

use core::arch::{asm, global_asm};
use core::fmt;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

// The kernel enters here, with the stack that it made and nothing else.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {main}", "ud2", main = sym crate::main);
// A signal handler returns to here, which tells the kernel that it is over.
global_asm!(".globl end_of_signal", "end_of_signal:", "mov eax, 15", "syscall");

unsafe extern "C" {
    fn end_of_signal();
}

/// Numbers of the system calls for x86-64.
mod number {
    pub const WRITE: usize = 1;
    pub const SIGACTION: usize = 13;
    pub const NANOSLEEP: usize = 35;
    pub const SETITIMER: usize = 38;
    pub const CLOCK_GETTIME: usize = 228;
    pub const EXIT_GROUP: usize = 231;
}

const CLOCK_MONOTONIC: usize = 1;
const ITIMER_REAL: usize = 0;
const SIGALRM: usize = 14;
const SA_RESTORER: usize = 0x0400_0000;

/// Calls the kernel.
///
/// # Safety
///
/// The arguments are what the call of that number asks for.
unsafe fn syscall(number: usize, arguments: [usize; 4]) -> isize {
    let [a, b, c, d] = arguments;
    let result: isize;
    // SAFETY: the kernel keeps all registers but these; the caller vouches for the arguments.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c,
            in("r10") d, out("rcx") _, out("r11") _, options(nostack));
    }
    result
}

/// Seconds and nanoseconds, as the kernel writes them.
#[repr(C)]
#[derive(Default)]
struct Timespec {
    seconds: u64,
    nanos: u64,
}

/// Nanoseconds on the monotonic clock.
pub fn now() -> u64 {
    let mut time = Timespec::default();
    // SAFETY: the kernel writes one timespec there.
    unsafe { syscall(number::CLOCK_GETTIME, [CLOCK_MONOTONIC, (&raw mut time).addr(), 0, 0]) };
    time.seconds * 1_000_000_000 + time.nanos
}

/// Sleeps that long, or until a signal.
pub fn sleep(nanos: u64) {
    let time = Timespec { seconds: nanos / 1_000_000_000, nanos: nanos % 1_000_000_000 };
    // SAFETY: the kernel reads one timespec there, and is given no place for the rest.
    unsafe { syscall(number::NANOSLEEP, [(&raw const time).addr(), 0, 0, 0]) };
}

/// Ends the program.
pub fn exit(status: usize) -> ! {
    loop {
        // SAFETY: it takes a number and does not return.
        unsafe { syscall(number::EXIT_GROUP, [status, 0, 0, 0]) };
    }
}

/// Standard output, unbuffered.
pub struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while !text.is_empty() {
            // SAFETY: the kernel reads that many bytes there.
            let written = unsafe { syscall(number::WRITE, [1, text.as_ptr().addr(), text.len(), 0]) };
            let written = usize::try_from(written).map_err(|_| fmt::Error)?;
            text = text.get(written..).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

/// Prints a line.
macro_rules! say {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        // If the output is gone, the exit status still tells.
        let _ = writeln!($crate::host::Output, $($argument)*);
    }};
}
pub(crate) use say;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("FAILED: {info}");
    exit(101)
}

// `alloc` comes compiled with unwinding in mind and refers to these two. In a program that aborts
// on panic nobody calls them.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    exit(102)
}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(102)
}

static IN_INTERRUPT: AtomicBool = AtomicBool::new(false);

/// Whether the caller is the handler that [`interrupt_once`] was given.
pub fn in_interrupt() -> bool {
    IN_INTERRUPT.load(Ordering::Relaxed)
}

/// What the kernel wants to know about a signal's handler.
#[repr(C)]
struct SignalAction {
    handler: extern "C" fn(i32),
    flags: usize,
    restorer: unsafe extern "C" fn(),
    mask: u64,
}

/// Interrupts this program once, `micros` from now, with a signal: it runs `crate::interrupt`.
pub fn interrupt_once(micros: u64) {
    extern "C" fn handler(_: i32) {
        IN_INTERRUPT.store(true, Ordering::Relaxed);
        crate::interrupt();
        IN_INTERRUPT.store(false, Ordering::Relaxed);
    }
    let action = SignalAction { handler, flags: SA_RESTORER, restorer: end_of_signal, mask: 0 };
    let timer: [u64; 4] = [0, 0, micros / 1_000_000, micros % 1_000_000];
    // SAFETY: the kernel reads an action and a timer there, in its own layout; 8 is the mask's size.
    let results = unsafe {
        [
            syscall(number::SIGACTION, [SIGALRM, (&raw const action).addr(), 0, 8]),
            syscall(number::SETITIMER, [ITIMER_REAL, (&raw const timer).addr(), 0, 0]),
        ]
    };
    assert_eq!(results, [0, 0], "the kernel refused an interrupt");
}
