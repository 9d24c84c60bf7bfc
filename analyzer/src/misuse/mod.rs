//! What the program asked of its objects in vain.

mod analysis;
mod history;
mod report;

pub(crate) use analysis::Misuse;
