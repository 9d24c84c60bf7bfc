//! The built binary, from the outside.

#![forbid(unsafe_code)]

mod check;
mod config;
mod graph;
mod report;
mod run;
mod shell;
mod show;
mod stats;
mod support;
