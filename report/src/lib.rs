//! What was found, as one document, and every form in which it is reported.
//!
//! The [`Document`] is plain data that can be written as JSON and read back, so that the reports of several machines can
//! be put together long after their traces are gone. Every form of report is a pure function of it.

#![forbid(unsafe_code)]

mod document;
mod explanations;
mod graph;
mod html;
mod quote;
mod replay;
#[cfg(test)]
mod samples;
mod site;
mod sources;
mod timeline;

pub use document::{
    Document, Finding, Hold, Mark, Move, ObjectName, Refutation, Step, Summary, Suppression, ThreadName, Trace, VERSION,
};
pub use explanations::{explanation, summary};
pub use graph::{LockNode, LockOrder, LockOrderGraph};
pub use html::html;
pub use lockhound_analyzer::{Evidence, Rule, Severity};
pub use replay::{Replay, Row, Standing};
pub use sources::{NoSources, Sources};
pub use timeline::{Lane, Life, LockLane, Occupied, Span, Timeline};
