//! How long to wait.

use std::time::{Duration, Instant};

/// How long a thread waits for what it wants.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    Until(Instant),
    Endless,
}

impl Patience {
    /// For so long from now. A time beyond all clocks is no limit.
    pub(crate) fn of(timeout: Duration) -> Self {
        Instant::now().checked_add(timeout).map_or(Self::Endless, Self::Until)
    }
}
