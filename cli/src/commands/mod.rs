//! One file a command.

pub(crate) mod allow;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod graph;
pub(crate) mod man;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod stats;
