//! The one list of exit statuses.

use std::num::NonZeroU8;

/// How Lockhound ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum ExitCode {
    /// 0: it did its job, and nothing that it found counts as a failure.
    Clean,
    /// 1: at least one finding counts as a failure (`--fail-on` says which do).
    Findings,
    /// 2: it could not do its job: wrong usage, input that is unreadable, broken or empty, nothing recorded. Wins over
    /// 1, because a report on half of the input must not pass for a report on all of it.
    Trouble,
    /// Any other: what cargo, or the program that it ran, ended with, which was no success.
    Program(NonZeroU8),
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(match code {
            ExitCode::Clean => 0,
            ExitCode::Findings => 1,
            ExitCode::Trouble => 2,
            ExitCode::Program(status) => status.get(),
        })
    }
}
