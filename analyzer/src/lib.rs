//! Trace in, findings out. No input or output, no unsafe code.

#![forbid(unsafe_code)]

mod analysis;
mod atomicity;
mod by_object;
mod clocks;
mod deadlock;
mod end;
mod finding;
mod fingerprint;
mod holds;
mod leak;
mod levels;
mod order;
mod prose;
mod race;
mod statements;
mod values;

pub use analysis::{Report, analyze};
pub use finding::{Evidence, Finding, Hold, Mark, Pattern, Refutation, Region, Rule, Severity, Step};
pub use fingerprint::Fingerprint;

#[cfg(test)]
#[path = "../tests/script/mod.rs"]
mod script;

#[cfg(test)]
#[path = "../tests/std_text/mod.rs"]
mod std_text;
