//! What is to be done about a deadlock.

use std::fmt;
use std::sync::Arc;

use super::Deadlock;

/// A function that is told of a deadlock.
pub type Callback = Arc<dyn Fn(&Deadlock) + Send + Sync>;

/// What happens once a deadlock has been reported on standard error.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Action {
    /// Nothing more: the program is left as it is.
    #[default]
    Report,
    /// The process is aborted.
    Abort,
    /// The process ends at once with this status. Nothing is unwound and no exit handler runs: either might wait for
    /// what is stuck.
    Exit(i32),
    /// The thread whose request closed the circle panics, instead of waiting for ever. Where that is impossible (it is
    /// panicking already, or the circle was closed by a thread that ended) nothing more happens.
    Panic,
    /// The function is called, in the thread that closed the circle or in one of the monitor's own. What it does is not
    /// recorded; it must not wait for what is stuck.
    Call(Callback),
    /// Nothing is watched nor reported.
    Off,
}

impl Action {
    /// [`Action::Call`] of a closure.
    #[must_use]
    pub fn call(callback: impl Fn(&Deadlock) + Send + Sync + 'static) -> Self {
        Self::Call(Arc::new(callback))
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report => f.write_str("Report"),
            Self::Abort => f.write_str("Abort"),
            Self::Exit(status) => f.debug_tuple("Exit").field(status).finish(),
            Self::Panic => f.write_str("Panic"),
            Self::Call(_) => f.write_str("Call(_)"),
            Self::Off => f.write_str("Off"),
        }
    }
}
