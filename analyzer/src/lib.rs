//! Trace in, findings out. No input or output, no unsafe code.

#![forbid(unsafe_code)]

mod analysis;
mod clocks;
mod end;
mod finding;
mod fingerprint;
mod holds;

pub use analysis::{Report, analyze};
pub use finding::{Evidence, Finding, Hold, Mark, Pattern, Refutation, Region, Rule, Severity, Step};
pub use fingerprint::Fingerprint;
