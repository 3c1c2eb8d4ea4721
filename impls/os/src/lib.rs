//! anyloop's reference loops, child watchers and default policy for operating systems.
//!
//! Linking this crate puts [`DefaultEventLoopPolicy`] in force, without any call: a binary that
//! uses nothing else of it says
//!
//! ```
//! use anyloop_os as _;
//!
//! let answer = anyloop::run(async { 6 * 7 })?;
//! assert_eq!(answer, 42);
//! # Ok::<(), anyloop::RunError>(())
//! ```
//!
//! # What there is
//!
//! | | Linux | other Unix | Windows |
//! | --- | --- | --- | --- |
//! | `SelectorEventLoop` | epoll, or `poll` | kqueue on FreeBSD and macOS, else `poll`: type-checked only | not yet |
//! | [`ThreadedChildWatcher`] | yes, the default | type-checked only | not there |
//! | `PidfdChildWatcher` | yes | not there | not there |
//! | `MultiLoopChildWatcher`, `SafeChildWatcher`, `FastChildWatcher` | yes | not there | not there |
//!
//! Where there is no loop yet, `new_event_loop` answers
//! [`Unsupported`](anyloop::PolicyError::Unsupported).
//!
//! # Choosing a child watcher
//!
//! The default starts a thread for each child, as asyncio's does: it needs no support from the
//! kernel. One call changes that, here for Linux:
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! use anyloop::Watcher;
//! use anyloop_os::PidfdChildWatcher;
//!
//! anyloop::set_child_watcher(Some(Watcher::new(PidfdChildWatcher::new())))?;
//! # }
//! # Ok::<(), anyloop::PolicyError>(())
//! ```
//!
//! So does the environment variable `ANYLOOP_CHILD_WATCHER`, which is `threaded`, `pidfd`, `multi`,
//! `safe` or `fast`. If the kernel refuses pidfds, `pidfd` falls back to threads.
//!
//! | watcher | listens | takes | costs for each end | loops |
//! | --- | --- | --- | --- | --- |
//! | threaded | a thread for each child | its own | O(1), a thread | on any thread |
//! | pidfd | a descriptor for each child | its own | O(1), a descriptor | on any thread |
//! | multi | SIGCHLD, on each loop that has children | its own | O(n) | on any thread |
//! | safe | SIGCHLD, on the loop it is attached to | its own | O(n) | on any thread, while that one runs |
//! | fast | SIGCHLD, on the loop it is attached to | everybody's | O(1) | the same |
//!
//! Those that listen for SIGCHLD share one handler, which calls whatever handled the signal before;
//! that is put back when nobody listens any more. Fast works beside no other of them.
//!
//! # Signals
//!
//! A loop on any thread hears them, whatever others listen for: `Loop::add_signal_handler`, `Loop::signal`. The same
//! dispatcher serves the child watchers, and is there without the feature `process`, too.
//!
//! # Forks
//!
//! A forked child finds the loops and watchers of its parent refusing, the policy without them, and
//! can make its own at once. From the first loop or watcher on, forks are noticed by `pthread_atfork`,
//! and told to [`after_fork_in_child`](anyloop::after_fork_in_child); a bare `clone` is not.
//!
//! Without the feature `process`, which is on by default, there are no child watchers and no
//! spawning: a program that starts none is smaller by a third.

mod load;
mod policy;

pub use policy::{DefaultEventLoopPolicy, ImplicitLoop, WatcherKind};

// What differs between systems: the one table of `cfg` in this crate. Each `sys` has
// `new_event_loop` and `is_main_thread`; each `processes` has `in_use` and `new_child_watcher`, and
// `SPAWNER` where there is a loop.
cfg_if::cfg_if! {
    if #[cfg(unix)] {
        mod errno;
        mod fork;
        mod hash;
        mod selector;
        mod signals;
        use errno::os_error;
        use selector::new_event_loop;
        use signals::leave_to_parent;
        pub use selector::{SelectorBuilder, SelectorEventLoop};
    }
}

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        mod linux;
        use linux as sys;
        pub use linux::uring::probe_io_uring;
    } else if #[cfg(unix)] {
        mod unix;
        use unix as sys;
    } else {
        mod elsewhere;
        use elsewhere as sys;
        use elsewhere::new_event_loop;
    }
}

cfg_if::cfg_if! {
    if #[cfg(not(all(unix, feature = "process")))] {
        mod childless;
        use childless as processes;
        #[cfg(unix)]
        const SPAWNER: Option<selector::Spawner> = None;
    } else if #[cfg(target_os = "linux")] {
        mod children;
        mod here;
        mod pidfds;
        mod spawn;
        mod sigchld;
        use pidfds as processes;
        const SPAWNER: Option<selector::Spawner> = Some(spawn::spawn);
        pub use sigchld::fast::FastChildWatcher;
        pub use sigchld::multi::MultiLoopChildWatcher;
        pub use sigchld::safe::SafeChildWatcher;
        pub use children::threaded::ThreadedChildWatcher;
        pub use pidfds::watcher::PidfdChildWatcher;
        pub use spawn::probe_clone3;
    } else {
        mod children;
        mod numbers;
        use numbers as processes;
        const SPAWNER: Option<selector::Spawner> = None;
        pub use children::threaded::ThreadedChildWatcher;
    }
}

cfg_if::cfg_if! {
    if #[cfg(not(all(target_os = "linux", feature = "process")))] {
    } else if #[cfg(target_arch = "x86_64")] {
        #[path = "spawn/x86_64.rs"]
        mod arch;
    } else if #[cfg(target_arch = "aarch64")] {
        #[path = "spawn/aarch64.rs"]
        mod arch;
    } else {
        #[path = "spawn/elsewhere.rs"]
        mod arch;
    }
}

// What a selector loop waits with: the best that the system has, or what is forced.
cfg_if::cfg_if! {
    if #[cfg(not(unix))] {
    } else if #[cfg(all(target_os = "linux", not(anyloop_force_poll)))] {
        #[path = "selector/epoll.rs"]
        mod epoll;
        #[path = "selector/epoll_wait.rs"]
        mod epoll_wait;
        use epoll::Epoll as System;
    } else if #[cfg(all(any(target_vendor = "apple", target_os = "freebsd"), not(anyloop_force_poll)))] {
        #[path = "selector/kqueue.rs"]
        mod kqueue;
        use kqueue::Kqueue as System;
    } else {
        #[path = "selector/poll.rs"]
        mod poll;
        use poll::Poll as System;
    }
}

// What it is woken by.
cfg_if::cfg_if! {
    if #[cfg(not(unix))] {
    } else if #[cfg(all(target_os = "linux", not(anyloop_force_pipe)))] {
        #[path = "selector/eventfd.rs"]
        mod wire;
    } else {
        #[path = "selector/pipe.rs"]
        mod wire;
    }
}
