//! Which signals can a program be about?

/// Declares the signals once, with their words.
macro_rules! signals {
    ($($(#[$meta:meta])* $word:literal $name:ident;)*) => {
        /// A signal, or a number that is none.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SignalName {
            $($(#[$meta])* $name,)*
        }

        impl SignalName {
            /// All of them, with the words that they are printed with.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$name)),*];
        }
    };
}

signals! {
    /// SIGUSR1, which means whatever a program wants.
    #[default]
    "usr1" Usr1;
    /// SIGUSR2: another one of that kind.
    "usr2" Usr2;
    /// SIGCHLD, for which child watchers may listen.
    "chld" Chld;
    /// SIGKILL, which nobody can listen for.
    "kill" Kill;
    /// SIGSEGV, after which nothing can go on.
    "segv" Segv;
    /// Zero, which is no signal.
    "zero" Zero;
    /// A number far beyond the last signal.
    "huge" Huge;
}

impl SignalName {
    /// Whether a loop can listen for it. Only these are raised.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Usr1 | Self::Usr2 | Self::Chld)
    }

    /// Whether nobody raises it but the program.
    #[must_use]
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Usr1 | Self::Usr2)
    }
}
