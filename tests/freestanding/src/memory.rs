//! Where memory comes from: a heap in a static array, and the four functions that the compiler
//! calls to copy, fill and compare.

use alloc::alloc::{GlobalAlloc, Layout};
use core::arch::asm;
use core::cell::{Cell, UnsafeCell};
use core::ptr;

use crate::host;

const SIZE: usize = 1 << 20;
/// Every block is a power of two from 16 bytes on, with a list of free ones for each size.
const CLASSES: usize = 17;

#[repr(align(4096))]
struct Arena(UnsafeCell<[u8; SIZE]>);

struct Heap {
    arena: Arena,
    /// How much of the arena was ever given out.
    used: Cell<usize>,
    /// The first free block of each size; each holds the address of the next.
    free: [Cell<*mut u8>; CLASSES],
    /// How many blocks are in use.
    live: Cell<usize>,
}

// SAFETY: this program has one flow of control beside its interrupt, and that is kept out.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    arena: Arena(UnsafeCell::new([0; SIZE])),
    used: Cell::new(0),
    free: [const { Cell::new(ptr::null_mut()) }; CLASSES],
    live: Cell::new(0),
};

/// How many blocks are in use.
pub fn live_blocks() -> usize {
    HEAP.live.get()
}

/// The size of the block for `layout`, and its list.
fn class(layout: Layout) -> (usize, Option<&'static Cell<*mut u8>>) {
    let size = layout.size().max(layout.align()).max(16).next_power_of_two();
    (size, HEAP.free.get(size.trailing_zeros() as usize - 4))
}

/// What anyloop does in an interrupt must never need the heap.
fn refuse_interrupts() {
    if host::in_interrupt() {
        host::say!("FAILED: the heap was used in an interrupt");
        host::exit(1);
    }
}

// SAFETY: a block is as big as asked, lies at a multiple of its size (up to a page), and is on a
// free list or in use, never both.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        refuse_interrupts();
        let (size, Some(list)) = class(layout) else { return ptr::null_mut() };
        let mut block = list.get();
        if block.is_null() {
            let start = self.used.get().next_multiple_of(size);
            if layout.align() > 4096 || start + size > SIZE {
                return ptr::null_mut();
            }
            self.used.set(start + size);
            // SAFETY: the block lies inside the arena.
            block = unsafe { self.arena.0.get().cast::<u8>().add(start) };
        } else {
            // SAFETY: a free block holds the address of the next one.
            list.set(unsafe { block.cast::<*mut u8>().read() });
        }
        self.live.set(self.live.get() + 1);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        refuse_interrupts();
        let (_, Some(list)) = class(layout) else { return };
        // SAFETY: the caller gives the block back, and every block has room for an address.
        unsafe { block.cast::<*mut u8>().write(list.get()) };
        list.set(block);
        self.live.set(self.live.get() - 1);
    }
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for both ranges.
    unsafe { asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _) };
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= count {
        // SAFETY: `to` does not begin inside of `from`, so copying upwards reads before it writes.
        return unsafe { memcpy(to, from, count) };
    }
    // SAFETY: the caller vouches for both ranges; they are not empty, or `if` had been taken.
    unsafe {
        asm!("std", "rep movsb", "cld", inout("rcx") count => _,
            inout("rdi") to.add(count - 1) => _, inout("rsi") from.add(count - 1) => _);
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for the range.
    unsafe { asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("eax") byte) };
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for at in 0..count {
        // SAFETY: the caller vouches for both ranges.
        let (left, right) = unsafe { (left.add(at).read(), right.add(at).read()) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe { memcmp(left, right, count) }
}
