//! How does a callback get to its place? Word by word, from where its maker left it.
//!
//! A closure's words are written one by one, right before they are scheduled. A processor passes a
//! store that has not reached the cache yet on to a load of the same width, but lets a wider load,
//! as `memcpy` would use, wait for the cache: on the way through a few functions that is more than
//! half of what scheduling costs. So callbacks are passed by reference, and copied once.

use core::mem::MaybeUninit;

use anyloop::Callback;

/// What became of a callback that was offered to a queue: the name that the queue gave it, or the
/// callback again. A macro, because a function would copy the callback before it knows.
macro_rules! settled {
    ($name:expr, $callback:expr) => {
        match $name {
            Some(handle) => {
                core::mem::forget($callback);
                Ok(handle)
            }
            None => Err(anyloop::Rejected::new(anyloop::RejectReason::Full, $callback)),
        }
    };
}

pub(crate) use settled;

/// Moves a callback to its place.
///
/// # Safety
///
/// The caller forgets the callback.
#[inline(always)]
pub(crate) unsafe fn put(place: &mut Option<Callback>, callback: &Callback) {
    const { assert!(size_of::<Option<Callback>>() == size_of::<Callback>()) };
    debug_assert!(place.is_none(), "what is in the place would be lost");
    // SAFETY: a callback is the same with and without the option, and nothing has to be dropped. The
    // caller promises that there is one of it afterwards.
    unsafe { copy_words(callback, (&raw mut *place).cast()) };
}

/// Copies `from` to `to` word by word.
///
/// # Safety
///
/// `to` is valid for writes. Only one of both copies is used.
#[inline(always)]
pub(crate) unsafe fn copy_words<T>(from: &T, to: *mut T) {
    const { assert!(size_of::<T>().is_multiple_of(size_of::<usize>()) && align_of::<T>() == align_of::<usize>()) };
    let from = (&raw const *from).cast::<MaybeUninit<usize>>();
    let to = to.cast::<MaybeUninit<usize>>();
    for word in 0..size_of::<T>() / size_of::<usize>() {
        // SAFETY: both are so many words, of which some may be uninitialised.
        unsafe { to.add(word).write(from.add(word).read_volatile()) };
    }
}
