//! The command line of Lockhound: finds traces, has them analysed, and reports what was found.
//!
//! The two binaries, `lockhound` and `cargo-lockhound`, are this library under two names.

#![forbid(unsafe_code)]

mod args;
mod cargo;
mod child;
mod commands;
mod conclusion;
mod config;
mod console;
mod exit_code;
mod limit;
mod names;
mod program;
mod progress;
mod repository;
mod sources;
mod stats;
mod symbols;
mod terminal;
mod traces;

pub use program::{Invocation, main};
