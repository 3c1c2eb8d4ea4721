//! On other processors the fast way is not open: the kernel is not even asked.

use std::ffi::c_void;

/// Says that there is no such call.
///
/// # Safety
///
/// None is needed: nothing happens.
pub(crate) unsafe fn clone3<T>(
    _: *const T,
    _: unsafe extern "C" fn(*mut c_void) -> !,
    _: *mut c_void,
) -> isize {
    -(libc::ENOSYS as isize)
}

/// Says that there is no such call.
///
/// # Safety
///
/// None is needed: nothing happens.
pub(crate) unsafe fn call(_: libc::c_long, _: [usize; 4]) -> isize {
    -(libc::ENOSYS as isize)
}
