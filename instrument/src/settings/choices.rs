//! What some settings can be.

/// What strict mode does with a lock request that is out of order. See the [manual](crate#strict-mode).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Strict {
    /// There is no strict mode.
    #[default]
    Off,
    /// Print what is wrong to stderr, once for each pair of locks, and go on.
    Report,
    /// Panic at the line of the request, before the lock is touched. In a thread that is panicking already, print it.
    Panic,
}

/// When call stacks are captured: each costs microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Stacks {
    /// Never.
    Off,
    /// When a thread takes a lock under another one for the first time at a place, and when it has to wait.
    #[default]
    New,
    /// At each acquisition and each wait. Slow: for debugging.
    All,
}
