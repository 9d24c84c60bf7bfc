//! Helpers shared by the tests that cross crates.
//!
//! They run the real binary on real recordings and compare what it says, by names, with what is expected.

#![forbid(unsafe_code)]

mod binary;
mod names;
mod project;
mod recording;
mod report;

pub use binary::{Output, cargo_lockhound, lockhound};
pub use names::{Named, Names};
pub use project::{Project, SAMPLE, finish};
pub use recording::{Recording, record_to, trace_in};
pub use report::{Finding, Hold, Move, Refutation, Report, Step, Summary, Trace};
