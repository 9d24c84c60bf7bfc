//! Trace in, findings out. No input or output, no unsafe code.

#![forbid(unsafe_code)]

// Brute force is shared with the tests outside, which know the crate by its name.
#[cfg(test)]
extern crate self as lockhound_analyzer;

mod analysis;
mod atomicity;
mod blocking;
mod by_object;
mod clocks;
mod closure;
mod deadlock;
mod declared_order;
mod end;
mod finding;
mod fingerprint;
mod holds;
mod leak;
mod levels;
mod misuse;
mod model;
mod options;
mod order;
mod prediction;
mod prose;
mod race;
mod statements;
mod values;
mod witness;

pub use analysis::{Report, analyze, analyze_with};
pub use deadlock::{CycleLimits, Cycles, Nesting, simple_cycles};
pub use declared_order::{DeclaredOrder, NamePattern};
pub use finding::{Evidence, Finding, Hold, Mark, Pattern, Refutation, Region, Rule, Severity, Step, Witness};
pub use fingerprint::{CirclePart, Fingerprint, identity};
pub use model::Log;
pub use options::{Limits, Options, Regions};

#[cfg(test)]
#[path = "../tests/script/mod.rs"]
mod script;

#[cfg(test)]
#[path = "../tests/std_text/mod.rs"]
mod std_text;
