//! Settings that cannot take effect any more.

use std::error::Error;
use std::fmt;

/// Why [`Settings::apply`](crate::Settings::apply) changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TooLate {
    /// The recorder runs; where it writes is decided.
    Trace,
    /// The first event found nothing that asks for the recorder, or recording has stopped: it is off for good.
    Off,
}

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "the recorder already runs, so the place of its trace cannot be set any more",
            Self::Off => "the recorder is off for good: nothing asked for it before the first event, or it had to stop",
        })
    }
}

impl Error for TooLate {}
