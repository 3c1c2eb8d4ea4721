//! How are the peers' runtimes made? As their users make them for one thread, with I/O and timers.

use monoio::{FusionDriver, RuntimeBuilder};
use tokio::runtime::{Builder, LocalRuntime, Runtime};

pub(crate) fn tokio() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub(crate) fn tokio_local() -> LocalRuntime {
    Builder::new_current_thread().enable_all().build_local(Default::default()).expect("a runtime")
}

/// io_uring where the kernel lets it, else epoll, and runs `root` there.
pub(crate) fn monoio<F: Future>(root: F) -> F::Output {
    RuntimeBuilder::<FusionDriver>::new().enable_timer().build().expect("a runtime").block_on(root)
}

/// Runs `root` on a new executor over async-io's reactor.
pub(crate) fn smol<F: Future>(root: F) -> F::Output {
    async_io::block_on(async_executor::LocalExecutor::new().run(root))
}
