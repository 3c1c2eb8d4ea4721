//! Who notices that a child ended.
//!
//! There are two watchers so far: threaded, which blocks a thread for each child and works on
//! every Unix, and pidfd, which lets the loop wait for a descriptor for each child and needs
//! Linux. The second is cheaper by a thread; the first needs nothing from the loop but its remote
//! half.
//!
//! | file | answers |
//! | --- | --- |
//! | `registry.rs` | which children are registered, for whom? |
//! | `end.rs` | how does the news of an end reach the loop, and who collects the child? |
//! | `threaded.rs` | how does a thread wait for a child? |
//! | `../linux/pidfd.rs` | how does a loop? |

pub(crate) mod end;
pub(crate) mod registry;
pub(crate) mod threaded;
