//! Helpers shared by the tests that cross crates.
//!
//! They run the real binary on real recordings and compare what it says, by names, with what is expected.

#![forbid(unsafe_code)]

mod attempt;
mod binary;
mod project;
mod recording;

pub use attempt::{Attempt, Attempts, ByName};
pub use binary::{Output, cargo_lockhound, lockhound};
pub use project::{Project, SAMPLE, finish};
pub use recording::{Recording, record_to, trace_in};
