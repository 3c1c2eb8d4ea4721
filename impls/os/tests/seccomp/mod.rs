//! How does a kernel look that lacks a system call, or a sandbox that forbids it?

/// Has the kernel answer that call with that error, on this thread and those that it starts.
pub(crate) fn refuse(call: libc::c_long, error: i32) {
    const fn code(parts: u32) -> u16 {
        parts as u16
    }
    let load = code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS);
    let is = code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K);
    let answer = code(libc::BPF_RET | libc::BPF_K);
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = [
        // The number of the system call stands first.
        step(load, 0, 0, 0),
        step(is, 0, 1, u32::try_from(call).expect("a small number")),
        step(answer, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32),
        step(answer, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
    // SAFETY: the filter is valid, and as long as it says.
    let refused = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
            || libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) != 0
    };
    assert!(!refused, "{}", std::io::Error::last_os_error());
}
