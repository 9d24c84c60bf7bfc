//! Lost updates and other atomicity violations observed in the run.

mod access;
mod analysis;
mod cells;
mod inference;
mod interleavings;
mod regions;
mod report;
mod verdict;

pub(crate) use analysis::Atomicity;

#[cfg(test)]
mod tests;
