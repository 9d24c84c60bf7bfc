//! The program text that reports quote.

use std::sync::Arc;

/// Where program text comes from.
pub trait Sources {
    /// The text of `file`, named as in the sites of a trace of a program that ran in `cwd`; none if it cannot be had.
    fn text(&self, file: &str, cwd: Option<&str>) -> Option<Arc<str>>;
}

/// No program text at all: places are then named but not quoted.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSources;

impl Sources for NoSources {
    fn text(&self, _: &str, _: Option<&str>) -> Option<Arc<str>> {
        None
    }
}
