//! From what the analyses say of each run to the one [`Document`](crate::Document).

mod assemble;
mod bugs;
mod certainty;
mod classes;
mod clusters;
mod finding;
mod inversions;
mod orders;
mod replay;
mod run;
mod shards;
#[cfg(test)]
mod tests;
mod timeline;

pub use assemble::document;
pub use run::{Detail, Run, Wanted};
pub use shards::merge;
