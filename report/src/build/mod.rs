//! From what the analyses say of each run to the one [`Document`](crate::Document).

mod assemble;
mod bugs;
mod certainty;
mod classes;
mod clusters;
mod describe;
mod details;
mod finding;
mod inversions;
mod knowledge;
mod moments;
mod orders;
mod phrases;
mod plan;
mod replay;
#[cfg(test)]
mod replay_tests;
mod run;
mod shards;
mod states;
#[cfg(test)]
mod tests;
mod timeline;

pub use assemble::document;
pub use describe::describe;
#[cfg(test)]
pub(crate) use orders::mark;
pub(crate) use phrases::{does, waits, waits_named};
pub use run::{Detail, Run, Wanted};
pub use shards::merge;
pub(crate) use states::{Change, Held, Scene, ThreadState};
