//! One file a command.

pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod demo;
mod describe;
pub(crate) mod run;
pub(crate) mod show;
