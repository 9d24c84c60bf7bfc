//! `cargo lockhound`: a workspace's tests and programs, recorded and checked without a change to its manifests.
//!
//! `words` takes apart what the user typed, `workspace` asks cargo what that selects, `activation` finds out which features
//! turn the recorder on, `record` runs cargo with them, and `store` keeps what was recorded.

mod activation;
mod args;
mod clean;
mod conclude;
mod environment;
mod last_report;
mod nothing;
mod only;
mod program;
mod record;
mod report;
mod selection;
mod show_env;
mod store;
mod words;
mod workspace;

pub(crate) use last_report::last_report;
pub(crate) use program::{is_ours, main};
