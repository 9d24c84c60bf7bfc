//! Lost updates and other atomicity violations: observed in the run, and predicted for other schedules of it.

mod access;
mod analysis;
mod cells;
mod cycle_report;
mod cycles;
mod inference;
mod interleavings;
mod predict;
mod region_set;
mod regions;
mod report;
mod serializability;
mod verdict;

pub(crate) use analysis::Atomicity;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod serial_twin;
