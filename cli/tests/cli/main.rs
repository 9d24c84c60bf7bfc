//! The built binary, from the outside.

#![forbid(unsafe_code)]

mod check;
mod report;
mod run;
mod show;
mod support;
