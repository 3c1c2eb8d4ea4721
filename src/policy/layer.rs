//! How a custom policy builds on another: override what you want, leave the rest.
//!
//! asyncio's page says to subclass `DefaultEventLoopPolicy`. A [`PolicyLayer`] is that subclass,
//! and its `base` argument is `super()`:
//!
//! ```
//! # use anyloop_os as _;
//! use anyloop::{Base, Loop, Policy, PolicyError, PolicyLayer};
//!
//! struct MyEventLoopPolicy;
//!
//! impl PolicyLayer for MyEventLoopPolicy {
//!     fn get_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
//!         let lp = base.get_event_loop()?;
//!         // Do something with the loop.
//!         Ok(lp)
//!     }
//! }
//!
//! let policy = Policy::layered(anyloop::get_event_loop_policy()?, MyEventLoopPolicy);
//! let before = anyloop::set_event_loop_policy(Some(policy));
//! # anyloop::set_event_loop_policy(before);
//! # Ok::<(), PolicyError>(())
//! ```

use crate::{EventLoopPolicy, Loop, Policy, PolicyError, Watcher};

/// The policy below a layer, called in the name of the outermost one.
///
/// What the policy below needs from itself, it takes from the outermost policy: if it makes a
/// loop because there was none, it calls the `new_event_loop` and the `set_event_loop` of the
/// outermost layer, yours included.
#[derive(Clone, Copy)]
pub struct Base<'a> {
    base: &'a dyn EventLoopPolicy,
    outer: &'a dyn EventLoopPolicy,
}

/// What a custom policy changes in the policy below. Each method passes the call on by default.
pub trait PolicyLayer: Send + Sync + 'static {
    /// See [`EventLoopPolicy::get_event_loop`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    fn get_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
        base.get_event_loop()
    }

    /// See [`EventLoopPolicy::set_event_loop`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    fn set_event_loop(&self, base: Base<'_>, lp: Option<Loop>) -> Result<(), PolicyError> {
        base.set_event_loop(lp)
    }

    /// See [`EventLoopPolicy::new_event_loop`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    fn new_event_loop(&self, base: Base<'_>) -> Result<Loop, PolicyError> {
        base.new_event_loop()
    }

    /// See [`EventLoopPolicy::get_child_watcher`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    fn get_child_watcher(&self, base: Base<'_>) -> Result<Watcher, PolicyError> {
        base.get_child_watcher()
    }

    /// See [`EventLoopPolicy::set_child_watcher`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`].
    fn set_child_watcher(&self, base: Base<'_>, watcher: Option<Watcher>) -> Result<(), PolicyError> {
        base.set_child_watcher(watcher)
    }
}

/// Declares the five calls once, for [`Base`] and for [`Layered`].
macro_rules! five_calls {
    ($($name:ident($($argument:ident: $kind:ty)?) -> $output:ty;)*) => {
        impl Base<'_> {
            $(
                #[doc = concat!("What the policy below does. See [`EventLoopPolicy::", stringify!($name), "`].")]
                ///
                /// # Errors
                ///
                /// [`PolicyError`].
                pub fn $name(&self $(, $argument: $kind)?) -> Result<$output, PolicyError> {
                    self.base.$name(self.outer $(, $argument)?)
                }
            )*
        }

        impl<L: PolicyLayer> EventLoopPolicy for Layered<L> {
            $(
                fn $name(&self, outer: &dyn EventLoopPolicy $(, $argument: $kind)?) -> Result<$output, PolicyError> {
                    let base = Base { base: self.base.as_dyn(), outer };
                    self.layer.$name(base $(, $argument)?)
                }
            )*
        }
    };
}

/// A layer on a policy.
pub(super) struct Layered<L> {
    base: Policy,
    layer: L,
}

impl<L> Layered<L> {
    pub(super) fn new(base: Policy, layer: L) -> Self {
        Self { base, layer }
    }
}

five_calls! {
    get_event_loop() -> Loop;
    set_event_loop(lp: Option<Loop>) -> ();
    new_event_loop() -> Loop;
    get_child_watcher() -> Watcher;
    set_child_watcher(watcher: Option<Watcher>) -> ();
}
