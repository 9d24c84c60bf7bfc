//! What was found, as one document, and every form in which it is reported.
//!
//! The [`Document`] is plain data that can be written as JSON and read back, so that the reports of several machines can
//! be put together long after their traces are gone. Every form of report is a pure function of it.

#![forbid(unsafe_code)]

mod binding;
mod build;
mod document;
mod drawing;
mod explanations;
mod github;
mod graph;
mod html;
mod json;
mod junit;
mod life;
mod listing;
mod lookup;
mod naming;
mod perfetto;
mod quote;
mod replay;
#[cfg(test)]
mod samples;
mod sarif;
mod site;
mod sources;
mod spots;
mod text;
mod timeline;

pub use build::{Detail, Run, Wanted, describe, document, merge};
pub use document::{
    Document, Finding, Hold, Mark, Move, ObjectName, Refutation, Step, Summary, Suppression, ThreadName, Trace, VERSION,
};
pub use drawing::{Which, dot, orders_text, svg};
pub use explanations::{explanation, summary};
pub use github::github;
pub use graph::{Gate, LockNode, LockOrder, LockOrderGraph};
pub use html::html;
pub use json::{JsonError, SCHEMA, from_json, to_json};
pub use junit::junit;
pub use life::{Ending, Lives, Phase, StateCount, ThreadEvent, ThreadLife, lives, lives_text};
pub use lockhound_analyzer::{Evidence, Rule, Severity};
pub use lookup::LookupError;
pub use naming::{look_up_names, named};
pub use perfetto::{perfetto, perfetto_trace};
pub use replay::{Replay, Row, Standing};
pub use sarif::sarif;
pub use sources::{NoSources, Sources};
pub use spots::Locate;
pub use text::{ScheduleError, TextOptions, schedule_text, short, text};
pub use timeline::{Gap, Lane, Life, LockLane, Occupied, Span, Timeline};
