/* The least that it takes to start a program on Linux: a process that shares memory and descriptors until it runs it, and
   a pidfd from the same call. It is not a library's: it passes its own environment on, and takes everything for granted. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

enum {
    SHARE_MEMORY = 0x100, SHARE_DESCRIPTORS = 0x400, GIVE_PIDFD = 0x1000, WAIT = 0x4000, OWN_TABLE = 2
};
#define CLEAR_HANDLERS 0x100000000ull

extern char **environ;

/* Gives the pidfd, or -1. */
__attribute__((noinline)) int bench_clone(const char *program, int input) {
    char *const arguments[] = {(char *)program, NULL};
    int pidfd = -1;
    struct clone_arguments ask = {
        .flags = SHARE_MEMORY | SHARE_DESCRIPTORS | GIVE_PIDFD | WAIT | CLEAR_HANDLERS,
        .pidfd = (uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
    };
    /* As with vfork, it runs on this very stack, while this function waits: so nothing may return in between. */
    long made;
#if defined(__x86_64__)
    __asm__ volatile("syscall"
                     : "=a"(made)
                     : "a"(SYS_clone3), "D"(&ask), "S"(sizeof ask)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clone3, size __asm__("x1") = sizeof ask;
    register long result __asm__("x0") = (long)&ask;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(number), "r"(size) : "memory");
    made = result;
#else
#error "no way to make a process by hand is known for this processor"
#endif
    if (made == 0) {
        if (syscall(SYS_close_range, (unsigned)input + 1, ~0u, OWN_TABLE) == 0 && dup2(input, 0) == 0)
            execve(program, arguments, environ);
        _exit(127);
    }
    return made < 0 ? -1 : pidfd;
}
