//! What may a loop be to go through with a program that it starts?

/// Declares the scenes once, with their words.
macro_rules! scenes {
    ($($(#[$meta:meta])* $word:literal $name:ident;)*) => {
        /// What a loop is to go through with a program that it starts.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scene {
            $($(#[$meta])* $name,)*
        }

        impl Scene {
            /// All of them, with the words that they are printed with.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$name)),*];
        }
    };
}

scenes! {
    /// Several wait for its end: one gives up, and one comes late.
    #[default]
    "awaited" Awaited;
    /// A child of its own holds its pipe when it has ended.
    "outlived" Outlived;
    /// It writes a line, which is read when its end was reported.
    "line" Line;
    /// It writes more than a pipe holds.
    "flood" Flood;
    /// It answers what it reads, until its input ends, while another program runs.
    "filter" Filter;
    /// It is communicated with: much goes in, and comes out of both streams.
    "talk" Talk;
    /// It is communicated with, and has ended without reading.
    "deaf" Deaf;
    /// It is sent a signal, which ends it, and another one then.
    "signalled" Signalled;
    /// It is sent a signal when it has ended and nobody was told.
    "late" Late;
    /// It is dropped, and to be killed then.
    "killed" Killed;
    /// It is dropped, and goes on.
    "detached" Detached;
    /// It ends when the loop that has started it was closed.
    "orphaned" Orphaned;
    /// It has ended when the loop that has started it is closed, and was not told.
    "untold" Untold;
    /// It is to be started with a watcher that was closed.
    "inactive" Inactive;
    /// There is no such program.
    "missing" Missing;
    /// There is no such directory.
    "nowhere" Nowhere;
    /// All three streams were given, and are three pipes.
    "given" Given;
    /// It reads nothing, and its output was given; it complains to where its output goes.
    "merged" Merged;
    /// The same, into a pipe of the loop's.
    "piped" Piped;
    /// Its output goes nowhere, and its complaints do not.
    "null" Null;
}
